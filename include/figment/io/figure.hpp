// A drawing as a list of marks, saved as SVG or PNG.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "figment/core/shape.hpp"

namespace figment::io {

/// Red, green and blue, 0 to 255.
struct Color {
  std::uint8_t r = 0, g = 0, b = 0;  ///< 0 is none of it
};

/// Pixels from the left and from the top.
struct Point {
  double x = 0, y = 0;  ///< pixels
};

/// Where a text's point is.
enum class Anchor { start, middle, end };

/// Line segments through the points, with round ends and joints.
struct Path {
  std::vector<Point> points;  ///< from the first to the last
  Color color;                ///< all of it is of one
  double width = 1;           ///< pixels
};

/// A filled circle.
struct Disc {
  Point center;        ///< its middle
  double radius = 1;   ///< pixels
  Color color;         ///< all of it is of one
  double opacity = 1;  ///< 1 hides what is below
};

/// A filled rectangle.
struct Box {
  Point corner;                  ///< left and top
  double width = 0, height = 0;  ///< pixels
  Color color;                   ///< all of it is of one
};

/// One line of text whose base line runs through `at`.
struct Text {
  Point at;                       ///< on the base line
  std::string text;               ///< letters that stb_easy_font has: ASCII
  double size = 14;               ///< pixels
  Color color;                    ///< all of it is of one
  Anchor anchor = Anchor::start;  ///< which end of the text is there
  bool upwards = false;           ///< turned by 90 degrees, to read from below
};

/// Anything on a page.
using Mark = std::variant<Path, Disc, Box, Text>;

/// A white page and the marks on it, in the order they are drawn.
struct Figure {
  Index width = 0, height = 0;   ///< pixels
  std::vector<Mark> marks = {};  ///< later ones above earlier ones

  /// Writes an SVG or a PNG file, as the name ends; any other ending is an error. Defined in io/plot.hpp.
  void save(const std::filesystem::path& path) const;
};

}  // namespace figment::io

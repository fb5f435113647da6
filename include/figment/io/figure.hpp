// A drawing as a list of marks, saved as SVG or PNG.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "figment/core/shape.hpp"

namespace figment::io {

struct Color {
  std::uint8_t r = 0, g = 0, b = 0;
};

/// Pixels from the left and from the top.
struct Point {
  double x = 0, y = 0;
};

/// Where a text's point is.
enum class Anchor { start, middle, end };

/// Line segments through the points, with round ends and joints.
struct Path {
  std::vector<Point> points;
  Color color;
  double width = 1;
};

struct Disc {
  Point center;
  double radius = 1;
  Color color;
  double opacity = 1;
};

struct Box {
  Point corner;
  double width = 0, height = 0;
  Color color;
};

/// One line of text whose base line runs through `at`.
struct Text {
  Point at;
  std::string text;
  double size = 14;  ///< pixels
  Color color;
  Anchor anchor = Anchor::start;
  bool upwards = false;  ///< turned by 90 degrees, to read from below
};

using Mark = std::variant<Path, Disc, Box, Text>;

/// A white page and the marks on it, in the order they are drawn.
struct Figure {
  Index width = 0, height = 0;  ///< pixels
  std::vector<Mark> marks = {};

  /// Writes an SVG or a PNG file, as the name ends; any other ending is an error. Defined in io/plot.hpp.
  void save(const std::filesystem::path& path) const;
};

}  // namespace figment::io

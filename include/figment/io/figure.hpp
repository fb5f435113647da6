// A drawing as a list of marks, saved as SVG or PNG.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "figment/core/finite.hpp"
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
  double opacity = 1;  ///< 0 to 1, which hides what is below
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

/// A white page and the marks on it, in the order they are drawn. A mark with a number that is not finite is
/// left out.
struct Figure {
  Index width = 0, height = 0;   ///< pixels, 1 or more of each to be saved, and 2^26 in all
  std::vector<Mark> marks = {};  ///< later ones above earlier ones

  /// Writes an SVG or a PNG file, as the name ends; any other ending is an error. Defined in io/plot.hpp.
  void save(const std::filesystem::path& path) const;
};

namespace detail {

inline void check_page(const char* who, const Figure& f) {
  const Index most = Index{1} << 26;
  ensure(f.width >= 1 && f.height >= 1 && f.width <= most / f.height,
         "{}: expected a page of 1 to 2^26 pixels, found {} x {}", who, f.width, f.height);
}

/// Places and sizes are numbers: NaN is no attribute of an SVG, and no pixel.
inline bool drawable(const Mark& mark) {
  const auto finite = [](auto... v) { return (figment::detail::is_finite(v) && ...); };
  const auto placed = [=](Point p) { return finite(p.x, p.y); };
  if (const auto* p = std::get_if<Path>(&mark))
    return finite(p->width) && std::all_of(p->points.begin(), p->points.end(), placed);
  if (const auto* d = std::get_if<Disc>(&mark)) return placed(d->center) && finite(d->radius, d->opacity);
  if (const auto* b = std::get_if<Box>(&mark)) return placed(b->corner) && finite(b->width, b->height);
  const auto& t = std::get<Text>(mark);
  return placed(t.at) && finite(t.size);
}

}  // namespace detail

}  // namespace figment::io

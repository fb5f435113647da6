// Figures as pixels: drawn three times as large and averaged.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>

#include "figment/io/figure.hpp"
#include "figment/io/image.hpp"
#include "figment/io/stb.hpp"

namespace figment::io {

namespace detail {

inline constexpr Index supersampling = 3;

/// The font's unit in pixels for a text size: capitals are 7 units high, and 0.7 of a common font's size.
/// Whole thirds, so that strokes end where samples do.
inline double font_unit(double size) { return (std::max)(1.0, std::round(size * 0.1 * 3)) / 3; }

/// The text in the font's 95 characters: '?' for each other code point.
inline std::string to_ascii(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool continuation = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (c >= ' ' && c <= '~')
      out += c;
    else if (!continuation)
      out += '?';
  }
  return out;
}

/// The text's width in pixels as a raster has it; common fonts in an SVG are narrower.
inline double text_width(std::string_view text, double size) {
  std::string ascii = to_ascii(text);
  const int units = figment::detail::stb::stb_easy_font_width(ascii.data());
  return (std::max)(0, units - 1) * font_unit(size);  // the last unit is the space after a letter
}

class Raster {
 public:
  explicit Raster(const Figure& figure)
      : big_(blank(figure.height * supersampling, figure.width * supersampling, 3, 255)) {
    for (const Mark& mark : figure.marks)
      if (drawable(mark)) std::visit(*this, mark);
  }

  Image average() const {
    constexpr Index k = supersampling;
    Image out = blank(big_.height / k, big_.width / k, 3, 0);
    for (Index y = 0; y < out.height; ++y)
      for (Index x = 0; x < out.width; ++x)
        for (Index c = 0; c < 3; ++c) {
          int sum = k * k / 2;
          for (Index i = 0; i < k * k; ++i) sum += big_.at(y * k + i / k, x * k + i % k)[c];
          out.at(y, x)[c] = static_cast<std::uint8_t>(sum / (k * k));
        }
    return out;
  }

  void operator()(const Path& p) {
    for (std::size_t i = 0; i + 1 < p.points.size(); ++i) segment(p.points[i], p.points[i + 1], p);
  }
  void operator()(const Disc& d) {
    const Point c = d.center;
    const double r = d.radius;
    paint({c.x - r, c.y - r}, {c.x + r, c.y + r}, d.color, std::clamp(d.opacity, 0.0, 1.0),
          [=](Point q) { return (q.x - c.x) * (q.x - c.x) + (q.y - c.y) * (q.y - c.y) <= r * r; });
  }
  void operator()(const Box& b) {
    paint(b.corner, {b.corner.x + b.width, b.corner.y + b.height}, b.color, 1, [](Point) { return true; });
  }
  void operator()(const Text& t) {
    const double unit = font_unit(t.size);
    std::string text = to_ascii(t.text);
    double pen = 0;
    if (t.anchor != Anchor::start) pen = -text_width(text, t.size) * (t.anchor == Anchor::end ? 1 : 0.5);
    for (char c : text) {
      char letter[2] = {c, '\0'};
      alignas(float) char quads[4096];  // 64 bytes for each of a letter's strokes
      const int n = figment::detail::stb::stb_easy_font_print(0, 0, letter, nullptr, quads, sizeof quads);
      for (int i = 0; i < n; ++i) {
        // Four corners (x, y, z, color) of 16 bytes, the first and the third opposite each other.
        float from[2], to[2];
        std::memcpy(from, quads + i * 64, sizeof from);
        std::memcpy(to, quads + i * 64 + 32, sizeof to);
        stroke(t, {pen + from[0] * unit, (from[1] - base_line) * unit},
               {pen + to[0] * unit, (to[1] - base_line) * unit});
      }
      pen += figment::detail::stb::stb_easy_font_width(letter) * unit;
    }
  }

 private:
  static constexpr float base_line = 7;  // units below the top of a line of the font

  /// A box from a to b beside the text's point, turned with the text.
  void stroke(const Text& t, Point a, Point b) {
    // On whole samples, so that equal strokes look equal.
    const double x = std::round(t.at.x * supersampling) / supersampling;
    const double y = std::round(t.at.y * supersampling) / supersampling;
    if (t.upwards)
      (*this)(Box{{x + a.y, y - b.x}, b.y - a.y, b.x - a.x, t.color});
    else
      (*this)(Box{{x + a.x, y + a.y}, b.x - a.x, b.y - a.y, t.color});
  }

  void segment(Point a, Point b, const Path& p) {
    const double r = p.width / 2, dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    paint({(std::min)(a.x, b.x) - r, (std::min)(a.y, b.y) - r},
          {(std::max)(a.x, b.x) + r, (std::max)(a.y, b.y) + r}, p.color, 1, [=](Point q) {
            const double along = length2 > 0 ? ((q.x - a.x) * dx + (q.y - a.y) * dy) / length2 : 0;
            const double t = std::clamp(along, 0.0, 1.0), ex = q.x - a.x - t * dx, ey = q.y - a.y - t * dy;
            return ex * ex + ey * ey <= r * r;
          });
  }

  /// Colors the samples between two corners whose centers are inside.
  template <class Inside>
  void paint(Point low, Point high, Color color, double opacity, Inside inside) {
    const auto sample = [](double v, Index most) {
      return static_cast<Index>(std::clamp(std::round(v * supersampling), 0.0, static_cast<double>(most)));
    };
    const std::uint8_t ink[] = {color.r, color.g, color.b};
    const Index y1 = sample(high.y, big_.height), x1 = sample(high.x, big_.width);
    for (Index y = sample(low.y, big_.height); y < y1; ++y)
      for (Index x = sample(low.x, big_.width); x < x1; ++x) {
        if (!inside(Point{(static_cast<double>(x) + 0.5) / supersampling,
                          (static_cast<double>(y) + 0.5) / supersampling}))
          continue;
        std::uint8_t* at = big_.at(y, x);
        for (int c = 0; c < 3; ++c)
          at[c] = static_cast<std::uint8_t>(std::lround(at[c] + (ink[c] - at[c]) * opacity));
      }
  }

  Image big_;
};

}  // namespace detail

/// The figure as pixels. Throws unless its page has 1 to 2^26.
inline Image to_image(const Figure& figure) {
  detail::check_page("to_image", figure);
  return detail::Raster(figure).average();
}

}  // namespace figment::io

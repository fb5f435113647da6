// Rows of ops/pool.hpp and ops/upsample.hpp.
#pragma once

#include <algorithm>

#include "figment/ops/pool.hpp"
#include "figment/ops/upsample.hpp"
#include "support/op_case.hpp"
#include "support/op_cases/conv2d.hpp"
#include "support/op_cases/reduce.hpp"

namespace test {

namespace detail {

/// Each result is f of the list of the elements its window has, in row-major order.
inline Tensor<double> pooled(const Tensor<double>& x, const Shape& y, const figment::PoolOptions& o,
                             std::function<double(const std::vector<double>&)> f) {
  const auto stride = [](Index given, Index window) { return given == 0 ? window : given; };
  const figment::Extent2 steps{stride(o.stride.height, o.window.height),
                               stride(o.stride.width, o.window.width)};
  const Window window{{.stride = steps, .padding = o.padding, .dilation = o.dilation},
                      x.dim(1),
                      x.dim(2),
                      o.window.height,
                      o.window.width};
  std::vector<std::vector<double>> elements(static_cast<std::size_t>(y.size()));
  window.each(y, [&](Index n, Index r, Index c, Index, Index, Index a, Index b) {
    for (Index k = 0; k < y[3]; ++k)
      elements[static_cast<std::size_t>(((n * y[1] + r) * y[2] + c) * y[3] + k)].push_back(
          value(x, n, a, b, k));
  });
  std::vector<double> results;
  for (const auto& e : elements) results.push_back(f(e));
  return Tensor<double>(y, results);
}

/// The place in [0, n - 1] that output o of `size` is drawn from.
inline double place(Index o, Index n, Index size, figment::Interpolation mode) {
  if (mode == figment::Interpolation::bilinear_align_corners)
    return size == 1 ? 0 : static_cast<double>(o * (n - 1)) / static_cast<double>(size - 1);
  const double scale = static_cast<double>(n) / static_cast<double>(size), at = static_cast<double>(o);
  if (mode == figment::Interpolation::nearest) return std::floor((at + 1e-9) * scale);
  return std::clamp((at + 0.5) * scale - 0.5, 0.0, static_cast<double>(n - 1));
}

/// Tents of width 1 around each element, added up: what bilinear interpolation is.
inline Tensor<double> resized(const Tensor<double>& x, const Shape& y, figment::Interpolation mode) {
  return build(y, [&](const std::vector<Index>& i) {
    const double row = place(i[1], x.dim(1), y[1], mode), column = place(i[2], x.dim(2), y[2], mode);
    double sum = 0;
    for (Index a = 0; a < x.dim(1); ++a)
      for (Index b = 0; b < x.dim(2); ++b)
        sum += std::max(0.0, 1 - std::abs(row - static_cast<double>(a))) *
               std::max(0.0, 1 - std::abs(column - static_cast<double>(b))) * value(x, i[0], a, b, i[3]);
    return sum;
  });
}

}  // namespace detail

/// Windows from floor(o n / size) to ceil((o + 1) n / size).
inline void adaptive_pool_cases(OpCases& c) {
  using figment::Extent2;
  const std::pair<Shape, Extent2> settings[] = {
      {{2, 7, 5, 3}, {3, 2}}, {{1, 4, 6, 11}, {2, 3}}, {{2, 3, 4, 2}, 1},
      {{1, 2, 3, 2}, {5, 4}}, {{0, 3, 3, 2}, 2},       {{9, 29, 31, 17}, {7, 5}},
  };
  for (const auto& [shape, extent] : settings) {
    const Extent2 size = extent;
    const auto reference = [size](auto f) {
      return [=](Inputs<double> in) {
        const Tensor<double>& x = in[0];
        return build({x.dim(0), size.height, size.width, x.dim(3)}, [&](const std::vector<Index>& i) {
          const auto begin = [](Index o, Index n, Index to) { return o * n / to; };
          const auto end = [](Index o, Index n, Index to) { return ((o + 1) * n + to - 1) / to; };
          std::vector<double> window;
          for (Index a = begin(i[1], x.dim(1), size.height); a < end(i[1], x.dim(1), size.height); ++a)
            for (Index b = begin(i[2], x.dim(2), size.width); b < end(i[2], x.dim(2), size.width); ++b)
              window.push_back(detail::value(x, i[0], a, b, i[3]));
          return f(window);
        });
      };
    };
    const std::string name = "to " + std::to_string(size.height) + "x" + std::to_string(size.width);
    const bool small_input = shape.size() < 1000;
    c.add(
         "adaptive_max_pool2d", name, {small_input ? distinct(shape) : random(shape)},
         [=](const auto& x) { return adaptive_max_pool2d(x[0], size); },
         reference([](const auto& v) { return *std::max_element(v.begin(), v.end()); }))
        .differences = small_input;
    c.add(
         "adaptive_avg_pool2d", name, {random(shape)},
         [=](const auto& x) { return adaptive_avg_pool2d(x[0], size); }, reference(detail::mean_of))
        .differences = small_input;
  }
}

/// Averages that count the padding: sums over padded windows, divided by the part of these in the padded
/// image.
inline void padded_average_cases(OpCases& c) {
  using figment::Padding, figment::PoolOptions;
  const struct {
    Shape x, y;
    PoolOptions options;
    Index divisor;  ///< of a whole window
  } settings[] = {
      {{2, 4, 5, 3}, {2, 3, 3, 3}, {.window = 2, .padding = Padding::all(1), .count_include_pad = true}, 4},
      {{1, 5, 4, 2},
       {1, 3, 2, 2},
       {.window = 3, .stride = 2, .padding = Padding::same(), .count_include_pad = true},
       9},
  };
  for (const auto& s : settings)
    c.add(
        "avg_pool2d", "padding counted", {random(s.x)},
        [options = s.options](const auto& x) { return avg_pool2d(x[0], options); },
        [=](Inputs<double> x) {
          return detail::pooled(x[0], s.y, s.options, [&](const std::vector<double>& v) {
            double sum = 0;
            for (const double e : v) sum += e;
            return sum / static_cast<double>(s.divisor);
          });
        });
}

inline void pool_cases(OpCases& c) {
  using figment::Padding, figment::PoolOptions;
  struct Setting {
    const char* name;
    Shape x, y;
    PoolOptions options;
  };
  // Channels below, at and above the lanes of a vector, and no multiple of them.
  const Setting settings[] = {
      {"usual", {2, 4, 6, 1}, {2, 2, 3, 1}, {}},
      {"a row and a column over", {2, 5, 7, 3}, {2, 2, 3, 3}, {}},
      {"whole vectors", {1, 4, 4, 16}, {1, 2, 2, 16}, {}},
      {"a vector and some", {2, 4, 2, 11}, {2, 2, 1, 11}, {}},
      {"same, odd", {2, 7, 7, 8}, {2, 4, 4, 8}, {.padding = Padding::same()}},
      {"overlapping", {2, 7, 6, 2}, {2, 4, 3, 2}, {.window = 3, .stride = 2, .padding = Padding::same()}},
      {"stride 1", {1, 4, 5, 3}, {1, 4, 5, 3}, {.window = {3, 2}, .stride = 1, .padding = Padding::same()}},
      {"gaps between windows", {1, 7, 8, 2}, {1, 2, 2, 2}, {.window = {2, 1}, .stride = {4, 5}}},
      {"explicit",
       {2, 5, 5, 2},
       {2, 3, 4, 2},
       {.window = 3, .stride = {2, 1}, .padding = Padding::of(1, 0, 1, 1)}},
      {"dilated", {1, 6, 7, 2}, {1, 4, 2, 2}, {.window = {2, 3}, .stride = {1, 2}, .dilation = 2}},
      {"the whole image", {3, 4, 3, 5}, {3, 1, 1, 5}, {.window = {4, 3}}},
      {"ceil mode", {2, 6, 8, 3}, {2, 3, 4, 3}, {.window = 3, .stride = 2, .ceil_mode = true}},
      {"ceil mode, the last window outside",  // it would begin in the padding
       {1, 4, 6, 2},
       {1, 2, 3, 2},
       {.window = 2, .stride = 3, .padding = Padding::all(1), .ceil_mode = true}},
      {"no images", {0, 4, 4, 2}, {0, 2, 2, 2}, {}},
      {"no channels", {2, 4, 4, 0}, {2, 2, 2, 0}, {}},
      {"for several threads", {9, 27, 29, 16}, {9, 14, 15, 16}, {.padding = Padding::same()}},
      {"few channels, for several threads", {40, 28, 28, 3}, {40, 13, 13, 3}, {.window = 3, .stride = 2}},
  };
  for (const Setting& s : settings) {
    const auto options = s.options;
    const Shape y = s.y;
    const bool small = s.x.size() < 1000;
    // Far enough apart that finite differences choose the same elements.
    OpCase& largest = c.add(
        "max_pool2d", s.name, {small ? distinct(s.x) : random(s.x)},
        [=](const auto& x) { return max_pool2d(x[0], options); },
        [=](Inputs<double> x) {
          return detail::pooled(x[0], y, options,
                                [](const auto& v) { return *std::max_element(v.begin(), v.end()); });
        });
    largest.differences = small;
    OpCase& average = c.add(
        "avg_pool2d", s.name, {random(s.x)}, [=](const auto& x) { return avg_pool2d(x[0], options); },
        [=](Inputs<double> x) { return detail::pooled(x[0], y, options, detail::mean_of); });
    average.differences = small;
  }
  adaptive_pool_cases(c);
  padded_average_cases(c);
}

inline void resize_cases(OpCases& c) {
  using figment::Extent2, figment::Interpolation;
  struct Setting {
    Shape x;
    Extent2 size;
    bool whole;  ///< factors
  };
  const Setting settings[] = {
      {{2, 3, 4, 1}, {6, 8}, true},      {{2, 3, 2, 8}, {3, 6}, true},       {{1, 1, 2, 3}, {4, 4}, true},
      {{2, 2, 3, 11}, {6, 3}, true},     {{2, 4, 4, 2}, {4, 4}, true},       {{0, 2, 2, 3}, {4, 4}, true},
      {{2, 5, 4, 3}, {3, 2}, false},     {{1, 4, 3, 2}, {7, 5}, false},      {{2, 6, 2, 1}, {1, 9}, false},
      {{9, 14, 14, 16}, {28, 28}, true}, {{40, 28, 28, 3}, {37, 19}, false},
  };
  for (const Setting& s : settings)
    for (const Interpolation mode :
         {Interpolation::nearest, Interpolation::bilinear, Interpolation::bilinear_align_corners}) {
      const Shape y{s.x[0], s.size.height, s.size.width, s.x[3]};
      const std::string name(figment::name(mode));
      const Extent2 size = s.size,
                    factor{s.whole ? size.height / s.x[1] : 1, s.whole ? size.width / s.x[2] : 1};
      const auto reference = [=](Inputs<double> x) { return detail::resized(x[0], y, mode); };
      c.add(
           "resize2d", name + " to " + std::to_string(size.height) + "x" + std::to_string(size.width),
           {random(s.x)}, [=](const auto& x) { return resize2d(x[0], size, mode); }, reference)
          .differences = s.x.size() < 1000;
      if (s.whole)
        c.add(
             "upsample2d", name + " to " + std::to_string(size.height) + "x" + std::to_string(size.width),
             {random(s.x)}, [=](const auto& x) { return upsample2d(x[0], factor, mode); }, reference)
            .differences = s.x.size() < 1000;
    }
}

}  // namespace test

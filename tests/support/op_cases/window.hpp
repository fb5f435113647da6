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
    for (const Interpolation mode : {Interpolation::nearest, Interpolation::bilinear}) {
      const Shape y{s.x[0], s.size.height, s.size.width, s.x[3]};
      const std::string name = mode == Interpolation::nearest ? "nearest" : "bilinear";
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

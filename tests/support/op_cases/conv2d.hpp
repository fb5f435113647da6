// Rows of ops/conv2d.hpp.
#pragma once

#include "figment/ops/conv1d.hpp"
#include "support/op_case.hpp"
#include "support/op_cases/matmul.hpp"

namespace test {

namespace detail {

/// Calls f(image, output row, output column, tap row, tap column, input row, input column) for every tap of
/// every window that lies inside an input of height x width.
struct Window {
  figment::ConvOptions options;
  Index height, width, rows, columns;  // of the input and of the window

  Index pad(Index size, Index taps, Index stride, Index dilation, Index given) const {
    if (options.padding.kind != figment::Padding::Kind::same) return given;
    const Index needed = ((size + stride - 1) / stride - 1) * stride + (taps - 1) * dilation + 1 - size;
    return needed > 0 ? needed / 2 : 0;
  }
  template <class F>
  void each(const Shape& y, F f) const {
    const auto& o = options;
    const Index top = pad(height, rows, o.stride.height, o.dilation.height, o.padding.top);
    const Index left = pad(width, columns, o.stride.width, o.dilation.width, o.padding.left);
    for (Index n = 0; n < y[0]; ++n)
      for (Index r = 0; r < y[1]; ++r)
        for (Index c = 0; c < y[2]; ++c)
          for (Index i = 0; i < rows; ++i)
            for (Index j = 0; j < columns; ++j) {
              const Index a = r * o.stride.height - top + i * o.dilation.height;
              const Index b = c * o.stride.width - left + j * o.dilation.width;
              if (a >= 0 && a < height && b >= 0 && b < width) f(n, r, c, i, j, a, b);
            }
  }
};

inline double value(const Tensor<double>& t, Index i, Index j, Index k, Index l) {
  return t.data()[((i * t.dim(1) + j) * t.dim(2) + k) * t.dim(3) + l];
}

/// y from x, or with `transposed` x from y: every product of the convolution's definition, added where it
/// goes.
inline Tensor<double> convolved(const Tensor<double>& in, const Tensor<double>& w, const Tensor<double>& bias,
                                const Shape& out, const figment::ConvOptions& options, bool transposed,
                                figment::Activation activation) {
  const Shape &x = transposed ? out : in.shape(), &y = transposed ? in.shape() : out;
  std::vector<double> sums(static_cast<std::size_t>(out.size()), 0);
  const Window window{options, x[1], x[2], w.dim(0), w.dim(1)};
  const Index per_group = w.dim(3) / options.groups;
  window.each(y, [&](Index n, Index r, Index c, Index i, Index j, Index a, Index b) {
    for (Index o = 0; o < w.dim(3); ++o)
      for (Index q = 0; q < w.dim(2); ++q) {
        const Index channel = o / per_group * w.dim(2) + q;
        const Index to = transposed ? ((n * x[1] + a) * x[2] + b) * x[3] + channel
                                    : ((n * y[1] + r) * y[2] + c) * y[3] + o;
        sums[static_cast<std::size_t>(to)] +=
            value(w, i, j, q, o) * (transposed ? value(in, n, r, c, o) : value(in, n, a, b, channel));
      }
  });
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i] = activated(activation, 0.3,
                        sums[i] + (bias.defined() ? bias.data()[static_cast<Index>(i) % out[3]] : 0));
  return Tensor<double>(out, sums);
}

}  // namespace detail

inline void conv2d_cases(OpCases& c) {
  using figment::Activation, figment::ConvOptions, figment::Padding;
  struct Setting {
    const char* name;
    Shape x, w, y;  // of the convolution; the transposed one has them the other way round
    ConvOptions options;
    Activation activation;
  };
  const Setting settings[] = {
      {"valid", {2, 5, 4, 3}, {3, 2, 3, 5}, {2, 3, 3, 5}, {}, Activation::none},
      {"same 5x5", {3, 7, 7, 2}, {5, 5, 2, 3}, {3, 7, 7, 3}, {.padding = Padding::same()}, Activation::tanh},
      {"same stride 2",
       {2, 6, 8, 2},
       {5, 5, 2, 3},
       {2, 3, 4, 3},
       {.stride = 2, .padding = Padding::same()},
       Activation::none},
      {"explicit",
       {2, 5, 5, 2},
       {3, 3, 2, 2},
       {2, 3, 6, 2},
       {.stride = {2, 1}, .padding = Padding::of(1, 2, 1, 1)},
       Activation::sigmoid},
      {"dilated", {2, 7, 6, 2}, {2, 3, 2, 3}, {2, 5, 2, 3}, {.dilation = 2}, Activation::none},
      {"groups",
       {2, 5, 5, 4},
       {3, 3, 2, 6},
       {2, 5, 5, 6},
       {.padding = Padding::same(), .groups = 2},
       Activation::none},
      {"depthwise stride 2",
       {2, 4, 4, 3},
       {3, 3, 1, 3},
       {2, 2, 2, 3},
       {.stride = 2, .padding = Padding::same(), .groups = 3},
       Activation::none},
      {"depthwise 5x5",
       {2, 9, 11, 5},
       {5, 5, 1, 5},
       {2, 9, 11, 5},
       {.padding = Padding::same(), .groups = 5},
       Activation::relu},
      {"depthwise, dilated and strided",
       {3, 10, 12, 6},
       {3, 4, 1, 6},
       {3, 5, 6, 6},
       {.stride = {2, 3}, .padding = Padding::of(2, 3, 1, 4), .dilation = {2, 1}, .groups = 6},
       Activation::none},
      {"depthwise, no images", {0, 5, 5, 3}, {3, 3, 1, 3}, {0, 3, 3, 3}, {.groups = 3}, Activation::none},
      {"depthwise, more taps than rows",
       {2, 3, 2, 4},
       {5, 3, 1, 4},
       {2, 3, 2, 4},
       {.padding = Padding::same(), .groups = 4},
       Activation::none},
      {"depthwise of many channels",
       {9, 14, 16, 83},
       {3, 3, 1, 83},
       {9, 7, 8, 83},
       {.stride = 2, .padding = Padding::same(), .groups = 83},
       Activation::tanh},
      {"one channel in",
       {17, 6, 6, 1},
       {5, 5, 1, 3},
       {17, 6, 6, 3},
       {.padding = Padding::same()},
       Activation::none},
      {"one pixel", {1, 1, 1, 2}, {3, 3, 2, 2}, {1, 1, 1, 2}, {.padding = Padding::same()}, Activation::none},
      {"one channel out",
       {9, 6, 6, 17},
       {3, 3, 17, 1},
       {9, 6, 6, 1},
       {.padding = Padding::same()},
       Activation::none},
      {"two tiles", {7, 9, 8, 11}, {3, 3, 11, 19}, {7, 7, 6, 19}, {}, Activation::relu},
      {"stride and dilation",
       {3, 11, 10, 5},
       {3, 4, 5, 18},
       {3, 5, 4, 18},
       {.stride = {2, 4}, .padding = Padding::of(3, 4, 1, 5), .dilation = {3, 2}},
       Activation::none},
      {"wide stride 2",
       {5, 10, 8, 25},
       {3, 4, 25, 20},
       {5, 5, 4, 20},
       {.stride = 2, .padding = Padding::same()},
       Activation::none},
      {"wide",
       {33, 7, 7, 40},
       {5, 5, 40, 33},
       {33, 7, 7, 33},
       {.padding = Padding::same()},
       Activation::none},
  };
  for (const Setting& s : settings)
    for (bool transposed : {false, true}) {
      const Shape &in = transposed ? s.y : s.x, &out = transposed ? s.x : s.y;
      const auto options = s.options;
      const auto activation = s.activation;
      OpCase& row = c.add(
          transposed ? "conv_transpose2d" : "conv2d", s.name,
          {random(in, {-1, 1}, 1), random(s.w, {-1, 1}, 2), random(Shape{out[3]}, {-1, 1}, 3)},
          [=](const auto& x) {
            return transposed ? conv_transpose2d(x[0], x[1], x[2], options, 0, activation)
                              : conv2d(x[0], x[1], x[2], options, activation);
          },
          [=](Inputs<double> x) {
            return detail::convolved(x[0], x[1], x[2], out, options, transposed, activation);
          });
      // As for matmul: the additions that one result is made of.
      row.error = 16 + static_cast<double>(s.w[0] * s.w[1] * (transposed ? s.w[3] : s.w[2]));
      row.differences = in.size() * s.w.size() < 40000;
    }
}

/// A convolution of images of one row.
inline void conv1d_cases(OpCases& c) {
  using figment::Activation, figment::ConvOptions, figment::Padding;
  const struct {
    const char* name;
    Shape x, w, y;
    ConvOptions options;
    Activation activation;
  } settings[] = {
      {"valid", {2, 7, 3}, {3, 3, 4}, {2, 5, 4}, {}, Activation::none},
      {"same stride 2",
       {2, 8, 2},
       {5, 2, 3},
       {2, 4, 3},
       {.stride = 2, .padding = Padding::same()},
       Activation::tanh},
      {"padded, dilated",
       {3, 6, 2},
       {3, 2, 2},
       {3, 5, 2},
       {.padding = Padding::of(0, 1, 0, 2), .dilation = 2},
       Activation::none},
      {"depthwise",
       {2, 9, 5},
       {3, 1, 5},
       {2, 9, 5},
       {.padding = Padding::all(1), .groups = 5},
       Activation::relu},
      {"no sequences", {0, 4, 2}, {3, 2, 3}, {0, 2, 3}, {}, Activation::none},
  };
  for (const auto& s : settings) {
    const auto options = s.options;
    const auto activation = s.activation;
    OpCase& row = c.add(
        "conv1d", s.name, {random(s.x, {-1, 1}, 1), random(s.w, {-1, 1}, 2), random({s.w[2]}, {-1, 1}, 3)},
        [=](const auto& x) { return conv1d(x[0], x[1], x[2], options, activation); },
        [=, y = s.y](Inputs<double> in) {
          ConvOptions flat = options;
          flat.padding.top = flat.padding.bottom = 0;
          const Shape &x = in[0].shape(), &w = in[1].shape();
          return detail::convolved(in[0].view_as({x[0], 1, x[1], x[2]}), in[1].view_as({1, w[0], w[1], w[2]}),
                                   in[2], {y[0], 1, y[1], y[2]}, flat, false, activation)
              .view_as(y);
        });
    row.error = 16 + static_cast<double>(s.w[0] * s.w[1]);
  }
}

}  // namespace test

// Sizes of two-dimensional windows: strides, padding and the shapes that follow from them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "figment/core/shape.hpp"

namespace figment {

/// A height and a width; one number means both.
struct Extent2 {
  Index height, width;  ///< of rows, of columns
  /// The same both ways.
  Extent2(Index both) : height(both), width(both) {}  // NOLINT(google-explicit-constructor): .stride = 2
  /// Each by itself: {rows, columns}.
  Extent2(Index h, Index w) : height(h), width(w) {}
  /// Both agree.
  friend bool operator==(const Extent2&, const Extent2&) = default;
};

/// Zeros around an image: as given, none by default, or so many that a stride of 1 keeps the size (`same`, as
/// TensorFlow pads: the odd one goes right and bottom).
struct Padding {
  /// Who decides how many.
  enum class Kind { given, same } kind = Kind::given;  ///< the four numbers, or the sizes
  Index top = 0, left = 0, bottom = 0, right = 0;      ///< rows and columns of zeros, if they are given

  /// None: windows lie inside the image.
  static Padding valid() { return {}; }
  /// So much that the output is input / stride, rounded up.
  static Padding same() { return {Kind::same}; }
  /// As many on opposite sides: all(1), all({2, 0}). PyTorch's padding.
  static Padding all(Extent2 p) { return {Kind::given, p.height, p.width, p.height, p.width}; }
  /// Each side by itself.
  static Padding of(Index top, Index left, Index bottom, Index right) {
    return {Kind::given, top, left, bottom, right};
  }
};

/// How a convolution's window moves.
struct ConvOptions {
  Extent2 stride = 1;    ///< from window to window
  Padding padding = {};  ///< around the input
  Extent2 dilation = 1;  ///< from tap to tap within a window
  Index groups = 1;      ///< which the channels are split into; as many as there are: depthwise
};

namespace detail {

/// One axis of a convolution: output o reads input o * stride - pad + k * dilation for each tap k inside.
struct ConvAxis {
  Index input, output, window, stride, dilation, pad;

  Index at(Index o, Index k) const { return o * stride - pad + k * dilation; }
  /// The taps of output o that lie inside the input: [first, last).
  Index first_tap(Index o) const {
    return (std::min)(window, ceil_div(std::max<Index>(0, -at(o, 0)), dilation));
  }
  Index last_tap(Index o) const {
    return (std::max)(first_tap(o),
                      (std::min)(window, ceil_div(std::max<Index>(0, input - at(o, 0)), dilation)));
  }
  static Index ceil_div(Index a, Index b) { return (a + b - 1) / b; }
};

/// A convolution's sizes: x (batch, rows.input, columns.input, in), w (rows.window, columns.window, in /
/// groups, out), y (batch, rows.output, columns.output, out).
struct ConvGeometry {
  ConvAxis rows, columns;
  Index batch, in, out, groups;

  Shape x_shape() const { return {batch, rows.input, columns.input, in}; }
  Shape w_shape() const { return {rows.window, columns.window, in / groups, out}; }
  Shape y_shape() const { return {batch, rows.output, columns.output, out}; }
};

/// Throws unless these sizes along an axis can be computed with: below 2^31 no product of two of them, and
/// no sum of two such products, is more than an Index holds; positions are 32 bits in the tables of windows.
[[gnu::noinline]] inline void check_conv_axis(std::string_view op, Index input, Index window, Index stride,
                                              Index dilation, Padding::Kind kind, Index before, Index after) {
  ensure(stride >= 1 && dilation >= 1, "{}: expected a stride and a dilation of 1 or more, found {} and {}",
         op, stride, dilation);
  const bool given = kind == Padding::Kind::given;
  ensure(!given || (before >= 0 && after >= 0), "{}: expected padding of 0 or more, found {} and {}", op,
         before, after);
  constexpr Index limit = (std::numeric_limits<std::int32_t>::max)();
  ensure(input <= limit && window <= limit, "{}: an extent of {} and a window of {}, expected less than 2^31",
         op, input, window);
  ensure(stride <= limit && dilation <= limit,
         "{}: expected a stride and a dilation below 2^31, found {} and {}", op, stride, dilation);
  ensure(!given || (before <= limit && after <= limit), "{}: expected padding below 2^31, found {} and {}",
         op, before, after);
}

inline ConvAxis conv_axis(std::string_view op, Index input, Index window, Index stride, Index dilation,
                          Padding::Kind kind, Index before, Index after) {
  check_conv_axis(op, input, window, stride, dilation, kind, before, after);
  const Index reach = (window - 1) * dilation + 1;
  if (kind == Padding::Kind::same) {
    const Index output = (input + stride - 1) / stride;
    return {input,  output,   window,
            stride, dilation, std::max<Index>(0, (output - 1) * stride + reach - input) / 2};
  }
  const Index room = input + before + after - reach;
  ensure(room >= 0, "{}: a window of {} does not fit an input of {} padded by {} and {}", op, reach, input,
         before, after);
  return {input, room / stride + 1, window, stride, dilation, before};
}

/// The sizes of the convolution of x by w.
inline ConvGeometry conv_geometry(std::string_view op, const Shape& x, const Shape& w, const ConvOptions& o) {
  ensure(x.rank() == 4 && w.rank() == 4,
         "{}: expected x (N, H, W, C) and weight (kh, kw, in, out), found {} and {}", op, x, w);
  ensure(o.groups >= 1, "{}: expected 1 or more groups, found {}", op, o.groups);
  const Index channels = counted(op, w[2], o.groups);
  ensure(x[3] == channels && w[3] % o.groups == 0,
         "{}: x {} has {} channels, weight {} in {} group(s) needs {}", op, x, x[3], w, o.groups, channels);
  ensure(w[0] >= 1 && w[1] >= 1, "{}: weight {} has no taps", op, w);
  const Padding& p = o.padding;
  return {conv_axis(op, x[1], w[0], o.stride.height, o.dilation.height, p.kind, p.top, p.bottom),
          conv_axis(op, x[2], w[1], o.stride.width, o.dilation.width, p.kind, p.left, p.right),
          x[0],
          x[3],
          w[3],
          o.groups};
}

}  // namespace detail

}  // namespace figment

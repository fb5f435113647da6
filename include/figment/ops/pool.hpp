// Pooling, channels last, with gradients of any order.
#pragma once

#include "figment/ops/resample.hpp"

namespace figment {

/// How a pooling window moves. With padding, windows have fewer elements at the border: no zeros are added.
struct PoolOptions {
  Extent2 window = 2;              ///< rows and columns that are seen at once
  Extent2 stride = 0;              ///< 0: the window's extent
  Padding padding = {};            ///< around the input
  Extent2 dilation = 1;            ///< from element to element of a window
  bool ceil_mode = false;          ///< a last window may stand out, if it begins inside: PyTorch's
  bool count_include_pad = false;  ///< averages divide by the padding too: PyTorch's default is true
};

namespace detail {

/// Throws unless windows of these options have elements and move.
inline void check_pool(std::string_view who, const PoolOptions& o) {
  const auto at_least = [&](Index least, const char* name, Extent2 e) {
    ensure(e.height >= least && e.width >= least, "{}: expected a {} of {} or more, found {} and {}", who,
           name, least, e.height, e.width);
  };
  at_least(1, "window", o.window);
  at_least(0, "stride", o.stride);
  at_least(1, "dilation", o.dilation);
  // The elements' numbers are exact in a float.
  ensure(o.window.height <= (Index{1} << 24) / o.window.width, "{}: a window of {} by {} is too large", who,
         o.window.height, o.window.width);
}

/// One axis of a pooling: the windows of a convolution, or `adaptive` ones, which share out the input: from
/// o input / output to (o + 1) input / output, rounded outwards.
struct PoolAxis : ConvAxis {
  bool adaptive = false;
  Index end = 0;  ///< of the positions that averages count; 0: the elements themselves

  /// The elements of output o, by their numbers in its window: [first, last).
  Index first(Index o) const { return adaptive ? 0 : first_tap(o); }
  Index last(Index o) const {
    return adaptive ? ceil_div((o + 1) * input, output) - o * input / output : last_tap(o);
  }
  Index element(Index o, Index k) const { return adaptive ? o * input / output + k : at(o, k); }
  Index divisor(Index o) const {
    if (end == 0) return last(o) - first(o);
    return (std::min)(window, ceil_div(end - at(o, 0), dilation));
  }
};

/// Averages weigh each element of a window alike.
struct AverageAxis : PoolAxis {
  template <class F>
  void each(F f) const {
    for (Index o = 0; o < output; ++o)
      for (Index k = first(o); k < last(o); ++k) f(o, element(o, k), 1.0 / static_cast<double>(divisor(o)));
  }
};

/// The maximum numbers the elements of a window in row-major order: its columns count 1, its rows `scale`.
struct MaxAxis : PoolAxis {
  Index scale;
  template <class F>
  void each(F f) const {
    for (Index o = 0; o < output; ++o)
      for (Index k = first(o); k < last(o); ++k) f(o, element(o, k), static_cast<double>(k * scale));
  }
};

struct PoolAxes {
  PoolAxis rows, columns;
};

/// The sizes of a pooling of x.
inline PoolAxes pool_axes(std::string_view op, const Shape& x, const PoolOptions& o) {
  ensure(x.rank() == 4, "{}: expected x (N, H, W, C), found {}", op, x);
  check_pool(op, o);
  const Padding& p = o.padding;
  const auto axis = [&](Index input, Index window, Index stride, Index dilation, Index before, Index after) {
    PoolAxis a{conv_axis(op, input, window, stride == 0 ? window : stride, dilation, p.kind, before, after)};
    const Index reach = (a.window - 1) * a.dilation + 1;
    if (o.ceil_mode && p.kind == Padding::Kind::given) {
      a.output = ConvAxis::ceil_div(input + before + after - reach, a.stride) + 1;
      if ((a.output - 1) * a.stride >= input + before) --a.output;
    }
    if (o.count_include_pad)
      a.end =
          p.kind == Padding::Kind::given ? input + after : (std::max)(input, a.at(a.output - 1, 0) + reach);
    Index taps = 0;
    for (Index i = 0; i < a.output; ++i) {
      ensure(a.first_tap(i) < a.last_tap(i), "{}: padding leaves a window of x {} without an element", op, x);
      taps += a.last_tap(i) - a.first_tap(i);
      ensure(taps <= (std::numeric_limits<std::int32_t>::max)(),
             "{}: the windows of {} along x {} have more elements than 32 bits count", op, window, x);
    }
    return a;
  };
  return {axis(x[1], o.window.height, o.stride.height, o.dilation.height, p.top, p.bottom),
          axis(x[2], o.window.width, o.stride.width, o.dilation.width, p.left, p.right)};
}

/// The numbers of the elements that a maximum chose, and the windows they count in.
template <class T>
struct Choice {
  MaxAxis rows, columns;
  Kept<T> numbers;

  const T* data() const {
    numbers.confirm("max_pool2d", "its choice of elements");
    return numbers.tensor.data();
  }
};

// Given the choice, the maximum is linear in x: picking elements. Its adjoint routes values back to them.

template <class T>
Tensor<T> max_pick(const Choice<T>& choice, const Tensor<T>& x);

template <class T>
Tensor<T> max_route(const Choice<T>& choice, const Tensor<T>& dy) {
  const AxisTaps<T> rows(choice.rows, true), columns(choice.columns, true);
  Tensor<T> dx(Shape{dy.dim(0), rows.outputs(), columns.outputs(), dy.dim(3)});
  run_windows<T>(kernels::op::WindowRoute{}, rows, columns, dy, dx, nullptr, choice.data());
  return record(
      "max_pool2d by input", {dy}, std::move(dx),
      [choice](auto&, auto& ddx, auto& d) { d(0, [&] { return max_pick(choice, ddx); }); }, Keep::nothing);
}

template <class T>
Tensor<T> max_pick(const Choice<T>& choice, const Tensor<T>& x) {
  const AxisTaps<T> rows(choice.rows, false), columns(choice.columns, false);
  Tensor<T> y(choice.numbers.tensor.shape());
  run_windows<T>(kernels::op::WindowPick{}, rows, columns, x, y, nullptr, choice.data());
  return record(
      "max_pool2d by choice", {x}, std::move(y),
      [choice](auto&, auto& dy, auto& d) { d(0, [&] { return max_route(choice, dy); }); }, Keep::nothing);
}

template <class T>
Tensor<T> max_pool(const char* name, const PoolAxes& axes, const Tensor<T>& x) {
  const MaxAxis rows{axes.rows, axes.columns.window}, columns{axes.columns, 1};
  const AxisTaps<T> r(rows, false), c(columns, false);
  Tensor<T> y(Shape{x.dim(0), rows.output, columns.output, x.dim(3)});
  if (!recording(x)) {
    run_windows(kernels::op::WindowMax{}, r, c, x, y);
    return y;
  }
  Tensor<T> numbers(y.shape());
  run_windows(kernels::op::WindowChoose{}, r, c, x, y, numbers.mutable_data());
  return record(
      name, {x}, std::move(y),
      [choice = Choice<T>{rows, columns, Kept(numbers)}](auto&, auto& dy, auto& dx) {
        dx(0, [&] { return max_route(choice, dy); });
      },
      Keep::nothing);
}

/// The windows of an adaptive pooling of x.
inline PoolAxes adaptive_axes(std::string_view op, const Shape& x, Extent2 size) {
  ensure(x.rank() == 4, "{}: expected x (N, H, W, C), found {}", op, x);
  constexpr Index limit = (std::numeric_limits<std::int32_t>::max)();
  const auto axis = [&](Index input, Index output) {
    ensure(input >= 1 && output >= 1 && input <= limit && output <= limit, "{}: cannot pool x {} to {} by {}",
           op, x, size.height, size.width);
    return PoolAxis{{input, output, input / output + 2, 1, 1, 0}, true};
  };
  const PoolAxes axes{axis(x[1], size.height), axis(x[2], size.width)};
  // As of check_pool.
  ensure(axes.rows.window <= (Index{1} << 24) / axes.columns.window, "{}: a window of {} by {} is too large",
         op, axes.rows.window, axes.columns.window);
  return axes;
}

}  // namespace detail

/// The largest element of each window, channel by channel: (N, H, W, C) to (N, H', W', C). A NaN in the
/// window comes out. The gradient goes to that element: the first of equals in row-major order, as in
/// PyTorch.
template <detail::Real T>
Tensor<T> max_pool2d(const Tensor<T>& x, const PoolOptions& options = {}) {
  return detail::max_pool("max_pool2d", detail::pool_axes("max_pool2d", x.shape(), options), x);
}

/// The mean of each window's elements inside the image, channel by channel: (N, H, W, C) to (N, H', W', C).
/// The padding does not count unless the options say so, as in Keras; in PyTorch with
/// count_include_pad=False.
template <detail::Real T>
Tensor<T> avg_pool2d(const Tensor<T>& x, const PoolOptions& options = {}) {
  const auto axes = detail::pool_axes("avg_pool2d", x.shape(), options);
  return detail::resample("avg_pool2d", detail::AverageAxis{axes.rows}, detail::AverageAxis{axes.columns}, x);
}

/// The largest elements of an image of any size at `size` places: (N, H, W, C) to (N, size.height,
/// size.width, C). Windows share out the image, and overlap where its extents are no multiples.
template <detail::Real T>
Tensor<T> adaptive_max_pool2d(const Tensor<T>& x, Extent2 size) {
  const char* const name = "adaptive_max_pool2d";
  return detail::max_pool(name, detail::adaptive_axes(name, x.shape(), size), x);
}

/// The means of the same windows.
template <detail::Real T>
Tensor<T> adaptive_avg_pool2d(const Tensor<T>& x, Extent2 size) {
  const char* const name = "adaptive_avg_pool2d";
  const auto axes = detail::adaptive_axes(name, x.shape(), size);
  return detail::resample(name, detail::AverageAxis{axes.rows}, detail::AverageAxis{axes.columns}, x);
}

}  // namespace figment

// Pooling as layers.
#pragma once

#include "figment/nn/describe.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/pool.hpp"

namespace figment {

namespace detail {

inline std::string describe_pool(const char* layer, const PoolOptions& o) {
  const Extent2 stride{o.stride.height ? o.stride.height : o.window.height,
                       o.stride.width ? o.stride.width : o.window.width};
  return figment::format("{}({}{})", layer, short_text(o.window),
                         window_text(stride, o.window, o.padding, o.dilation));
}

}  // namespace detail

/// The largest element of each window: MaxPool2d(2), MaxPool2d({.window = 3, .stride = 2}). See max_pool2d.
struct MaxPool2d {
  PoolOptions options;  ///< how the window moves

  /// Any window.
  explicit MaxPool2d(PoolOptions o = {}) : options(o) { detail::check_pool("MaxPool2d", o); }
  /// Square windows, side by side.
  explicit MaxPool2d(Index window) : MaxPool2d(PoolOptions{.window = window}) {}

  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return max_pool2d(x, options); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const { return detail::describe_pool("MaxPool2d", options); }
};

/// The mean of each window: AvgPool2d(2), AvgPool2d({.window = 3, .stride = 2}). See avg_pool2d.
struct AvgPool2d {
  PoolOptions options;  ///< how the window moves

  /// Any window.
  explicit AvgPool2d(PoolOptions o = {}) : options(o) { detail::check_pool("AvgPool2d", o); }
  /// Square windows, side by side.
  explicit AvgPool2d(Index window) : AvgPool2d(PoolOptions{.window = window}) {}

  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return avg_pool2d(x, options); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const { return detail::describe_pool("AvgPool2d", options); }
};

}  // namespace figment

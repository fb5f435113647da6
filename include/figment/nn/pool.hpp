// Pooling as layers.
#pragma once

#include "figment/nn/window_text.hpp"
#include "figment/ops/pool.hpp"

namespace figment {

namespace detail {

inline std::string describe_pool(const char* layer, const PoolOptions& o) {
  const Extent2 stride{o.stride.height ? o.stride.height : o.window.height,
                       o.stride.width ? o.stride.width : o.window.width};
  return format("{}({}{})", layer, short_text(o.window),
                window_text(stride, o.window, o.padding, o.dilation));
}

}  // namespace detail

/// The largest element of each window: MaxPool2d(2), MaxPool2d({.window = 3, .stride = 2}). See max_pool2d.
struct MaxPool2d {
  PoolOptions options;

  explicit MaxPool2d(PoolOptions o = {}) : options(o) {}
  explicit MaxPool2d(Index window) : options{.window = window} {}

  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return max_pool2d(x, options);
  }
  std::string describe() const { return detail::describe_pool("MaxPool2d", options); }
};

/// The mean of each window: AvgPool2d(2), AvgPool2d({.window = 3, .stride = 2}). See avg_pool2d.
struct AvgPool2d {
  PoolOptions options;

  explicit AvgPool2d(PoolOptions o = {}) : options(o) {}
  explicit AvgPool2d(Index window) : options{.window = window} {}

  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return avg_pool2d(x, options);
  }
  std::string describe() const { return detail::describe_pool("AvgPool2d", options); }
};

}  // namespace figment

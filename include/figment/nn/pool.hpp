// Pooling as layers.
#pragma once

#include "figment/nn/describe.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/pool.hpp"
#include "figment/ops/shape.hpp"

namespace figment {

namespace detail {

inline std::string describe_pool(const char* layer, const PoolOptions& o) {
  const Extent2 stride{o.stride.height ? o.stride.height : o.window.height,
                       o.stride.width ? o.stride.width : o.window.width};
  return figment::format("{}({}{}{}{})", layer, short_text(o.window),
                         window_text(stride, o.window, o.padding, o.dilation),
                         o.ceil_mode ? ", ceil mode" : "", o.count_include_pad ? ", padding counted" : "");
}

inline void check_pool_size(const char* layer, Extent2 size) {
  ensure(size.height >= 1 && size.width >= 1, "{}: expected a size of 1 or more, found {} and {}", layer,
         size.height, size.width);
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

/// The largest elements at `size` places of an image of any size: AdaptiveMaxPool2d({7, 7}). See
/// adaptive_max_pool2d.
struct AdaptiveMaxPool2d {
  Extent2 size;  ///< of the result

  /// Throws unless both extents are 1 or more.
  explicit AdaptiveMaxPool2d(Extent2 s) : size(s) { detail::check_pool_size("AdaptiveMaxPool2d", s); }

  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return adaptive_max_pool2d(x, size); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const { return figment::format("AdaptiveMaxPool2d({})", detail::short_text(size)); }
};

/// The means at `size` places of an image of any size: AdaptiveAvgPool2d({7, 7}). See adaptive_avg_pool2d.
struct AdaptiveAvgPool2d {
  Extent2 size;  ///< of the result

  /// Throws unless both extents are 1 or more.
  explicit AdaptiveAvgPool2d(Extent2 s) : size(s) { detail::check_pool_size("AdaptiveAvgPool2d", s); }

  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return adaptive_avg_pool2d(x, size); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const { return figment::format("AdaptiveAvgPool2d({})", detail::short_text(size)); }
};

/// Each channel's largest element of the whole image, (N, H, W, C) to (N, C), ready for a dense layer.
struct GlobalMaxPool2d {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return flatten(adaptive_max_pool2d(x, 1)); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
};

/// Each channel's mean over the whole image, (N, H, W, C) to (N, C), ready for a dense layer.
struct GlobalAvgPool2d {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return flatten(adaptive_avg_pool2d(x, 1)); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
};

}  // namespace figment

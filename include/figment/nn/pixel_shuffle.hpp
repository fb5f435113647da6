// Channels as pixels, as layers.
#pragma once

#include <string>

#include "figment/nn/report.hpp"
#include "figment/ops/pixel_shuffle.hpp"

namespace figment {

/// (N, H, W, C factor^2) to (N, H factor, W factor, C), as pixel_shuffle(): what a convolution before it
/// makes for each pixel becomes a square of them.
struct PixelShuffle {
  Index factor;  ///< 1 or more

  /// Throws unless the factor is 1 or more.
  explicit PixelShuffle(Index f) : factor(f) {
    ensure(factor >= 1, "PixelShuffle: expected a factor of 1 or more, found {}", factor);
  }

  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return pixel_shuffle(x, factor); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const { return figment::format("PixelShuffle({})", factor); }
};

/// The inverse: (N, H factor, W factor, C) to (N, H, W, C factor^2), as pixel_unshuffle().
struct PixelUnshuffle {
  Index factor;  ///< 1 or more

  /// Throws unless the factor is 1 or more.
  explicit PixelUnshuffle(Index f) : factor(f) {
    ensure(factor >= 1, "PixelUnshuffle: expected a factor of 1 or more, found {}", factor);
  }

  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return pixel_unshuffle(x, factor); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const { return figment::format("PixelUnshuffle({})", factor); }
};

}  // namespace figment

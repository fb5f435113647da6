// Channels as pixels, and back.
#pragma once

#include "figment/ops/shape.hpp"

namespace figment {

/// Each pixel's channels as a square of `factor` by `factor` pixels (Shi et al., 2016): (N, H, W, C factor^2)
/// to (N, H factor, W factor, C). Channel (c factor + i) factor + j goes to row i and column j of the square,
/// as in PyTorch.
template <class T>
Tensor<T> pixel_shuffle(const Tensor<T>& x, Index factor) {
  ensure(x.rank() == 4, "pixel_shuffle: expected x (N, H, W, C), found {}", x.shape());
  ensure(factor >= 1 && factor < Index{1} << 24 && x.dim(3) % (factor * factor) == 0,
         "pixel_shuffle: the square of {} does not divide the channels of {}", factor, x.shape());
  const Index n = x.dim(0), h = x.dim(1), w = x.dim(2), c = x.dim(3) / (factor * factor);
  const auto squares = permute(reshape(x, Shape{n, h, w, c, factor, factor}), {0, 1, 4, 2, 5, 3});
  return reshape(squares, Shape{n, h * factor, w * factor, c});
}

/// The inverse of pixel_shuffle: (N, H factor, W factor, C) to (N, H, W, C factor^2).
template <class T>
Tensor<T> pixel_unshuffle(const Tensor<T>& x, Index factor) {
  ensure(x.rank() == 4, "pixel_unshuffle: expected x (N, H, W, C), found {}", x.shape());
  ensure(factor >= 1 && factor < Index{1} << 24 && x.dim(1) % factor == 0 && x.dim(2) % factor == 0,
         "pixel_unshuffle: {} does not divide the extents of {}", factor, x.shape());
  const Index n = x.dim(0), h = x.dim(1) / factor, w = x.dim(2) / factor, c = x.dim(3);
  const auto squares = permute(reshape(x, Shape{n, h, factor, w, factor, c}), {0, 1, 3, 5, 2, 4});
  return reshape(squares, Shape{n, h, w, c * factor * factor});
}

}  // namespace figment

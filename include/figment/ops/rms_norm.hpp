// Normalisation by the root of the mean square (Zhang and Sennrich, 2019).
#pragma once

#include "figment/ops/reduce.hpp"

namespace figment {

/// x / sqrt(mean(x^2) + epsilon) * gamma over each row of the last dimension: x (…, C), gamma (C,) or
/// undefined.
template <detail::Real T>
Tensor<T> rms_norm(const Tensor<T>& x, const Tensor<T>& gamma, double epsilon) {
  ensure(x.rank() >= 1 && x.dim(-1) >= 1, "rms_norm: expected (…, C), found shape {}", x.shape());
  ensure(!gamma.defined() || gamma.shape() == Shape{x.dim(-1)},
         "rms_norm: parameter {} for {} features of {}", gamma.shape(), x.dim(-1), x.shape());
  ensure(epsilon > 0, "rms_norm: expected a positive epsilon, found {}", epsilon);
  const auto xh = x / sqrt(affine(mean(square(x), -1, Dims::keep), 1, epsilon));
  return gamma.defined() ? xh * gamma : xh;
}

}  // namespace figment

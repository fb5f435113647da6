// Layer normalisation (Ba, Kiros and Hinton, 2016).
#pragma once

#include "figment/ops/reduce.hpp"

namespace figment {

/// (x - mean) / sqrt(var + epsilon) * gamma + beta with the mean and the biased variance of each row of the
/// last dimension: x (…, C), gamma and beta (C,) or undefined.
template <detail::Real T>
Tensor<T> layer_norm(const Tensor<T>& x, const Tensor<T>& gamma, const Tensor<T>& beta, double epsilon) {
  ensure(x.rank() >= 1 && x.dim(-1) >= 1, "layer_norm: expected (…, C), found shape {}", x.shape());
  for (const Tensor<T>* p : {&gamma, &beta})
    ensure(!p->defined() || p->shape() == Shape{x.dim(-1)}, "layer_norm: parameter {} for {} features of {}",
           p->shape(), x.dim(-1), x.shape());
  ensure(epsilon > 0, "layer_norm: expected a positive epsilon, found {}", epsilon);
  const auto d = x - mean(x, -1, Dims::keep);
  const auto xh = d / sqrt(affine(mean(square(d), -1, Dims::keep), 1, epsilon));
  const auto scaled = gamma.defined() ? xh * gamma : xh;
  return beta.defined() ? scaled + beta : scaled;
}

}  // namespace figment

// Limiting gradients before a step.
#pragma once

#include <cmath>

#include "figment/autograd/record.hpp"
#include "figment/core/reduce.hpp"

namespace figment {

/// The Euclidean norm of all gradients together.
template <class T>
double gradient_norm(std::span<const Tensor<T>> gradients) {
  double squares = 0;
  for (const auto& g : gradients)
    squares += detail::chunked_sum(g.size(), [&](Index b, Index e) {
      return kernels::sum_unary(kernels::op::Square{}, g.data() + b, e - b);
    });
  return std::sqrt(squares);
}

/// Scales all gradients together so that their norm is at most `limit`; returns the norm before.
template <class T>
double clip_by_norm(TensorList<T>& gradients, double limit) {
  ensure(limit > 0, "clip_by_norm: expected a positive limit, found {}", limit);
  const double norm = gradient_norm<T>(gradients);
  const double scale = limit / (norm + 1e-6);  // PyTorch's guard against a norm of 0
  if (scale < 1)
    for (auto& g : gradients) g = detail::map(kernels::op::Affine{scale, 0}, g);
  return norm;
}

/// Limits every element of the gradients to ±limit.
template <class T>
void clip_by_value(TensorList<T>& gradients, double limit) {
  ensure(limit > 0, "clip_by_value: expected a positive limit, found {}", limit);
  for (auto& g : gradients) g = detail::map(kernels::op::Clamp{-limit, limit}, g);
}

}  // namespace figment

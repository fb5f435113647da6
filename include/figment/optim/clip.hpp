// Limiting gradients before a step.
#pragma once

#include <algorithm>
#include <cmath>

#include "figment/autograd/record.hpp"
#include "figment/core/finite.hpp"
#include "figment/core/reduce.hpp"

namespace figment {

/// The place of the first gradient that has a NaN or an infinity in it, or how many gradients there are.
template <class T>
std::size_t first_non_finite(std::span<const Tensor<T>> gradients) {
  std::size_t i = 0;
  for (; i < gradients.size(); ++i) {
    const T* g = gradients[i].data();
    const double bad = detail::chunked_sum(
        gradients[i].size(), [g](Index b, Index e) { return kernels::all_finite(g + b, e - b) ? 0.0 : 1.0; });
    if (bad > 0) break;
  }
  return i;
}

/// The Euclidean norm of all gradients together, infinite or NaN only if an element is, or where no double
/// holds it.
template <class T>
double gradient_norm(std::span<const Tensor<T>> gradients) {
  const auto norm = [&](auto size_of) {
    double total = 0;
    for (const auto& g : gradients) total += size_of(g);
    return total;
  };
  const double squares = norm([](const Tensor<T>& g) {
    return detail::chunked_sum(g.size(), [&](Index b, Index e) {
      return kernels::sum_unary(kernels::op::Square{}, g.data() + b, e - b);
    });
  });
  // Squares of floats are doubles. Those of doubles need not be: then in units of the largest.
  if (sizeof(T) == 4 || (squares > 1e-290 && squares < 1e300) ||
      first_non_finite(gradients) < gradients.size())
    return std::sqrt(squares);
  double largest = 0;
  for (const auto& g : gradients)
    for (const T v : g.values()) largest = (std::max)(largest, std::abs(static_cast<double>(v)));
  if (largest == 0) return 0;
  return largest * std::sqrt(norm([&](const Tensor<T>& g) {
           double total = 0;
           for (const T v : g.values()) {
             const double part = static_cast<double>(v) / largest;
             total += part * part;
           }
           return total;
         }));
}

/// What clip_by_norm does with gradients whose norm is NaN or infinite, which no scale makes smaller.
enum class NonFinite {
  keep,   ///< leaves them: the norm that it returns tells
  refuse  ///< throws, naming the first gradient that is not finite
};

/// Scales all gradients together so that their norm is at most `limit`; returns the norm before.
template <class T>
double clip_by_norm(TensorList<T>& gradients, double limit, NonFinite non_finite = NonFinite::keep) {
  ensure(limit > 0, "clip_by_norm: expected a positive limit, found {}", limit);
  const double norm = gradient_norm<T>(gradients);
  if (!detail::is_finite(norm)) {
    if (non_finite == NonFinite::refuse) {
      const std::size_t at = first_non_finite<T>(gradients);
      ensure(at == gradients.size(), "clip_by_norm: gradient {} of shape {} is not finite", at,
             gradients[(std::min)(at, gradients.size() - 1)].shape());
      fail("clip_by_norm: the norm of the gradients is {}", norm);
    }
    return norm;
  }
  const double scale = limit / (norm + 1e-6);  // PyTorch's guard against a norm of 0
  if (scale >= 1) return norm;
  // A float so small has lost its digits: in two steps.
  for (const int steps = scale < 1e-30 ? 2 : 1; auto& g : gradients)
    for (int s = 0; s < steps; ++s)
      g = detail::map(kernels::op::Affine{steps == 2 ? std::sqrt(scale) : scale, 0}, g);
  return norm;
}

/// Limits every element of the gradients to ±limit.
template <class T>
void clip_by_value(TensorList<T>& gradients, double limit) {
  ensure(limit > 0, "clip_by_value: expected a positive limit, found {}", limit);
  for (auto& g : gradients) g = detail::map(kernels::op::Clamp{-limit, limit}, g);
}

}  // namespace figment

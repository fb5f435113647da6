// Codes to look at: grids over a latent space, and lines through it.
#pragma once

#include <cmath>
#include <numbers>

#include "figment/core/tensor.hpp"

namespace figment {

/// The x with P(Z < x) = p for a standard normal Z and 0 < p < 1: the inverse distribution function.
inline double normal_quantile(double p) {
  check(p > 0 && p < 1, "normal_quantile: expected a probability between 0 and 1, found {}", p);
  double low = -40, high = 40;
  while (true) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) return middle;
    (0.5 * std::erfc(-middle / std::numbers::sqrt2) < p ? low : high) = middle;
  }
}

/// The codes of an n x n picture of a two-dimensional latent space, (n * n, 2): row by row from the top,
/// spaced so that each stands for as much of N(0, 1) as the next. The first coordinate grows to the right,
/// the second upwards; `margin` is the probability left out at each end.
template <class T = float>
Tensor<T> latent_grid(Index n, double margin = 0.05) {
  check(n >= 2, "latent_grid: expected 2 or more codes a side, found {}", n);
  Tensor<T> codes(Shape{n * n, 2});
  T* z = codes.mutable_data();
  const auto at = [&](Index i) {
    const double p = margin + (1 - 2 * margin) * static_cast<double>(i) / static_cast<double>(n - 1);
    return static_cast<T>(normal_quantile(p));
  };
  for (Index row = 0; row < n; ++row)
    for (Index column = 0; column < n; ++column) {
      *z++ = at(column);
      *z++ = at(n - 1 - row);
    }
  return codes;
}

/// n codes in equal steps along the straight line from a to b, both included; both are one code, (1, …), and
/// the result is (n, …). Not recorded.
template <class T>
Tensor<T> interpolate(const Tensor<T>& a, const Tensor<T>& b, Index n) {
  check(a.rank() >= 1 && a.dim(0) == 1 && a.shape() == b.shape(),
        "interpolate: expected two codes (1, …) of one shape, found {} and {}", a.shape(), b.shape());
  check(n >= 2, "interpolate: expected 2 or more codes, found {}", n);
  Shape shape = a.shape();
  shape[0] = n;
  Tensor<T> line(shape);
  T* out = line.mutable_data();
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k < a.size(); ++k) {
      const T part = static_cast<T>(i) / static_cast<T>(n - 1);
      *out++ = (1 - part) * a.data()[k] + part * b.data()[k];
    }
  return line;
}

}  // namespace figment

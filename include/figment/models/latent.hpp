// Codes to look at: grids over a latent space, lines and arcs through it, noise beyond it.
#pragma once

#include <cmath>
#include <numbers>
#include <utility>

#include "figment/core/random.hpp"

namespace figment {

/// The x with P(Z < x) = p for a standard normal Z and 0 < p < 1: the inverse distribution function.
inline double normal_quantile(double p) {
  ensure(p > 0 && p < 1, "normal_quantile: expected a probability between 0 and 1, found {}", p);
  double low = -40, high = 40;
  while (true) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) return middle;
    (0.5 * std::erfc(-middle / std::numbers::sqrt2) < p ? low : high) = middle;
  }
}

/// The codes of an n x n picture of a two-dimensional latent space, (n * n, 2): row by row from the top,
/// spaced so that each stands for as much of N(0, 1) as the next. The first coordinate grows to the right,
/// the second upwards; `margin` is the probability left out at each end. n is 2 to 4096, margin between 0 and
/// 0.5.
template <class T = float>
Tensor<T> latent_grid(Index n, double margin = 0.05) {
  ensure(n >= 2, "latent_grid: expected 2 or more codes a side, found {}", n);
  ensure(n <= 4096, "latent_grid: expected 4096 or fewer codes a side, found {}", n);
  ensure(margin > 0 && margin < 0.5, "latent_grid: expected a margin between 0 and 0.5, found {}", margin);
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

namespace detail {

/// The n codes weights(t).first * a + weights(t).second * b for t = 0 … 1 in equal steps.
template <class T, class Weights>
Tensor<T> codes_between(const char* who, const Tensor<T>& a, const Tensor<T>& b, Index n, Weights weights) {
  ensure(a.rank() >= 1 && a.dim(0) == 1 && a.shape() == b.shape(),
         "{}: expected two codes (1, …) of one shape, found {} and {}", who, a.shape(), b.shape());
  ensure(n >= 2, "{}: expected 2 or more codes, found {}", who, n);
  Tensor<T> codes(with_extent(a.shape(), 0, n));
  T* out = codes.mutable_data();
  for (Index i = 0; i < n; ++i) {
    const auto [of_a, of_b] = weights(static_cast<T>(i) / static_cast<T>(n - 1));
    for (Index k = 0; k < a.size(); ++k) *out++ = of_a * a.data()[k] + of_b * b.data()[k];
  }
  return codes;
}

/// The angle between two vectors, in [0, pi]; 0 if one of them is zero.
template <class T>
double angle(const Tensor<T>& a, const Tensor<T>& b) {
  const auto norm = [&](double of_a, double of_b) {
    double sum = 0;
    for (Index k = 0; k < a.size(); ++k) {
      const double v = of_a * static_cast<double>(a.data()[k]) + of_b * static_cast<double>(b.data()[k]);
      sum += v * v;
    }
    return std::sqrt(sum);
  };
  const double length_a = norm(1, 0), length_b = norm(0, 1);
  if (length_a == 0 || length_b == 0) return 0;
  // Of the normalised vectors' difference and sum: the arc cosine of their product is inexact near 0 and pi.
  return 2 * std::atan2(norm(1 / length_a, -1 / length_b), norm(1 / length_a, 1 / length_b));
}

}  // namespace detail

/// n codes in equal steps along the straight line from a to b, both included; both are one code, (1, …), and
/// the result is (n, …). Not recorded.
template <class T>
Tensor<T> interpolate(const Tensor<T>& a, const Tensor<T>& b, Index n) {
  return detail::codes_between("interpolate", a, b, n, [](T t) { return std::pair(1 - t, t); });
}

/// The same along an arc: directions turn by equal angles, and lengths go from a's to b's without falling
/// towards the origin, where a normal prior in many dimensions has no codes (White, 2016, "Sampling
/// generative networks"). The line is straight where no arc is given: codes (nearly) parallel or opposite, or
/// zero.
template <class T>
Tensor<T> slerp(const Tensor<T>& a, const Tensor<T>& b, Index n) {
  const double angle = a.shape() == b.shape() ? detail::angle(a, b) : 0, sine = std::sin(angle);
  return detail::codes_between("slerp", a, b, n, [&](T part) {
    if (sine < 1e-6) return std::pair(1 - part, part);
    const auto t = static_cast<double>(part);
    return std::pair(static_cast<T>(std::sin((1 - t) * angle) / sine),
                     static_cast<T>(std::sin(t * angle) / sine));
  });
}

/// n codes (n, latent) for a look beyond what a generator was trained on: dimension k is mean + deviation
/// N(0, 1), both growing from the first dimension to the last, from -mean_scale to mean_scale and from
/// -deviation_scale to deviation_scale. (A negative deviation mirrors the noise, which N(0, 1) does not
/// show.)
template <class T = float>
Tensor<T> spread_noise(Index n, Index latent, double mean_scale, double deviation_scale, Rng& rng) {
  ensure(n >= 1 && latent >= 2, "spread_noise: expected codes of 2 or more dimensions, found {} of {}", n,
         latent);
  Tensor<T> codes = rng.normal<T>({n, latent});
  T* z = codes.mutable_data();
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k < latent; ++k, ++z) {
      const double place = 2 * static_cast<double>(k) / static_cast<double>(latent - 1) - 1;
      *z = static_cast<T>(mean_scale * place + deviation_scale * place * static_cast<double>(*z));
    }
  return codes;
}

}  // namespace figment

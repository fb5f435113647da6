// Positions in a sequence, and times, as features.
#pragma once

#include <cmath>

#include "figment/ops/index.hpp"
#include "figment/ops/math.hpp"

namespace figment {

namespace detail {

/// 1 / base^(i / of) for i < count.
template <class T>
Tensor<T> frequencies(Index count, double of, double base) {
  Tensor<T> f(Shape{count});
  T* out = f.mutable_data();
  for (Index i = 0; i < count; ++i) out[i] = static_cast<T>(std::pow(base, -static_cast<double>(i) / of));
  return f;
}

}  // namespace detail

/// Sines and cosines of each position (Vaswani et al., 2017), to add to a sequence (…, length, features): of
/// position p and pair i the sine and the cosine of p / 10000^(2i / features) stand in columns 2i and 2i + 1.
template <class T = float>
Tensor<T> sinusoidal_positions(Index length, Index features) {
  ensure(length >= 0 && features >= 1,
         "sinusoidal_positions: expected a length and features, found {} and {}", length, features);
  Tensor<T> y(Shape{length, features});
  T* out = y.mutable_data();
  for (Index p = 0; p < length; ++p)
    for (Index j = 0; j < features; ++j) {
      const double angle = static_cast<double>(p) *
                           std::pow(1e4, -static_cast<double>(j / 2 * 2) / static_cast<double>(features));
      *out++ = static_cast<T>(j % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  return y;
}

/// Of rotary_positions.
struct RotaryOptions {
  double base = 1e4;  ///< of the frequencies
  Index first = 0;    ///< position of the first row
};

/// Queries or keys x (…, L, d) turned by their positions, so that products of two depend on how far apart
/// they are (Su et al., 2021): of row p columns 2i and 2i + 1 are turned by the angle p / base^(2i / d).
template <detail::Real T>
Tensor<T> rotary_positions(const Tensor<T>& x, RotaryOptions options = {}) {
  ensure(x.rank() >= 2 && x.dim(-1) % 2 == 0, "rotary_positions: expected (…, L, d) of even d, found {}",
         x.shape());
  const Index length = x.dim(-2), pairs = x.dim(-1) / 2;
  Tensor<T> c(Shape{length, pairs, 1}), s(c.shape());
  T *pc = c.mutable_data(), *ps = s.mutable_data();
  for (Index p = 0; p < length; ++p)
    for (Index i = 0; i < pairs; ++i) {
      const double angle = static_cast<double>(options.first + p) *
                           std::pow(options.base, -static_cast<double>(i) / static_cast<double>(pairs));
      *pc++ = static_cast<T>(std::cos(angle)), *ps++ = static_cast<T>(std::sin(angle));
    }
  Shape split = detail::with_extent(x.shape(), x.rank() - 1, pairs);
  split.push_back(2);
  const auto both = reshape(x, split);
  const auto a = slice(both, -1, 0, 1), b = slice(both, -1, 1, 2);
  return reshape(concat({a * c - b * s, a * s + b * c}, -1), x.shape());
}

/// A diffusion's times t (N,) as features (N, features) (Ho et al., 2020): with h = features / 2 the sines of
/// t / 10000^(i / (h - 1)), then the cosines, and a 0 where features are odd.
template <detail::Real T>
Tensor<T> time_embedding(const Tensor<T>& t, Index features) {
  ensure(t.rank() == 1 && features >= 2,
         "time_embedding: expected times (N,) and 2 or more features, found {} "
         "and {}",
         t.shape(), features);
  const Index half = features / 2;
  const auto angles = reshape(t, {t.dim(0), 1}) *
                      detail::frequencies<T>(half, static_cast<double>(std::max<Index>(1, half - 1)), 1e4);
  if (features % 2 == 0) return concat({sin(angles), cos(angles)}, 1);
  return concat({sin(angles), cos(angles), Tensor<T>::zeros({t.dim(0), 1})}, 1);
}

}  // namespace figment

// Norms of vectors along any axes.
#pragma once

#include <cmath>

#include "figment/ops/reduce.hpp"

namespace figment {

namespace detail {

/// The p-th root of the sum of |x|^p, which is taken in double: squares of floats do not overflow there.
template <class T>
Tensor<T> p_norm(const Tensor<T>& x, const Shape& kept, double p) {
  const auto power = [p](T v) {
    const double a = std::abs(static_cast<double>(v));
    return p == 2 ? a * a : p == 3 ? a * a * a : std::pow(a, p);
  };
  const auto root = [p](double v) { return p == 2 ? std::sqrt(v) : std::pow(v, 1 / p); };
  const Lines lines(x.shape(), kept);
  if (p != 2 || !lines.whole || lines.inner != 1)
    return transform<T>(reduce_as<double>(transform<double>(x, power), kept, 1), root);
  Tensor<T> y(kept);
  const T* const in = x.data();
  T* const out = y.mutable_data();
  const auto squares = [=, n = lines.extent](Index line) {
    return chunked_sum(n, [from = in + line * n](Index begin, Index end) {
      return kernels::sum_unary(kernels::op::Square{}, from + begin, end - begin);
    });
  };
  parallel_for(lines.count, elementwise_grain / (lines.extent + 1) + 1, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) out[i] = static_cast<T>(root(squares(i)));
  });
  return y;
}

}  // namespace detail

/// (sum |x|^p)^(1/p) over the axes, p > 0: the Euclidean norm unless asked; p = 1 the sum of |x|, infinite p
/// the largest, of which equal ones share the gradient. dx = sign(x) (|x| / y)^(p-1) dy, 0 where y is 0.
template <detail::Real T>
Tensor<T> norm(const Tensor<T>& x, double p = 2, const Axes& axes = {}, Dims dims = Dims::drop) {
  ensure(p > 0, "norm: expected p > 0, found {}", p);
  const Shape kept = axes.kept(x.shape(), "norm");
  if (p == 1) return sum(abs(x), axes, dims);
  if (!detail::is_finite(p))
    return detail::fold_extremum("norm", "norm's gradient", kernels::op::Maximum{}, abs(x), axes, dims, T(0));
  const auto y = record("norm", {x}, detail::p_norm(x, kept, p), [p](auto& s, auto& dy, auto& dx) {
    dx(0, [&] {
      const Mask none = equal(s.constant_out(), 0);
      const Tensor<T> zero = Tensor<T>::zeros({}), one = Tensor<T>::ones({});
      const Tensor<T> share = where(none, zero, dy), part = s.in(0) / where(none, one, s.out());
      if (p == 2) return share * part;
      const Tensor<T> size = abs(part);
      // Below p = 1 the slope at 0 is infinite: 0 there, as PyTorch has it.
      const Mask flat = equal(size, 0);
      if (p < 1) return share * sign(part) * where(flat, zero, pow(where(flat, one, size), p - 1));
      return share * sign(part) * pow(size, p - 1);
    });
  });
  return detail::drop(y, x.shape(), axes, dims);
}

}  // namespace figment

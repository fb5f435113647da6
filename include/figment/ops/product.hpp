// Products over any axes.
#pragma once

#include "figment/ops/reduce.hpp"

namespace figment {

namespace detail {

/// The products of x (outer, extent, inner) along the middle, in double: a product of some factors may be
/// beyond T where that of all is not. Not recorded.
template <class T>
Tensor<T> products(const Tensor<T>& x) {
  const Index outer = x.dim(0), extent = x.dim(1), inner = x.dim(2);
  Tensor<T> y({outer, 1, inner});
  const T* const in = x.data();
  T* const out = y.mutable_data();
  parallel_for(outer, elementwise_grain / (extent * inner + 1) + 1, [&](Index begin, Index end) {
    for (Index o = begin; o < end; ++o) {
      const T* p = in + o * extent * inner;
      T* const q = out + o * inner;
      if (inner == 1) {  // in four chains, as one waits for itself
        double a = 1, b = 1, c = 1, d = 1;
        Index i = 0;
        for (; i + 4 <= extent; i += 4)
          a *= static_cast<double>(p[i]), b *= static_cast<double>(p[i + 1]),
              c *= static_cast<double>(p[i + 2]), d *= static_cast<double>(p[i + 3]);
        for (; i < extent; ++i) a *= static_cast<double>(p[i]);
        *q = static_cast<T>((a * b) * (c * d));
        continue;
      }
      constexpr Index band = 256;  // columns whose products stay in the first cache
      for (Index first = 0; first < inner; first += band) {
        const Index n = (std::min)(band, inner - first);
        double part[band];
        std::fill_n(part, n, 1.0);
        for (Index i = 0; i < extent; ++i)
          for (Index j = 0; j < n; ++j) part[j] *= static_cast<double>(p[i * inner + first + j]);
        for (Index j = 0; j < n; ++j) q[first + j] = static_cast<T>(part[j]);
      }
    }
  });
  return y;
}

/// Along the middle of x (outer, extent, inner) for each factor the product of the others, times dy. By
/// pairs, pairs of those and so on: no derivative of any order divides by a factor, which may be 0.
template <class T>
Tensor<T> products_of_others(const Tensor<T>& x, const Tensor<T>& dy) {
  const Index n = x.dim(1);
  if (n == 0) return x;
  if (n == 1) return dy;
  if (n % 2 != 0)
    return slice(products_of_others(figment::concat({x, Tensor<T>::ones(dy.shape())}, 1), dy), 1, 0, n);
  const Tensor<T> a = slice(x, 1, 0, n / 2), b = slice(x, 1, n / 2, n), pairs = products_of_others(a * b, dy);
  return figment::concat({pairs * b, pairs * a}, 1);
}

/// The product along an axis, whose extent is 1 then.
template <class T>
Tensor<T> product_along(const Tensor<T>& x, Index axis) {
  const AxisView v(x.shape(), axis);
  if (v.extent == 1) return x;
  const Tensor<T> lines = reshape(x, Shape{v.outer, v.extent, v.inner});
  const Tensor<T> y = record(
      "prod", {lines}, products(lines),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return products_of_others(s.in(0), dy); }); },
      Keep::inputs);
  return reshape(y, with_extent(x.shape(), axis, 1));
}

}  // namespace detail

/// The product over the axes; 1 of no elements. dx = the product of the others, times dy, also where some are
/// 0.
template <detail::Real T>
Tensor<T> prod(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  const Shape kept = axes.kept(x.shape(), "prod");
  Tensor<T> y = x;
  if (kept.size() == 1 && x.rank() > 1)  // all at once
    y = reshape(detail::product_along(reshape(x, Shape{x.size()}), 0), kept);
  else
    for (Index d = 0; d < x.rank(); ++d)
      if (kept[d] != x.dim(d)) y = detail::product_along(y, d);
  return detail::drop(y, x.shape(), axes, dims);
}

}  // namespace figment

// Products over any axes.
#pragma once

#include "figment/ops/reduce.hpp"

namespace figment {

namespace detail {

/// The product along an axis, whose extent is 1 then. Of pairs, pairs of those and so on: no gradient of any
/// order divides by a factor, which may be 0.
template <class T>
Tensor<T> product_along(const Tensor<T>& x, Index axis) {
  const AxisView v(x.shape(), axis);
  if (v.extent == 0) return sum(x, axis, Dims::keep) + 1;  // of nothing, and part of the graph all the same
  Tensor<T> y = reshape(x, Shape{v.outer, v.extent, v.inner}), odd;
  for (Index n = v.extent; n > 1; n /= 2) {
    if (n % 2 != 0) {
      const Tensor<T> last = slice(y, 1, n - 1, n);
      odd = odd.defined() ? odd * last : last;
    }
    const Index half = n / 2;
    y = slice(y, 1, 0, half) * slice(y, 1, half, 2 * half);
  }
  return reshape(odd.defined() ? y * odd : y, with_extent(x.shape(), axis, 1));
}

}  // namespace detail

/// The product over the axes; 1 of no elements. dx = the product of the others, times dy, also where some are
/// 0.
template <detail::Real T>
Tensor<T> prod(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  const Shape kept = axes.kept(x.shape(), "prod");
  if (kept.size() == 1 && x.rank() > 1)  // all at once
    return detail::drop(reshape(detail::product_along(reshape(x, Shape{x.size()}), 0), kept), x.shape(), axes,
                        dims);
  Tensor<T> y = x;
  for (Index d = 0; d < x.rank(); ++d)
    if (kept[d] != x.dim(d)) y = detail::product_along(y, d);
  return detail::drop(y, x.shape(), axes, dims);
}

}  // namespace figment

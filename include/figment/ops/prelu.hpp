// Rectification with a learned slope (He et al., 2015).
#pragma once

#include "figment/ops/compare.hpp"

namespace figment {

/// x where x > 0, else slope x: x (…, C), slope (1,) or (C,). dx = dy or slope dy, dslope = the sum of x dy
/// where x is not positive.
template <detail::Real T>
Tensor<T> prelu(const Tensor<T>& x, const Tensor<T>& slope) {
  ensure(x.rank() >= 1 && (slope.shape() == Shape{1} || slope.shape() == Shape{x.dim(-1)}),
         "prelu: expected a slope for all or one for each last extent of x {}, found shape {}", x.shape(),
         slope.shape());
  return record(
      "prelu", {x, slope}, no_grad([&] { return where(greater(x, T(0)), x, x * slope); }),
      [](auto& s, auto& dy, auto& dx) {
        const Mask above = greater(s.constant_in(0), T(0));
        dx(0, [&] { return where(above, dy, dy * s.in(1)); });
        dx(1, [&] { return where(above, 0, dy * s.in(0)); });
      },
      Keep::inputs);
}

}  // namespace figment

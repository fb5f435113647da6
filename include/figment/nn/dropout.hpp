// Dropout.
#pragma once

#include "figment/nn/context.hpp"
#include "figment/ops/arithmetic.hpp"

namespace figment {

/// While training, sets each element to 0 with probability `rate` and scales the others by 1 / (1 - rate)
/// (Srivastava et al., 2014); otherwise the identity.
struct Dropout {
  double rate;

  explicit Dropout(double r) : rate(r) {
    check(rate >= 0 && rate < 1, "Dropout: expected a rate in [0, 1), found {}", rate);
  }

  template <class T>
  Tensor<T> forward(const Tensor<T>& x, const Context& context) const {
    if (!context.training || rate == 0) return x;
    const auto keep = static_cast<T>(1 - rate);
    return x * affine(context.generator("Dropout").bernoulli<T>(x.shape(), keep), 1 / (1 - rate), 0);
  }
  std::string describe() const { return format("Dropout({})", rate); }
};

}  // namespace figment

// Noise added while training.
#pragma once

#include <string>

#include "figment/autograd/arithmetic.hpp"
#include "figment/nn/context.hpp"
#include "figment/nn/report.hpp"

namespace figment {

/// While training, adds deviation * N(0, 1) to each element; otherwise the identity.
struct GaussianNoise {
  double deviation;  ///< 0 or more

  /// Throws when the deviation is negative.
  explicit GaussianNoise(double d) : deviation(d) {
    ensure(deviation >= 0, "GaussianNoise: expected a deviation of 0 or more, found {}", deviation);
  }

  template <class T>
  Tensor<T> forward(const Tensor<T>& x, const Context& context) const {
    return detail::reported(*this, x, [&] {
      if (!context.training || deviation == 0) return x;
      return x + context.generator("GaussianNoise").normal<T>(x.shape(), T(0), static_cast<T>(deviation));
    });
  }
  /// forward(x, context).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x, const Context& context) const {
    return forward(x, context);
  }
  std::string describe() const { return figment::format("GaussianNoise({})", deviation); }
};

}  // namespace figment

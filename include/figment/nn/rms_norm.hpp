// The layer of normalisation by the root of the mean square.
#pragma once

#include <string>

#include "figment/nn/report.hpp"
#include "figment/ops/rms_norm.hpp"

namespace figment {

/// Of RmsNorm.
struct RmsNormOptions {
  double epsilon = 1e-6;  ///< added to the mean square: Keras'; PyTorch has the type's own epsilon
  bool affine = true;     ///< scale by gamma, which begins as 1
};

/// y = x / sqrt(mean(x^2) + epsilon) * gamma over each sample's, or pixel's, features (Zhang and Sennrich,
/// 2019): x (…, features).
template <class T = float>
struct RmsNorm {
  using value_type = T;

  Index features;   ///< the last extent of x
  Tensor<T> gamma;  ///< (features,), undefined unless affine
  double epsilon;   ///< added to the mean square

  /// For size features. Throws unless epsilon is positive.
  explicit RmsNorm(Index size, RmsNormOptions options = {})
      : features(size),
        gamma(options.affine ? parameter(Tensor<T>::ones({size})) : Tensor<T>()),
        epsilon(options.epsilon) {
    ensure(epsilon > 0, "RmsNorm: expected a positive epsilon, found {}", epsilon);
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] {
      ensure(x.rank() >= 1 && x.dim(-1) == features, "rms_norm: x {} needs {} features", x.shape(), features);
      return rms_norm(x, gamma, epsilon);
    });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void visit(auto&& v) {
    if (gamma.defined()) v("gamma", gamma, Layout::scale);
  }

  std::string describe() const { return figment::format("RmsNorm({})", features); }
};

}  // namespace figment

// The layer normalisation layer.
#pragma once

#include <string>

#include "figment/nn/report.hpp"
#include "figment/ops/layer_norm.hpp"

namespace figment {

/// Of LayerNorm.
struct LayerNormOptions {
  double epsilon = 1e-3;  ///< added to the variance: Keras'; PyTorch has 1e-5
  bool affine = true;     ///< scale by gamma and shift by beta, which begin as 1 and 0
};

/// y = (x - mean) / sqrt(var + epsilon) * gamma + beta, where mean and biased variance are those of each
/// sample's, or pixel's, features (Ba, Kiros and Hinton, 2016): x (…, features), alike in training and use.
template <class T = float>
struct LayerNorm {
  using value_type = T;

  Index features;         ///< the last extent of x
  Tensor<T> gamma, beta;  ///< (features,), undefined unless affine
  double epsilon;         ///< added to the variance

  /// For size features. Throws unless epsilon is positive.
  explicit LayerNorm(Index size, LayerNormOptions options = {})
      : features(size),
        gamma(options.affine ? parameter(Tensor<T>::ones({size})) : Tensor<T>()),
        beta(options.affine ? parameter(Tensor<T>::zeros({size})) : Tensor<T>()),
        epsilon(options.epsilon) {
    ensure(epsilon > 0, "LayerNorm: expected a positive epsilon, found {}", epsilon);
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] {
      ensure(x.rank() >= 1 && x.dim(-1) == features, "layer_norm: x {} needs {} features", x.shape(),
             features);
      return layer_norm(x, gamma, beta, epsilon);
    });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void visit(auto&& v) {
    if (gamma.defined()) v("gamma", gamma, Layout::scale), v("beta", beta, Layout::shift);
  }

  std::string describe() const { return figment::format("LayerNorm({})", features); }
};

}  // namespace figment

// Adagrad.
#pragma once

#include "figment/optim/optimizer.hpp"

namespace figment {

struct AdagradOptions {
  double rate = 1e-3;                ///< Keras'; PyTorch has 1e-2
  double initial_accumulator = 0.1;  ///< Keras'; PyTorch has 0
  double epsilon = 1e-7;
};

/// v += g^2, w -= rate g / (sqrt(v) + epsilon) (Duchi et al., 2011).
template <class T = float>
class Adagrad final : public Optimizer<T> {
 public:
  explicit Adagrad(TensorList<T> parameters, AdagradOptions options = {})
      : Optimizer<T>(std::move(parameters), options.rate, {true, false, false}, options.initial_accumulator),
        options_(options) {}

 private:
  void update(std::span<const Tensor<T>> gradients) override {
    this->apply(kernels::op::Adagrad{this->rate(), options_.epsilon}, gradients);
  }
  AdagradOptions options_;
};

}  // namespace figment

// Adadelta.
#pragma once

#include "figment/optim/optimizer.hpp"

namespace figment {

struct AdadeltaOptions {
  double rate = 1.0;  ///< the paper's, PyTorch's and Keras' of 2016; Keras now has 1e-3
  double rho = 0.95;  ///< PyTorch has 0.9
  double epsilon = 1e-7;
};

/// Steps of g scaled by the ratio of the root mean squares of past steps and past gradients (Zeiler, 2012).
template <class T = float>
class Adadelta final : public Optimizer<T> {
 public:
  explicit Adadelta(TensorList<T> parameters, AdadeltaOptions options = {})
      : Optimizer<T>(std::move(parameters), options.rate, {true, true, false}), options_(options) {}

 private:
  void update(std::span<const Tensor<T>> gradients) override {
    this->apply(kernels::op::Adadelta{this->rate(), options_.rho, options_.epsilon}, gradients);
  }
  AdadeltaOptions options_;
};

}  // namespace figment

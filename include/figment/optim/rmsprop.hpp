// RMSprop.
#pragma once

#include "figment/optim/optimizer.hpp"

namespace figment {

/// Of RmsProp.
struct RmsPropOptions {
  double rate = 1e-3;       ///< the learning rate
  double rho = 0.9;         ///< PyTorch calls it alpha, and has 0.99
  double epsilon = 1e-7;    ///< added to the root: Keras'; PyTorch has 1e-8
  double momentum = 0;      ///< of a running sum of the steps; 0: none
  bool centered = false;    ///< divide by the deviation instead of the root mean square
  double weight_decay = 0;  ///< added to the gradient, times the parameter
};

/// v = rho v + (1 - rho) g^2, w -= rate g / (sqrt(v) + epsilon) (Tieleman and Hinton, 2012).
/// Keras' defaults and PyTorch's formula; Keras 3 has epsilon inside the root.
template <class T = float>
class RmsProp final : public Optimizer<T> {
 public:
  /// One array of state beside each parameter; one more with momentum, and one if centered.
  explicit RmsProp(TensorList<T> parameters, RmsPropOptions options = {})
      : Optimizer<T>(std::move(parameters), options.rate, {true, options.momentum != 0, options.centered}),
        options_(options) {
    detail::check_settings("RmsProp", {options.rho, options.momentum},
                           {options.epsilon, options.weight_decay});
  }
  /// The same of groups.
  explicit RmsProp(const ParameterGroups<T>& groups, RmsPropOptions options = {})
      : RmsProp(detail::parameters_of(groups), options) {
    this->set_groups(groups);
  }

 private:
  void update(std::span<const Tensor<T>> gradients) override {
    const auto& o = options_;
    this->each_group(o.weight_decay, [&](const auto& group) {
      this->apply(
          kernels::op::RmsProp{group.rate, o.rho, o.epsilon, o.momentum, group.weight_decay, o.centered},
          gradients, group);
    });
  }
  RmsPropOptions options_;
};

}  // namespace figment

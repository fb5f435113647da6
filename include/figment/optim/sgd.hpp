// Stochastic gradient descent.
#pragma once

#include "figment/optim/optimizer.hpp"

namespace figment {

/// Of Sgd.
struct SgdOptions {
  double rate = 0.01;       ///< the learning rate
  double momentum = 0;      ///< how much of the last step stays; 0: none
  bool nesterov = false;    ///< look ahead by the momentum
  double weight_decay = 0;  ///< added to the gradient, times the parameter
};

/// s = momentum s + g, w -= rate s; with Nesterov w -= rate (g + momentum s) (Sutskever et al., 2013).
/// PyTorch's formula. Keras folds the rate into s, which differs only when the rate changes.
template <class T = float>
class Sgd final : public Optimizer<T> {
 public:
  /// One array of state beside each parameter if there is momentum, else none.
  explicit Sgd(TensorList<T> parameters, SgdOptions options = {})
      : Optimizer<T>(std::move(parameters), options.rate, {options.momentum != 0, false, false}),
        options_(options) {
    detail::check_settings("Sgd", {options.momentum}, {options.weight_decay});
  }
  /// The same of groups.
  explicit Sgd(const ParameterGroups<T>& groups, SgdOptions options = {})
      : Sgd(detail::parameters_of(groups), options) {
    this->set_groups(groups);
  }

 private:
  void update(std::span<const Tensor<T>> gradients) override {
    this->each_group(options_.weight_decay, [&](const auto& group) {
      this->apply(kernels::op::Sgd{group.rate, options_.momentum, group.weight_decay, options_.nesterov},
                  gradients, group);
    });
  }
  SgdOptions options_;
};

}  // namespace figment

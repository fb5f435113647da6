// Adadelta.
#pragma once

#include "figment/optim/optimizer.hpp"

namespace figment {

/// Of Adadelta.
struct AdadeltaOptions {
  double rate = 1.0;        ///< the paper's, PyTorch's and Keras' of 2016; Keras now has 1e-3
  double rho = 0.95;        ///< PyTorch has 0.9
  double epsilon = 1e-7;    ///< added to both means before their roots
  double weight_decay = 0;  ///< added to the gradient, times the parameter
};

/// Steps of g scaled by the ratio of the root mean squares of past steps and past gradients (Zeiler, 2012).
template <class T = float>
class Adadelta final : public Optimizer<T> {
 public:
  /// Two arrays of state beside each parameter.
  explicit Adadelta(TensorList<T> parameters, AdadeltaOptions options = {})
      : Optimizer<T>(std::move(parameters), options.rate, {true, true, false}), options_(options) {
    detail::check_settings("Adadelta", {options.rho}, {options.epsilon, options.weight_decay});
  }
  /// The same of groups.
  explicit Adadelta(const ParameterGroups<T>& groups, AdadeltaOptions options = {})
      : Adadelta(detail::parameters_of(groups), options) {
    this->set_groups(groups);
  }

 private:
  void update(std::span<const Tensor<T>> gradients) override {
    this->each_group(options_.weight_decay, [&](const auto& group) {
      this->apply(kernels::op::Adadelta{group.rate, options_.rho, options_.epsilon, group.weight_decay},
                  gradients, group);
    });
  }
  AdadeltaOptions options_;
};

}  // namespace figment

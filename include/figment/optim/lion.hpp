// Lion.
#pragma once

#include "figment/optim/optimizer.hpp"

namespace figment {

/// Of Lion.
struct LionOptions {
  double rate = 1e-4;                ///< the paper's; Keras has 1e-3. A tenth to a third of Adam's
  double beta1 = 0.9, beta2 = 0.99;  ///< how much of m stays in a step's direction, and after it
  double weight_decay = 0;           ///< shrinks the parameter itself; three to ten times AdamW's
};

/// w -= rate (sign(beta1 m + (1 - beta1) g) + weight_decay w), then m = beta2 m + (1 - beta2) g: a step of
/// the same size in every number (Chen et al., 2023).
template <class T = float>
class Lion final : public Optimizer<T> {
 public:
  /// One array of state beside each parameter.
  explicit Lion(TensorList<T> parameters, LionOptions options = {})
      : Optimizer<T>(std::move(parameters), options.rate, {true, false, false}), options_(options) {
    detail::check_settings("Lion", {options.beta1, options.beta2}, {options.weight_decay});
  }
  /// The same of groups.
  explicit Lion(const ParameterGroups<T>& groups, LionOptions options = {})
      : Lion(detail::parameters_of(groups), options) {
    this->set_groups(groups);
  }

 private:
  void update(std::span<const Tensor<T>> gradients) override {
    const auto& o = options_;
    this->each_group(o.weight_decay, [&](const auto& group) {
      this->apply(kernels::op::Lion{group.rate, o.beta1, o.beta2, 1 - group.rate * group.weight_decay},
                  gradients, group);
    });
  }

  LionOptions options_;
};

}  // namespace figment

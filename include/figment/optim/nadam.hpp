// NAdam.
#pragma once

#include <cmath>

#include "figment/optim/optimizer.hpp"

namespace figment {

/// Of NAdam.
struct NAdamOptions {
  double rate = 1e-3;                 ///< Keras'; PyTorch has 2e-3
  double beta1 = 0.9, beta2 = 0.999;  ///< how much of m and of v stays each step
  double epsilon = 1e-7;              ///< Keras'; PyTorch has 1e-8
  double momentum_decay = 0.004;      ///< how fast the share of m rises to beta1
  double weight_decay = 0;            ///< added to the gradient, times the parameter
  bool decoupled = false;             ///< shrink the parameter itself instead of adding to the gradient
};

/// Adam that looks ahead by its momentum (Dozat, 2016): the step is by m as it will be, mu_{t+1} m + (1 -
/// mu_t) g, where mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2), corrected for its start at 0. PyTorch's
/// formula.
template <class T = float>
class NAdam final : public Optimizer<T> {
 public:
  /// Two arrays of state beside each parameter.
  explicit NAdam(TensorList<T> parameters, NAdamOptions options = {})
      : Optimizer<T>(std::move(parameters), options.rate, {true, true, false}), options_(options) {
    detail::check_settings("NAdam", {options.beta1, options.beta2},
                           {options.epsilon, options.weight_decay, options.momentum_decay});
  }
  /// The same of groups.
  explicit NAdam(const ParameterGroups<T>& groups, NAdamOptions options = {})
      : NAdam(detail::parameters_of(groups), options) {
    this->set_groups(groups);
  }

 private:
  double momentum(Index t) const {
    return options_.beta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(t) * options_.momentum_decay));
  }
  void update(std::span<const Tensor<T>> gradients) override {
    const auto& o = options_;
    const Index t = this->steps();
    // By the steps alone, multiplied in their order: no checkpoint needs to have it.
    if (t <= multiplied_) product_ = 1, multiplied_ = 0;
    while (multiplied_ < t) product_ *= momentum(++multiplied_);
    const double now = momentum(t), next = momentum(t + 1);
    const double squares = 1 - std::pow(o.beta2, static_cast<double>(t));
    this->each_group(o.weight_decay, [&](const auto& group) {
      const double decay = group.weight_decay;
      this->apply(kernels::op::NAdam{o.beta1, o.beta2, o.epsilon, o.decoupled ? 0 : decay,
                                     o.decoupled ? 1 - group.rate * decay : 1,
                                     group.rate * (1 - now) / (1 - product_),
                                     group.rate * next / (1 - product_ * next), 1 / std::sqrt(squares)},
                  gradients, group);
    });
  }

  NAdamOptions options_;
  double product_ = 1;  // of the momenta of so many steps
  Index multiplied_ = 0;
};

}  // namespace figment

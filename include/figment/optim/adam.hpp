// Adam and AdamW.
#pragma once

#include <cmath>

#include "figment/optim/optimizer.hpp"

namespace figment {

/// Of Adam.
struct AdamOptions {
  double rate = 1e-3;                 ///< the learning rate
  double beta1 = 0.9, beta2 = 0.999;  ///< how much of m and of v stays each step
  double epsilon = 1e-7;              ///< Keras'; PyTorch has 1e-8
  bool amsgrad = false;               ///< divide by the largest second moment so far (Reddi et al., 2018)
  double weight_decay = 0;            ///< added to the gradient, times the parameter
  bool decoupled = false;             ///< shrink the parameter itself instead of adding to the gradient
};

/// m and v: decaying means of g and g^2, both corrected for their start at 0;
/// w -= rate m / (sqrt(v) + epsilon) (Kingma and Ba, 2014). Keras' defaults and PyTorch's formula: Keras adds
/// epsilon before correcting v, which makes its epsilon larger in the first steps.
template <class T = float>
class Adam : public Optimizer<T> {
 public:
  /// Two arrays of state beside each parameter, three with amsgrad.
  explicit Adam(TensorList<T> parameters, AdamOptions options = {})
      : Optimizer<T>(std::move(parameters), options.rate, {true, true, options.amsgrad}), options_(options) {
    detail::check_settings("Adam", {options.beta1, options.beta2}, {options.epsilon, options.weight_decay});
  }
  /// The same of groups.
  explicit Adam(const ParameterGroups<T>& groups, AdamOptions options = {})
      : Adam(detail::parameters_of(groups), options) {
    this->set_groups(groups);
  }

 private:
  void update(std::span<const Tensor<T>> gradients) override {
    const auto& o = options_;
    const auto t = static_cast<double>(this->steps());
    this->each_group(o.weight_decay, [&](const auto& group) {
      const double decay = group.weight_decay;
      this->apply(kernels::op::Adam{group.rate, o.beta1, o.beta2, o.epsilon, o.decoupled ? 0 : decay,
                                    o.decoupled ? 1 - group.rate * decay : 1, 1 / (1 - std::pow(o.beta1, t)),
                                    1 / std::sqrt(1 - std::pow(o.beta2, t)), o.amsgrad},
                  gradients, group);
    });
  }
  AdamOptions options_;
};

/// Of AdamW.
struct AdamWOptions {
  double rate = 1e-3;                 ///< the learning rate
  double beta1 = 0.9, beta2 = 0.999;  ///< how much of m and of v stays each step
  double epsilon = 1e-7;              ///< Keras'; PyTorch has 1e-8
  bool amsgrad = false;               ///< divide by the largest second moment so far
  double weight_decay = 0.01;         ///< PyTorch's; Keras has 0.004
};

/// Adam with the weight decay taken from the parameter directly (Loshchilov and Hutter, 2017).
template <class T = float>
class AdamW final : public Adam<T> {
 public:
  /// As Adam, decoupled.
  explicit AdamW(TensorList<T> parameters, AdamWOptions o = {})
      : Adam<T>(std::move(parameters), {.rate = o.rate,
                                        .beta1 = o.beta1,
                                        .beta2 = o.beta2,
                                        .epsilon = o.epsilon,
                                        .amsgrad = o.amsgrad,
                                        .weight_decay = o.weight_decay,
                                        .decoupled = true}) {}
  /// The same of groups.
  explicit AdamW(const ParameterGroups<T>& groups, AdamWOptions options = {})
      : AdamW(detail::parameters_of(groups), options) {
    this->set_groups(groups);
  }
};

}  // namespace figment

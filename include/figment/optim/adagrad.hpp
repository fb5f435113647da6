// Adagrad.
#pragma once

#include <limits>

#include "figment/optim/optimizer.hpp"

namespace figment {

/// Of Adagrad.
struct AdagradOptions {
  double rate = 1e-3;                ///< Keras'; PyTorch has 1e-2
  double initial_accumulator = 0.1;  ///< Keras'; PyTorch has 0
  double epsilon = 1e-7;             ///< added to the root: Keras'; PyTorch has 1e-10
  double weight_decay = 0;           ///< added to the gradient, times the parameter
};

/// v += g^2, w -= rate g / (sqrt(v) + epsilon) (Duchi et al., 2011).
template <class T = float>
class Adagrad final : public Optimizer<T> {
 public:
  /// One array of state beside each parameter, from initial_accumulator.
  explicit Adagrad(TensorList<T> parameters, AdagradOptions options = {})
      : Optimizer<T>(std::move(parameters), options.rate, {true, false, false}, options.initial_accumulator),
        options_(options) {
    detail::check_settings("Adagrad", {},
                           {options.epsilon, options.initial_accumulator, options.weight_decay});
  }
  /// The same of groups.
  explicit Adagrad(const ParameterGroups<T>& groups, AdagradOptions options = {})
      : Adagrad(detail::parameters_of(groups), options) {
    this->set_groups(groups);
  }

 private:
  void update(std::span<const Tensor<T>> gradients) override {
    this->each_group(options_.weight_decay, [&](const auto& group) {
      this->apply(
          kernels::op::Adagrad{group.rate, options_.epsilon,
                               static_cast<double>((std::numeric_limits<T>::max)()), group.weight_decay},
          gradients, group);
    });
  }
  AdagradOptions options_;
};

}  // namespace figment

// RAdam.
#pragma once

#include <cmath>

#include "figment/optim/optimizer.hpp"

namespace figment {

/// Of RAdam.
struct RAdamOptions {
  double rate = 1e-3;                 ///< the learning rate
  double beta1 = 0.9, beta2 = 0.999;  ///< how much of m and of v stays each step
  double epsilon = 1e-8;              ///< added to the root of v: PyTorch's
  double weight_decay = 0;            ///< added to the gradient, times the parameter
  bool decoupled = false;             ///< shrink the parameter itself instead of adding to the gradient
};

/// Adam whose first steps, of which v says little, are by m alone, and whose next ones are shorter by what
/// v's variance adds: no warm-up is needed (Liu et al., 2019). PyTorch's formula.
template <class T = float>
class RAdam final : public Optimizer<T> {
 public:
  /// Two arrays of state beside each parameter.
  explicit RAdam(TensorList<T> parameters, RAdamOptions options = {})
      : Optimizer<T>(std::move(parameters), options.rate, {true, true, false}), options_(options) {
    detail::check_settings("RAdam", {options.beta1, options.beta2}, {options.epsilon, options.weight_decay});
  }
  /// The same of groups.
  explicit RAdam(const ParameterGroups<T>& groups, RAdamOptions options = {})
      : RAdam(detail::parameters_of(groups), options) {
    this->set_groups(groups);
  }

 private:
  void update(std::span<const Tensor<T>> gradients) override {
    const auto& o = options_;
    const auto t = static_cast<double>(this->steps());
    const double left = std::pow(o.beta2, t), squares = 1 - left;
    // The length of the simple moving average that v is like, in the end and now.
    const double longest = 2 / (1 - o.beta2) - 1, length = longest - 2 * t * left / squares;
    const bool rectified = length > 5;
    double scale = 1 / (1 - std::pow(o.beta1, t));
    if (rectified)
      scale *= std::sqrt(squares * (length - 4) * (length - 2) * longest /
                         ((longest - 4) * (longest - 2) * length));
    this->each_group(o.weight_decay, [&](const auto& group) {
      const double decay = group.weight_decay;
      this->apply(kernels::op::RAdam{group.rate * scale, o.beta1, o.beta2, o.epsilon, o.decoupled ? 0 : decay,
                                     o.decoupled ? 1 - group.rate * decay : 1, rectified},
                  gradients, group);
    });
  }

  RAdamOptions options_;
};

}  // namespace figment

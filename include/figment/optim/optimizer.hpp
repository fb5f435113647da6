// What all optimisers share: the parameters, the rate, the state and the walk over memory.
#pragma once

#include <array>
#include <string>

#include "figment/autograd/record.hpp"
#include "figment/core/map.hpp"

namespace figment {

/// Changes parameters in place by their gradients. It holds handles to a module's own tensors.
/// A step is one pass over each parameter's memory.
template <class T>
class Optimizer {
 public:
  using value_type = T;

  [[gnu::noinline]] virtual ~Optimizer() {}

  /// Takes one step. Gradients come in the order of the parameters, as from grad(loss, parameters()).
  void step(std::span<const Tensor<T>> gradients) {
    check(gradients.size() == parameters_.size(), "step: {} gradients for {} parameters", gradients.size(),
          parameters_.size());
    for (std::size_t i = 0; i < gradients.size(); ++i)
      check(gradients[i].shape() == parameters_[i].shape(), "step: gradient {} is {}, its parameter is {}", i,
            gradients[i].shape(), parameters_[i].shape());
    ++steps_;
    update(gradients);
  }

  /// The learning rate; schedules write it between steps.
  double rate() const { return rate_; }
  void set_rate(double rate) {
    check(rate >= 0, "set_rate: expected 0 or more, found {}", rate);
    rate_ = rate;
  }
  /// Steps taken; set when a run goes on from where another was.
  Index steps() const { return steps_; }
  void set_steps(Index steps) { steps_ = steps; }
  const TensorList<T>& parameters() const { return parameters_; }

  /// The state arrays, for checkpoints: "0.0" is the first parameter's first array.
  template <class V>
  void visit(V&& v) {
    for (std::size_t s = 0; s < states_.size(); ++s)
      for (std::size_t i = 0; i < states_[s].size(); ++i)
        v(std::to_string(i) + "." + std::to_string(s), states_[s][i]);
  }

 protected:
  /// `states` names the arrays in use, each as large as the parameters and first filled with `initial`.
  Optimizer(TensorList<T> parameters, double rate, std::array<bool, 3> states, double initial = 0)
      : parameters_(std::move(parameters)) {
    set_rate(rate);
    for (std::size_t s = 0; s < states.size(); ++s)
      for (std::size_t i = 0; states[s] && i < parameters_.size(); ++i)
        states_[s].push_back(Tensor<T>::full(parameters_[i].shape(), static_cast<T>(initial)));
  }

  virtual void update(std::span<const Tensor<T>> gradients) = 0;

  /// Runs one update formula over every parameter.
  template <class Op>
  void apply(const Op& op, std::span<const Tensor<T>> gradients) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      T* w = parameters_[i].mutable_data();
      const T* g = gradients[i].data();
      T* state[3];
      for (std::size_t s = 0; s < 3; ++s)
        state[s] = states_[s].empty() ? nullptr : states_[s][i].mutable_data();
      parallel_for(parameters_[i].size(), detail::elementwise_grain, [&](Index begin, Index end) {
        const auto at = [&](T* p) { return p ? p + begin : nullptr; };
        kernels::update(op, w + begin, g + begin, at(state[0]), at(state[1]), at(state[2]), end - begin);
      });
    }
  }

 private:
  TensorList<T> parameters_;
  std::array<TensorList<T>, 3> states_;
  double rate_ = 0;
  Index steps_ = 0;
};

}  // namespace figment

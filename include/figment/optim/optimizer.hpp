// What all optimisers share: the parameters, the rate, the state and the walk over memory.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "figment/autograd/record.hpp"
#include "figment/core/map.hpp"

namespace figment {

namespace detail {

/// Throws unless all decays are in [0, 1) and all amounts 0 or more.
inline void check_settings(const char* optimizer, std::initializer_list<double> decays,
                           std::initializer_list<double> amounts) {
  for (const double d : decays)
    ensure(d >= 0 && d < 1, "{}: expected a decay in [0, 1), found {}", optimizer, d);
  for (const double a : amounts)
    ensure(a >= 0, "{}: expected an epsilon, a weight decay and a start of 0 or more, found {}", optimizer,
           a);
}

}  // namespace detail

/// Parameters with a rate and a weight decay of their own:
///
///   Adam<float> adam({{.parameters = parameters(body), .rate_scale = 0.1}, {.parameters =
///   parameters(head)}})
template <class T = float>
struct ParameterGroup {
  TensorList<T> parameters{};            ///< in no other group
  double rate_scale = 1;                 ///< times the optimiser's rate, which schedules write
  std::optional<double> weight_decay{};  ///< in place of the optimiser's
};
/// An optimiser's parameters are those of one group after the other.
template <class T = float>
using ParameterGroups = std::vector<ParameterGroup<T>>;

namespace detail {

template <class T>
[[gnu::cold]] TensorList<T> parameters_of(const ParameterGroups<T>& groups) {
  TensorList<T> all;
  for (const auto& g : groups)
    for (const auto& p : g.parameters) append(all, p);
  return all;
}

}  // namespace detail

/// Changes parameters in place by their gradients. It holds handles to a module's own tensors, each listed
/// once. A step is one pass over each parameter's memory. It takes gradients as they are: NaN and infinity
/// become the parameter's (fit refuses them first, first_non_finite finds them), and of the optimisers that
/// keep squares an element beyond 2^63, 2^511 in double, counts as that: their squares stay finite.
template <class T>
class Optimizer {
 public:
  using value_type = T;

  [[gnu::noinline]] virtual ~Optimizer() {}

  /// Takes one step. Gradients come in the order of the parameters, as from grad(loss, parameters()).
  void step(std::span<const Tensor<T>> gradients) {
    ensure(gradients.size() == parameters_.size(), "step: {} gradients for {} parameters", gradients.size(),
           parameters_.size());
    for (std::size_t i = 0; i < gradients.size(); ++i)
      ensure(gradients[i].shape() == parameters_[i].shape(), "step: gradient {} is {}, its parameter is {}",
             i, gradients[i].shape(), parameters_[i].shape());
    ++steps_;
    update(gradients);
  }

  /// The learning rate; schedules write it between steps.
  double rate() const { return rate_; }
  /// Throws when the rate is negative.
  void set_rate(double rate) {
    ensure(rate >= 0, "optimizer: expected a rate of 0 or more, found {}", rate);
    rate_ = rate;
  }
  /// Steps taken; set when a run goes on from where another was.
  Index steps() const { return steps_; }
  /// Sets the count that Adam's correction goes by.
  void set_steps(Index steps) { steps_ = steps; }
  /// What is trained, in the order of the gradients.
  const TensorList<T>& parameters() const { return parameters_; }

  /// The state arrays, for checkpoints: "0.0" is the first parameter's first array.
  template <class V>
  void visit(V&& v) {
    for (std::size_t s = 0; s < states_.size(); ++s)
      for (std::size_t i = 0; i < states_[s].size(); ++i)
        if (states_[s][i].defined()) v(std::to_string(i) + "." + std::to_string(s), states_[s][i]);
  }

 protected:
  /// `states` names the arrays in use, each as large as the parameters and first filled with `initial`.
  Optimizer(TensorList<T> parameters, double rate, std::array<bool, 3> states, double initial = 0)
      : parameters_(std::move(parameters)) {
    detail::check_apart("optimizer", "parameters", parameters_);
    set_rate(rate);
    parts_.push_back({parameters_.size(), 1, {}});
    for (std::size_t s = 0; s < states.size(); ++s)
      for (std::size_t i = 0; states[s] && i < parameters_.size(); ++i)
        detail::append(states_[s], Tensor<T>::full(parameters_[i].shape(), static_cast<T>(initial)));
  }

  /// The parameters are those of these groups: for a constructor that has listed them in this order. Throws
  /// when a scale or a decay is negative.
  [[gnu::cold]] void set_groups(const ParameterGroups<T>& groups) {
    parts_.clear();
    std::size_t end = 0;
    for (const auto& g : groups) {
      const double decay = g.weight_decay.value_or(0);
      ensure(g.rate_scale >= 0 && decay >= 0,
             "optimizer: group {} has a rate_scale of {} and a weight_decay of {}, expected 0 or more",
             parts_.size(), g.rate_scale, decay);
      parts_.push_back({end += g.parameters.size(), g.rate_scale, g.weight_decay});
    }
  }

  /// One step of the formula: an optimiser of your own has this.
  virtual void update(std::span<const Tensor<T>> gradients) = 0;

  /// What the formula of a group goes by.
  struct Group {
    double rate;              ///< the learning rate
    double weight_decay;      ///< as the optimiser takes it
    std::size_t first, last;  ///< of parameters()
  };
  /// Calls f(group) for each group, `weight_decay` being that of those which have none of their own.
  template <class F>
  void each_group(double weight_decay, const F& f) const {
    std::size_t first = 0;
    for (const Part& p : parts_) {
      f(Group{rate_ * p.rate_scale, p.weight_decay.value_or(weight_decay), first, p.end});
      first = p.end;
    }
  }

  /// Runs one update formula over every parameter, in parts that several threads may share:
  ///
  ///   formula(T* w, const T* g, T* const* state, Index n)
  ///
  /// changes the n numbers at w by their gradients g; state[s] is the s-th array there, null if not in use.
  template <class Formula>
  void each(std::span<const Tensor<T>> gradients, const Formula& formula) {
    each(gradients, formula, {0, 0, 0, parameters_.size()});
  }
  /// The same of a group.
  template <class Formula>
  void each(std::span<const Tensor<T>> gradients, const Formula& formula, const Group& group) {
    for (std::size_t i = group.first; i < group.last; ++i) {
      T* w = parameters_[i].mutable_data();
      const T* g = gradients[i].data();
      T* state[3];
      for (std::size_t s = 0; s < 3; ++s)
        state[s] = states_[s].empty() ? nullptr : states_[s][i].mutable_data();
      parallel_for(parameters_[i].size(), detail::elementwise_grain, [&](Index begin, Index end) {
        const auto at = [&](T* p) { return p ? p + begin : nullptr; };
        T* const here[3] = {at(state[0]), at(state[1]), at(state[2])};
        formula(w + begin, g + begin, here, end - begin);
      });
    }
  }
  /// The same by one of figment's kernels.
  template <class Op>
  void apply(const Op& op, std::span<const Tensor<T>> gradients, const Group& group) {
    each(
        gradients,
        [&](T* w, const T* g, T* const* state, Index n) {
          kernels::update(op, w, g, state[0], state[1], state[2], n);
        },
        group);
  }
  /// State array s of parameter i, undefined if not in use.
  Tensor<T>& state(std::size_t i, std::size_t s) { return states_[s][i]; }

 private:
  struct Part {
    std::size_t end;
    double rate_scale;
    std::optional<double> weight_decay;
  };

  TensorList<T> parameters_;
  std::vector<Part> parts_;
  std::array<TensorList<T>, 3> states_;
  double rate_ = 0;
  Index steps_ = 0;
};

}  // namespace figment

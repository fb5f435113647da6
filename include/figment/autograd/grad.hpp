// Reverse-mode differentiation: one walk over the part of the graph between a result and the targets.
#pragma once

#include <algorithm>
#include <unordered_map>

#include "figment/autograd/arithmetic.hpp"

namespace figment {

struct GradOptions {
  /// Record the gradients' own computation, so that they can be differentiated again.
  bool create_graph = false;
};

namespace detail {

template <class T>
class Backward {
 public:
  /// Collects the nodes from which `y` was computed, as far back as the oldest target.
  Backward(const Tensor<T>& y, std::span<const Tensor<T>> targets) {
    std::uint64_t oldest = ~std::uint64_t{0};
    for (std::size_t i = 0; i < targets.size(); ++i) {
      check(targets[i].tracked(),
            "grad: target {} (shape {}) is not part of a graph; make it one with parameter()", i,
            targets[i].shape());
      oldest = std::min(oldest, node_of(targets[i])->id());
    }
    Nodes stack;
    const auto reach = [&](Node<T>* node) {
      if (!node || node->id() < oldest) return;
      if (slots_.try_emplace(node).second) stack.push_back(node);
    };
    reach(node_of(y));
    while (!stack.empty()) {
      Node<T>* node = stack.back();
      stack.pop_back();
      order_.push_back(node);
      for (const auto& input : node->inputs()) reach(node_of(input.tensor));
    }
    std::sort(order_.begin(), order_.end(), [](auto* a, auto* b) { return a->id() < b->id(); });

    for (const auto& t : targets)
      if (auto it = slots_.find(node_of(t)); it != slots_.end()) it->second.target = it->second.needed = true;
    for (Node<T>* node : order_) {
      Slot& slot = slots_.find(node)->second;
      for (const auto& input : node->inputs()) slot.needed |= needed(node_of(input.tensor));
    }
  }

  void run(const Tensor<T>& y, const Tensor<T>& dy) {
    if (auto it = slots_.find(node_of(y)); it != slots_.end()) it->second.gradient = dy;
    for (auto at = order_.rbegin(); at != order_.rend(); ++at) {
      Slot& slot = slots_.find(*at)->second;
      if (!slot.needed || !slot.gradient.defined()) continue;
      const Tensor<T> gradient = slot.target ? slot.gradient : std::move(slot.gradient);
      differentiate(**at, gradient);
    }
  }

  /// Zero where the target had no part in the result.
  Tensor<T> gradient(const Tensor<T>& target) const {
    const auto it = slots_.find(node_of(target));
    return it != slots_.end() && it->second.gradient.defined() ? it->second.gradient
                                                               : Tensor<T>::zeros(target.shape());
  }

 private:
  struct Slot {
    Tensor<T> gradient;
    bool needed = false, target = false;
  };
  using Nodes = std::vector<Node<T>*, RecycledAllocator<Node<T>*>>;
  using Slots = std::unordered_map<Node<T>*, Slot, std::hash<Node<T>*>, std::equal_to<Node<T>*>,
                                   RecycledAllocator<std::pair<Node<T>* const, Slot>>>;

  bool needed(Node<T>* node) const {
    const auto it = slots_.find(node);
    return it != slots_.end() && it->second.needed;
  }

  void differentiate(const Node<T>& node, const Tensor<T>& dy) {
    const auto inputs = node.inputs();
    wanted_.assign(inputs.size(), Flag{});
    gradients_.assign(inputs.size(), Tensor<T>());
    bool any = false;
    for (std::size_t i = 0; i < inputs.size(); ++i) any |= wanted_[i].set = needed(node_of(inputs[i].tensor));
    if (!any) return;
    InputGradients<T> dx({&wanted_.data()->set, wanted_.size()}, gradients_);
    node.differentiate(Saved<T>(node), dy, dx);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!wanted_[i].set) continue;
      const Tensor<T>& input = inputs[i].tensor;
      check(gradients_[i].defined(), "{}: its rule gave no gradient for input {} (shape {})", node.name(), i,
            input.shape());
      accumulate(slots_.find(node_of(input))->second.gradient, sum_to(gradients_[i], input.shape()));
    }
    gradients_.clear();
  }

  static void accumulate(Tensor<T>& total, Tensor<T> gradient) {
    if (!total.defined()) {
      total = std::move(gradient);
    } else if (total.unique() && !recording(total, gradient)) {
      kernels::binary(kernels::op::Add{}, total.data(), 1, gradient.data(), 1, total.mutable_data(),
                      total.size());
    } else {
      total = total + gradient;
    }
  }

  struct Flag {  // vector<bool> packs bits, a rule's view needs bools
    bool set = false;
  };
  static_assert(sizeof(Flag) == sizeof(bool));

  Slots slots_;
  Nodes order_;
  std::vector<Flag, RecycledAllocator<Flag>> wanted_;
  TensorList<T> gradients_;
};

}  // namespace detail

/// The vector-Jacobian product: the gradients of sum(dy * y) by each target. dy has y's shape.
template <class T>
TensorList<T> vjp(const Tensor<T>& y, const Tensor<T>& dy,
                  std::type_identity_t<std::span<const Tensor<T>>> targets, GradOptions options = {}) {
  check(dy.shape() == y.shape(), "vjp: dy {} and y {} differ in shape", dy.shape(), y.shape());
  detail::RecordingScope recording(options.create_graph);
  detail::Backward<T> backward(y, targets);
  backward.run(y, dy);
  TensorList<T> gradients;
  gradients.reserve(targets.size());
  for (const auto& t : targets) gradients.push_back(backward.gradient(t));
  return gradients;
}

/// The gradients of a scalar by each target, in the targets' shapes and order; zeros where a target had no
/// part in it. Only what lies between the targets and the loss is computed, so networks whose parameters
/// are not among the targets cost no weight gradients. Throws if a tensor the graph saved has since been
/// changed in place.
template <class T>
TensorList<T> grad(const Tensor<T>& loss, std::type_identity_t<std::span<const Tensor<T>>> targets,
                   GradOptions options = {}) {
  check(loss.size() == 1, "grad: expected a loss of one element, found shape {}; vjp takes any shape",
        loss.shape());
  check(loss.tracked(), "grad: the loss was not computed from any parameter, or under NoGrad");
  return vjp(loss, Tensor<T>::ones(loss.shape()), targets, options);
}
template <class T>
TensorList<T> grad(const Tensor<T>& loss, std::initializer_list<Tensor<T>> targets,
                   GradOptions options = {}) {
  return grad(loss, std::span<const Tensor<T>>(targets.begin(), targets.size()), options);
}
/// The gradient of a scalar by one tensor.
template <class T>
Tensor<T> grad(const Tensor<T>& loss, const Tensor<T>& target, GradOptions options = {}) {
  return grad(loss, std::span<const Tensor<T>>(&target, 1), options)[0];
}

}  // namespace figment

// Reverse-mode differentiation: one walk over the part of the graph between a result and the targets.
#pragma once

#include <algorithm>

#include "figment/autograd/arithmetic.hpp"
#include "figment/core/stack.hpp"

namespace figment {

/// How gradients are taken.
struct GradOptions {
  /// Record the gradients' own computation, so that they can be differentiated again. Throws, by the
  /// operation's name, where a rule leaves the graph.
  bool create_graph = false;
};

namespace detail {

/// What a backward walk knows of one node.
template <class T>
struct Slot {
  Node<T>* node;
  Tensor<T> gradient;
  bool needed = false;  ///< a target, or computed from one
  bool target = false, entered = false;

  /// The gradient, of which only a target's is asked for again.
  Tensor<T> take() { return target ? gradient : std::move(gradient); }
};

/// The slots by node, with open addressing: std::unordered_map would cost a program half a second of
/// compiling, and a small block for every node.
template <class T>
class Slots {
 public:
  /// The node's slot, or null; valid until the next add.
  [[gnu::noinline]] Slot<T>* find(const Node<T>* node) {
    if (!node || slots_.empty()) return nullptr;
    const std::int32_t at = table_.data()[probe(node)];
    return at ? &slots_[static_cast<std::size_t>(at - 1)] : nullptr;
  }
  Slot<T>& find_or_add(Node<T>* node) {
    if (Slot<T>* slot = find(node)) return *slot;
    if (2 * static_cast<Index>(slots_.size()) >= table_.size()) grow();
    slots_.push({node, {}});
    table_.mutable_data()[probe(node)] = static_cast<std::int32_t>(slots_.size());
    return slots_.back();
  }

 private:
  Index probe(const Node<T>* node) const {
    const std::int32_t* table = table_.data();
    const Index mask = table_.size() - 1;
    Index i = static_cast<Index>(node->id()) & mask;  // identifiers are dense: nearly a perfect hash
    while (table[i] && slots_[static_cast<std::size_t>(table[i] - 1)].node != node) i = (i + 1) & mask;
    return i;
  }
  void grow() {
    table_ = Indices::zeros({std::max<Index>(64, 2 * table_.size())});
    for (std::size_t s = 0; s < slots_.size(); ++s)
      table_.mutable_data()[probe(slots_[s].node)] = static_cast<std::int32_t>(s + 1);
  }

  Stack<Slot<T>> slots_;
  Indices table_;  // 1 + the slot's position, 0 if free
};

template <class T>
class Backward {
 public:
  /// Puts the nodes between `y` and the targets in order, inputs before results.
  Backward(const Tensor<T>& y, std::span<const Tensor<T>> targets) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      ensure(targets[i].tracked(),
             "grad: target {} (shape {}) is not part of a graph; make it one with parameter()", i,
             targets[i].shape());
      Slot<T>& slot = slots_.find_or_add(node_of(targets[i]));
      slot.needed = slot.target = true;
      oldest_ = (std::min)(oldest_, slot.node->id());
    }
    enter(node_of(y));
    while (!path_.empty()) {
      Visit& visit = path_.back();
      const auto inputs = visit.node->inputs();
      if (visit.next_input < inputs.size()) {
        enter(node_of(inputs[visit.next_input++].tensor));
        continue;
      }
      Node<T>* const whole = visit.node->whole();
      if (whole && visit.next_input++ == 0) {
        enter(whole);
        continue;
      }
      bool needed = this->needed(whole);
      for (const auto& input : inputs) needed |= this->needed(node_of(input.tensor));
      slots_.find(visit.node)->needed |= needed;
      order_.push(visit);
      path_.pop();
    }
  }

  void run(const Tensor<T>& y, const Tensor<T>& dy) {
    if (Slot<T>* slot = slots_.find(node_of(y))) slot->gradient = dy;
    for (std::size_t i = order_.size(); i-- > 0;) {
      const Node<T>& node = *order_[i].node;
      Slot<T>& slot = *slots_.find(&node);
      if (!node.parts().empty()) {
        if (slot.needed) differentiate_whole(node);
        continue;
      }
      // A part's gradient waits for its whole.
      if (!slot.needed || !slot.gradient.defined() || node.whole()) continue;
      const Tensor<T> gradient = slot.take();
      differentiate(node, {&gradient, 1});
    }
  }

  /// Zero where the target had no part in the result.
  Tensor<T> gradient(const Tensor<T>& target) {
    const Slot<T>& slot = *slots_.find(node_of(target));
    return slot.gradient.defined() ? slot.gradient : Tensor<T>::zeros(target.shape());
  }

 private:
  struct Visit {
    Node<T>* node;
    std::size_t next_input;
  };

  void enter(Node<T>* node) {
    if (!node || node->id() < oldest_) return;  // older than every target: not computed from one
    if (std::exchange(slots_.find_or_add(node).entered, true)) return;
    path_.push({node, 0});
  }

  bool needed(const Node<T>* node) {
    const Slot<T>* slot = slots_.find(node);
    return slot && slot->needed;
  }

  /// Of several outputs: their gradients, those that there are, have come to the parts by now.
  [[gnu::noinline]] void differentiate_whole(const Node<T>& node) {
    Stack<Tensor<T>> dy;
    bool any = false;
    for (const Node<T>& part : node.parts()) {
      Slot<T>* const slot = slots_.find(&part);
      dy.push(slot ? slot->take() : Tensor<T>());
      any |= dy.back().defined();
    }
    if (any) differentiate(node, {dy.begin(), dy.size()});
  }

  /// `dy` are the gradients of its outputs.
  void differentiate(const Node<T>& node, std::span<const Tensor<T>> dy) {
    const auto inputs = node.inputs();
    places_.clear();
    bool any = false;
    for (const auto& input : inputs) {
      Slot<T>* const slot = slots_.find(node_of(input.tensor));
      places_.push({});
      if (!slot || !slot->needed) continue;
      places_.back().wanted = any = true;
      places_.back().sum = &slot->gradient;
    }
    if (!any) return;
    const Unwatched<T> rule;
    if (recording_enabled) {
      const std::uint64_t before = Node<T>::newest_id();
      const Reads outside = run_rule<true>(node, dy, places_);
      confirm_graph(node, dy, outside, before);
    } else {
      run_rule<false>(node, dy, places_);
    }
    if (rule.watch) [[unlikely]]
      rule.watch->gradients(node, {places_.begin(), places_.size()});
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!places_[i].wanted || places_[i].added) continue;
      const Tensor<T>& input = inputs[i].tensor;
      ensure(places_[i].gradient.defined(), "{}: its rule gave no gradient for input {} (shape {})",
             node.name(), i, input.shape());
      accumulate(slots_.find(node_of(input))->gradient, sum_to(places_[i].gradient, input.shape()));
    }
    places_.clear();
  }

  /// Fills the places. Returns what of the graph the rule read for all gradients, if that is asked for.
  template <bool watched>
  static Reads run_rule(const Node<T>& node, std::span<const Tensor<T>> dy, Stack<GradientPlace<T>>& places) {
    Reads reads = 0;
    InputGradients<T> dx({places.begin(), places.size()}, watched ? &reads : nullptr);
    node.differentiate(Saved<T>(node, watched ? &reads : nullptr), *dy.data(), dx);
    return reads;
  }

  /// Throws where a gradient does not follow, through nodes newer than `before`, from what it was made of:
  /// its rule has left the graph, and the gradient's gradient would be wrong without a word.
  [[gnu::cold, gnu::noinline]] void confirm_graph(const Node<T>& node, std::span<const Tensor<T>> dy,
                                                  Reads outside, std::uint64_t before) {
    bool doubtful = false, by_dy = false;
    for (const auto& d : dy) by_dy |= d.tracked();
    // Each gradient follows from the one dy; of several from those that it read.
    const Reads always = by_dy && node.parts().empty() ? read_dy(0) : 0;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const GradientPlace<T>& p = places_[i];
      if (!p.wanted || p.constant || !p.gradient.defined()) continue;
      // What was read for all gradients of several need not be in each.
      confirm_place(node, dy, i, p.gradient, always | p.reads | (places_.size() == 1 ? outside : 0), before);
      doubtful |= outside && !by_dy && !p.gradient.tracked();
    }
    if (!doubtful) return;
    // A constant, or plain memory? Each gradient is linear in dy: with one of the graph it shows.
    Stack<GradientPlace<T>> again;
    for (const auto& p : places_) again.push({p.wanted, false, {}});
    Stack<Tensor<T>> leaves;
    for (const auto& d : dy) leaves.push(d.defined() ? parameter(d.detach()) : d);
    run_rule<false>(node, {leaves.begin(), leaves.size()}, again);
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (places_[i].wanted && !places_[i].constant && !places_[i].gradient.tracked() &&
          again[i].gradient.defined() && !again[i].gradient.tracked())
        cut(node, i, "dy");
  }

  /// Throws unless gradient i follows from what `reads` names: of dy, of the inputs and of the outputs.
  [[gnu::cold, gnu::noinline]] void confirm_place(const Node<T>& node, std::span<const Tensor<T>> dy,
                                                  std::size_t i, const Tensor<T>& gradient, Reads reads,
                                                  std::uint64_t before) {
    if (!reads) return;
    const auto inputs = node.inputs();
    const auto parts = node.parts();
    reached_.clear();
    const auto enter = [&](Node<T>* from) {
      if (!from) return;
      if (from == &node) reads &= ~read_output(0);
      for (std::size_t k = 0; k < parts.size(); ++k)
        if (from == &parts[k]) reads &= ~read_output(k);
      for (std::size_t k = 0; k < dy.size(); ++k)
        if (from == node_of(dy[k])) reads &= ~read_dy(k);
      for (std::size_t k = 0; k < inputs.size(); ++k)
        if (from == node_of(inputs[k].tensor)) reads &= ~read_input(k);
      bool known = from->id() <= before;
      for (const Node<T>* other : reached_) known |= other == from;
      if (!known) reached_.push(from);
    };
    enter(node_of(gradient));
    for (std::size_t next = 0; next < reached_.size() && reads; ++next) {
      enter(reached_[next]->whole());
      for (const auto& input : reached_[next]->inputs()) enter(node_of(input.tensor));
    }
    if (!reads) return;
    std::size_t k = 0;
    const auto first = [&](Reads (*bit)(std::size_t), std::size_t n) {
      for (k = 0; k < n; ++k)
        if (reads & bit(k)) return true;
      return false;
    };
    if (first(read_dy, dy.size())) cut(node, i, parts.empty() ? "dy" : figment::format("dy {}", k));
    if (first(read_input, inputs.size())) cut(node, i, figment::format("input {}", k));
    first(read_output, parts.size());
    cut(node, i, parts.empty() ? "the output" : figment::format("output {}", k));
  }

  [[gnu::cold, gnu::noinline]] static void cut(const Node<T>& node, std::size_t i, const std::string& from) {
    fail(
        "{}: its rule cuts the gradient of input {} off from {}, so that with create_graph its own gradient "
        "would be wrong: write the rule in tensor operations, or say what is constant (constant_in, "
        "constant_out, dx.constant)",
        node.name(), i, from);
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

  std::uint64_t oldest_ = ~std::uint64_t{0};
  Slots<T> slots_;
  Stack<Visit> path_, order_;  // no recursion: long chains overflow a stack
  Stack<GradientPlace<T>> places_;
  Stack<Node<T>*> reached_;  // a rule's own nodes: a few
};

}  // namespace detail

/// The vector-Jacobian product: the gradients of sum(dy * y) by each target. dy has y's shape.
template <class T>
TensorList<T> vjp(const Tensor<T>& y, const Tensor<T>& dy,
                  std::type_identity_t<std::span<const Tensor<T>>> targets, GradOptions options = {}) {
  ensure(dy.shape() == y.shape(), "vjp: dy {} and y {} differ in shape", dy.shape(), y.shape());
  detail::RecordingScope recording(options.create_graph);
  detail::Backward<T> backward(y, targets);
  backward.run(y, dy);
  TensorList<T> gradients;
  gradients.reserve(targets.size());
  for (const auto& t : targets) detail::append(gradients, backward.gradient(t));
  return gradients;
}

/// The gradients of a scalar by each target, in the targets' shapes and order; zeros where a target had no
/// part in it. Only what lies between the targets and the loss is computed, so networks whose parameters
/// are not among the targets cost no weight gradients. Throws if a tensor the graph saved has since been
/// changed in place.
template <class T>
TensorList<T> grad(const Tensor<T>& loss, std::type_identity_t<std::span<const Tensor<T>>> targets,
                   GradOptions options = {}) {
  ensure(loss.size() == 1, "grad: expected a loss of one element, found shape {}; vjp takes any shape",
         loss.shape());
  ensure(loss.tracked(), "grad: the loss was not computed from any parameter, or under NoGrad");
  return vjp(loss, Tensor<T>::ones(loss.shape()), targets, options);
}
/// The same by targets in braces: grad(loss, {w, b}).
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

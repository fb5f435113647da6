// Recording operations: the one way into the graph, for figment's own and for yours.
#pragma once

#include <initializer_list>

#include "figment/autograd/no_grad.hpp"
#include "figment/autograd/node.hpp"

namespace figment {

namespace detail {

/// A tensor named in an initializer list, without a copy.
template <class T>
struct Operand {
  const Tensor<T>* tensor;
  Operand(const Tensor<T>& t) : tensor(&t) {}  // NOLINT(google-explicit-constructor): {a, b} converts
};

template <class T>
class Leaf final : public Node<T> {
 public:
  static Ref<Counted> make(const Tensor<T>& t) {
    return Ref<Counted>(new (MemoryPool::instance().allocate(sizeof(Leaf))) Leaf(t));
  }
  void differentiate(const Saved<T>&, const Tensor<T>&, InputGradients<T>&) const override {}

 private:
  explicit Leaf(const Tensor<T>& t) : Node<T>("parameter", t, false) {}
  void free() noexcept override {
    this->~Leaf();
    MemoryPool::instance().deallocate(this, sizeof(Leaf));
  }
};

/// An operation's node: the rule and, behind the object in the same block, the inputs.
template <class T, class Rule>
class Operation final : public Node<T> {
 public:
  static Ref<Counted> make(const char* name, std::span<const Operand<T>> inputs, const Tensor<T>& output,
                           Rule&& rule, Keep keep) {
    void* block = MemoryPool::instance().allocate(bytes(inputs.size()));
    return Ref<Counted>(new (block) Operation(name, inputs, output, std::move(rule), keep));
  }
  void differentiate(const Saved<T>& saved, const Tensor<T>& dy, InputGradients<T>& dx) const override {
    rule_(saved, dy, dx);
  }

 private:
  Operation(const char* name, std::span<const Operand<T>> inputs, const Tensor<T>& output, Rule&& rule,
            Keep keep)
      : Node<T>(name, output, keeps(keep, Keep::output)), rule_(std::move(rule)) {
    auto* at = reinterpret_cast<Kept<T>*>(reinterpret_cast<std::byte*>(this) + sizeof(Operation));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Tensor<T>& t = *inputs[i].tensor;
      new (at + i) Kept<T>{keeps(keep, Keep::inputs) ? t : this->edge(t), t.version()};
    }
    this->adopt(at, inputs.size());
  }
  static std::size_t bytes(std::size_t inputs) { return sizeof(Operation) + inputs * sizeof(Kept<T>); }
  void free() noexcept override {
    const std::size_t size = bytes(this->inputs().size());
    this->~Operation();
    MemoryPool::instance().deallocate(this, size);
  }

  static_assert(alignof(Rule) <= alignof(Kept<T>));
  Rule rule_;
};

}  // namespace detail

/// The tensor as a parameter: a leaf of the graph, to differentiate by. The memory is the same.
template <class T>
Tensor<T> parameter(Tensor<T> t) {
  static_assert(std::is_floating_point_v<T>, "figment: only float and double tensors have gradients");
  t.set_node(detail::Leaf<T>::make(t));
  return t;
}

/// Operations on these tensors are recorded now.
template <class... T>
bool recording(const Tensor<T>&... inputs) {
  return detail::recording_enabled && (inputs.tracked() || ...);
}

/// Records that `output` was computed from `inputs`, and how gradients flow back:
///   rule(const Saved<T>& saved, const Tensor<T>& dy, InputGradients<T>& dx)
/// sets dx(i, [&] { return the gradient of input i; }) in ordinary tensor operations, so that it can be
/// differentiated in turn. It may capture small values. Where an input broadcast, its gradient may have
/// the broadcast shape: the engine sums it. `keep` names what the rule reads through `saved`.
/// Returns the output, now part of the graph if any input is.
template <class T, class Rule>
Tensor<T> record(const char* name, std::span<const detail::Operand<std::type_identity_t<T>>> inputs,
                 Tensor<T> output, Rule rule, Keep keep = Keep::all) {
  if (!detail::recording_enabled) return output;
  bool tracked = false;
  for (const auto& i : inputs) tracked |= i.tensor->tracked();
  if (tracked) output.set_node(detail::Operation<T, Rule>::make(name, inputs, output, std::move(rule), keep));
  return output;
}
template <class T, class Rule>
Tensor<T> record(const char* name, std::initializer_list<detail::Operand<std::type_identity_t<T>>> inputs,
                 Tensor<T> output, Rule rule, Keep keep = Keep::all) {
  return record(name, std::span<const detail::Operand<T>>(inputs.begin(), inputs.size()), std::move(output),
                std::move(rule), keep);
}

}  // namespace figment

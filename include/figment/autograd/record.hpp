// Recording operations: the one way into the graph, for figment's own and for yours.
#pragma once

#include <array>
#include <concepts>
#include <cstring>
#include <initializer_list>

#include "figment/autograd/no_grad.hpp"
#include "figment/autograd/node.hpp"

namespace figment {

/// The tensor as a parameter: a leaf of the graph, to differentiate by. The memory is the same.
template <class T>
Tensor<T> parameter(Tensor<T> t) {
  static_assert(std::is_floating_point_v<T>, "figment: only float and double tensors have gradients");
  t.set_node(detail::Ref<detail::Counted>(detail::Node<T>::make("parameter", {}, t, Keep::nothing)));
  return t;
}

/// Operations on these tensors are recorded now.
template <class... T>
bool recording(const Tensor<T>&... inputs) {
  return detail::recording_enabled && (inputs.tracked() || ...);
}

namespace detail {

/// A tensor that goes into a layer or an operation, or comes out of it.
struct Passing {
  const Shape& shape;
  const Ref<Storage>& memory;
};

/// Out of line and cold: each layer compiles what lists them, which only traces do.
[[gnu::cold, gnu::noinline]] inline void append(std::vector<Passing>& list, const Shape& shape,
                                                const Ref<Storage>& memory) {
  list.push_back({shape, memory});
}

/// Told of the operations that are not recorded, while it is the active one: what traces a network (nn/) sees
/// so what is computed between its layers.
class OpListener {
 public:
  /// `rule` is what record was given, of that type's bytes. Once for each output of several.
  virtual void op(const char* name, std::span<const Passing> inputs, const Passing& output,
                  std::span<const std::byte> rule) = 0;

 protected:
  ~OpListener() = default;
};
inline thread_local OpListener* op_listener = nullptr;

template <class T>
[[gnu::cold, gnu::noinline]] void tell_listener(const char* name, std::span<const Operand<T>> inputs,
                                                const Tensor<T>& output, std::size_t bytes,
                                                const void* rule) {
  std::vector<Passing> from;
  for (const auto& i : inputs)
    if (i.tensor->defined()) append(from, i.tensor->shape(), i.tensor->storage());
  op_listener->op(name, from, {output.shape(), output.storage()},
                  {static_cast<const std::byte*>(rule), bytes});
}

/// Looks at the numbers that operations and their rules make, while it is the active one:
/// nn/detect_anomaly.hpp.
template <class T>
struct OpWatch {
  void (*made)(const char* name, std::span<const Operand<T>> inputs, const Tensor<T>& output);
  void (*gradients)(const Node<T>& node, std::span<const GradientPlace<T>> places);
};
template <class T>
inline thread_local const OpWatch<T>* op_watch = nullptr;

/// No watch is active until the end of the scope: a rule's own operations are its affair.
template <class T>
struct Unwatched {
  const OpWatch<T>* const watch = std::exchange(op_watch<T>, nullptr);
  Unwatched() = default;
  ~Unwatched() { op_watch<T> = watch; }
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;
};

template <class T, class Rule>
void call_rule(const void* rule, const Saved<T>& saved, const Tensor<T>& dy, InputGradients<T>& dx) {
  (*static_cast<const Rule*>(rule))(saved, dy, dx);
}
template <class T, class Rule>
void call_rule_of_many(const void* rule, const Saved<T>& saved, const Tensor<T>& dy, InputGradients<T>& dx) {
  const OutputGradients<T> all(&dy, saved);
  (*static_cast<const Rule*>(rule))(saved, all, dx);
}
template <class T, class Rule, class Dy>
constexpr ErasedRule<T> erase_rule() {
  constexpr bool called =
      requires(const Rule& r, const Saved<T>& saved, const Dy& dy, InputGradients<T>& dx) {
    r(saved, dy, dx);
  };
  static_assert(called, "figment: record calls its rule as rule(saved, dy, dx)");
  static_assert(alignof(Rule) <= alignof(Kept<T>), "figment: a rule captures over-aligned values");
  ErasedRule<T> erased;
  if constexpr (called) {
    if constexpr (std::is_same_v<Dy, Tensor<T>>)
      erased.call = &call_rule<T, Rule>;
    else
      erased.call = &call_rule_of_many<T, Rule>;
  }
  erased.bytes = sizeof(Rule);
  if constexpr (!std::is_trivially_copyable_v<Rule>) {
    erased.move = [](void* to, void* from) { new (to) Rule(std::move(*static_cast<Rule*>(from))); };
    erased.destroy = [](void* r) { static_cast<Rule*>(r)->~Rule(); };
  }
  return erased;
}
/// What record needs to know of a type of rule; a constant, so that no operation writes it down anew.
template <class T, class Rule, class Dy = Tensor<T>>
inline constexpr ErasedRule<T> erased_rule = erase_rule<T, Rule, Dy>();

/// Makes the outputs part of the graph, if any input is: one, or as `many` says as many as are listed. Apart
/// from record: compiled once, not for each rule.
template <class T>
[[gnu::noinline]] void record_erased(const char* name, std::span<const Operand<T>> inputs,
                                     std::span<Tensor<T>> outputs, const ErasedRule<T>& erased, void* rule,
                                     Keep keep, bool many) {
  if (op_watch<T>) [[unlikely]]
    for (const auto& y : outputs) op_watch<T>->made(name, inputs, y);
  if (!recording_enabled) {
    if (op_listener) [[unlikely]]
      for (const auto& y : outputs) tell_listener(name, inputs, y, erased.bytes, rule);
    return;
  }
  bool tracked = false;
  for (const auto& i : inputs) tracked |= i.tensor->tracked();
  if (!tracked || outputs.empty()) return;
  auto* node = many ? Node<T>::make(name, inputs, std::span<const Tensor<T>>(outputs), keep, erased)
                    : Node<T>::make(name, inputs, outputs[0], keep, erased);
  if (erased.move)
    erased.move(node->rule_data(), rule);
  else
    std::memcpy(node->rule_data(), rule, erased.bytes);
  const Node<T>* of = many ? node->parts().data() : node;
  for (auto& y : outputs) y.set_node((of++)->handle());
}

}  // namespace detail

/// Records that `output` was computed from `inputs`, and how gradients flow back:
///
///   rule(const Saved<T>& saved, const Tensor<T>& dy, InputGradients<T>& dx)
///
/// sets dx(i, [&] { return the gradient of input i; }) in ordinary tensor operations, so that it can be
/// differentiated in turn. With create_graph a gradient that does not follow in the graph from dy and from
/// what the rule read of the graph is refused by this name: plain memory and Eigen are for gradients that are
/// taken once, or that say what is constant: saved.constant_in(i) and saved.constant_out() read what the
/// gradient's own derivative by is 0 (a mask is made of it), and dx.constant(i, …) sets what is not looked
/// at. Read what only some gradients need inside their dx. A rule may capture small values. Where an input
/// broadcast, its gradient may have the broadcast shape: the engine sums it. `keep` names what the rule reads
/// through `saved`. Returns the output, now part of the graph if any input is. Integers have no gradients:
/// operations on them are not recorded.
template <class T, class Rule>
Tensor<T> record(const char* name, std::span<const detail::Operand<std::type_identity_t<T>>> inputs,
                 Tensor<T> output, Rule rule, Keep keep = Keep::all) {
  if constexpr (!std::integral<T>)
    detail::record_erased(name, inputs, std::span(&output, 1), detail::erased_rule<T, Rule>, &rule, keep,
                          false);
  return output;
}
/// The same of inputs in braces: record("mul", {a, b}, …).
template <class T, class Rule>
Tensor<T> record(const char* name, std::initializer_list<detail::Operand<std::type_identity_t<T>>> inputs,
                 Tensor<T> output, Rule rule, Keep keep = Keep::all) {
  if constexpr (!std::integral<T>)  // not by the other record, which would move the output twice more
    detail::record_erased(name, std::span<const detail::Operand<T>>(inputs.begin(), inputs.size()),
                          std::span(&output, 1), detail::erased_rule<T, Rule>, &rule, keep, false);
  return output;
}

/// Records that several outputs, in a std::array or std::vector of tensors, were computed at once:
///
///   auto [q, r] = record("qr", {a}, std::array{q, r}, [](auto& saved, auto& dy, auto& dx) { … });
///
/// The rule is given the gradients of all, const OutputGradients<T>& dy: dy[i] is that of output i, zeros
/// where what is differentiated does not depend on it, which dy.has(i) tells. saved.out(i) is output i. With
/// create_graph each gradient must follow from those dy[i] that are read inside its dx, as from what is read
/// through `saved`. The rest is as of one output.
template <class Outputs, class Rule, class T = typename Outputs::value_type::value_type>
requires std::same_as<typename Outputs::value_type, Tensor<T>> Outputs
record(const char* name, std::span<const detail::Operand<std::type_identity_t<T>>> inputs, Outputs outputs,
       Rule rule, Keep keep = Keep::all) {
  if constexpr (!std::integral<T>)
    detail::record_erased(name, inputs, std::span<Tensor<T>>(outputs),
                          detail::erased_rule<T, Rule, OutputGradients<T>>, &rule, keep, true);
  return outputs;
}
/// The same of inputs in braces.
template <class Outputs, class Rule, class T = typename Outputs::value_type::value_type>
requires std::same_as<typename Outputs::value_type, Tensor<T>> Outputs
record(const char* name, std::initializer_list<detail::Operand<std::type_identity_t<T>>> inputs,
       Outputs outputs, Rule rule, Keep keep = Keep::all) {
  return record(name, std::span<const detail::Operand<T>>(inputs.begin(), inputs.size()), std::move(outputs),
                std::move(rule), keep);
}

}  // namespace figment

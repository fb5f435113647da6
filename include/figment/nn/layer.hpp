// Calling a layer inside a model: with or without a Context, with its place in the error messages.
#pragma once

#include "figment/nn/context.hpp"
#include "figment/nn/report.hpp"

namespace figment {

namespace detail {

template <class L, class T>
concept TakesContext = requires(const L& layer, const Tensor<T>& x, const Context& context) {
  layer.forward(x, context);
};
template <class L, class T>
concept HasForward = TakesContext<L, T> || requires(const L& layer, const Tensor<T>& x) {
  layer.forward(x);
};

/// layer.forward(x), with the Context if it takes one.
template <class L, class T>
auto call_forward(const L& layer, const Tensor<T>& x, const Context& context) {
  constexpr bool found = HasForward<L, T>;  // not in the assertion, which would explain both ways at length
  static_assert(
      found,
      "figment: a layer needs `forward(const Tensor<T>& x) const`, which may also take a const Context&");
  if constexpr (TakesContext<L, T>)
    return layer.forward(x, context);
  else if constexpr (found)
    return layer.forward(x);
  else
    return x;  // for the compiler to go on with
}

/// That an L can be held in a model of Ts, or an error that says what it lacks.
template <class L, class T>
constexpr bool check_layer() {
  constexpr bool copyable = std::is_copy_constructible_v<L>;
  // Without a visit the tensors in it would be neither trained nor saved.
  constexpr bool visited = is_visited<L, T>;
  static_assert(copyable, "figment: a layer is held by value, so it needs a copy constructor");
  static_assert(
      visited,
      "figment: a layer that holds tensors needs `void visit(auto&& v)`, which calls v(\"name\", tensor) "
      "for each; one that holds none, but other memory, needs an empty visit");
  // call_forward itself says so if there is none.
  constexpr bool tensor =
      std::is_same_v<decltype(call_forward(std::declval<const L&>(), std::declval<const Tensor<T>&>(), {})),
                     Tensor<T>>;
  static_assert(tensor, "figment: a layer's forward returns a Tensor<T> of the T that it takes");
  return copyable && visited && tensor && HasForward<L, T>;
}

/// layer.forward(x) where `part` is what another layer goes on as: neither a trace nor an error sees it.
template <class L, class T>
auto forward_part(const L& part, const Tensor<T>& x, const Context& context) {
  const Description description = description_of(part);
  if (active_trace) active_trace->go_on_as(description);
  try {
    return call_forward(part, x, context);
  } catch (const LayerError& e) {
    if (e.reporter.is(description)) throw Error(e.reason);
    throw;
  }
}

}  // namespace detail

/// layer.forward(x) as the part called `name` of a model: a trace and the errors inside name the path to it.
/// A member that visit names is found by its tensors too, so that layer.forward(x) alone will do; this says
/// it of a layer that has none, and of one that is made anew in each pass.
template <class L, class T>
auto forward(std::string_view name, const L& layer, const Tensor<T>& x, const Context& context) {
  const detail::Description description = detail::description_of(layer);
  try {
    detail::TraceScope scope(name, description);
    auto y = detail::call_forward(layer, x, context);
    scope.done(x, y);
    return y;
  } catch (const Error&) {
    detail::rethrow_from(&name, description);
  }
}

}  // namespace figment

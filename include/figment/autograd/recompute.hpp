// Gradients of an operation that is computed in one piece, where they are recorded: of the same composed.
#pragma once

#include "figment/autograd/grad.hpp"

namespace figment::detail {

/// The same tensor at another place of the graph than x's, which other inputs may have been computed from.
template <class T>
Tensor<T> apart(const Tensor<T>& x) {
  return record(
      "apart", {x}, x.detach(), [](auto&, auto& dy, auto& dx) { dx(0, [&] { return dy; }); }, Keep::nothing);
}

/// For a rule whose fused gradient is not of recorded operations: with create_graph the gradients are those
/// of f(inputs), which computes the output again in recorded operations. They are in a plain array.
template <class T, class F>
void recomputed_gradients(const Saved<T>& s, const Tensor<T>& dy, InputGradients<T>& dx, const F& f) {
  Stack<Tensor<T>> in, by;
  for (std::size_t i = 0; i < s.inputs(); ++i) {
    in.push(s.in(i));
    if (!dx.wants(i)) continue;
    in.back() = apart(in.back());
    by.push(in.back());
  }
  const auto found =
      vjp(f(in.begin()), dy, std::span<const Tensor<T>>(by.begin(), by.size()), {.create_graph = true});
  std::size_t next = 0;
  for (std::size_t i = 0; i < s.inputs(); ++i) {
    if (!dx.wants(i)) continue;
    const Tensor<T>& gradient = found[next++];
    if (gradient.tracked())
      dx(i, [&] { return gradient; });
    else  // the input had no part in the output
      dx.constant(i, [&] { return gradient; });
  }
}

}  // namespace figment::detail

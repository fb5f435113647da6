// What a network is given, for those who run it once to see what is in it.
#pragma once

#include <span>
#include <tuple>

#include "figment/nn/layer.hpp"

namespace figment {

/// One of a network's inputs.
struct SampleInput {
  std::string name;  ///< as pictures and files have it
  Shape shape;       ///< without the batch
};
/// A network's inputs, in the order that its forward takes them: `{.inputs = {{"x", {28, 28, 1}}, {"t",
/// {}}}}`. What it takes as Indices, class labels say, is given as such.
struct SampleInputs {
  std::vector<SampleInput> inputs;  ///< 1 to 4
};

namespace detail {

/// Becomes what a forward takes: a batch of zeros, of numbers or of indices.
template <class T>
struct ZeroInput {
  Tensor<T> numbers;
  Indices indices;
  mutable bool as_indices = false;  ///< so it was taken

  explicit ZeroInput(const Shape& shape) : numbers(Tensor<T>::zeros(shape)), indices(Indices::zeros(shape)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): it is an argument
  operator const Tensor<T>&() const { return numbers; }
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator const Indices&() const { return as_indices = true, indices; }
};

/// done(module.forward(x…)), with the Context if that is taken. False where there is no such forward.
template <class M, class F, class... X>
bool forward_to(const M& module, const Context& context, const F& done, const X&... x) {
  if constexpr (requires { module.forward(x..., context); })
    return done(module.forward(x..., context)), true;
  else if constexpr (requires { module.forward(x...); })
    return done(module.forward(x...)), true;
  else
    return false;
}

/// The same with the inputs in order, as tensors if the module's forward takes those.
template <std::size_t... I, class M, class T, class F>
bool forward_all(std::index_sequence<I...>, const M& module, const std::vector<ZeroInput<T>>& x,
                 const Context& context, const F& done) {
  constexpr bool tensors = [] {
    using X = const Tensor<T>&;
    return requires(const M& m, const Context& c) { m.forward((I, std::declval<X>())..., c); }
    || requires(const M& m) { m.forward((I, std::declval<X>())...); };
  }();
  if constexpr (tensors)
    return forward_to(module, context, done, x[I].numbers...);
  else
    return forward_to(module, context, done, x[I]...);
}

}  // namespace detail

}  // namespace figment

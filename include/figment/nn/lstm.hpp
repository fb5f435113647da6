// The long short-term memory.
#pragma once

#include "figment/nn/recurrent.hpp"

namespace figment {

/// An Lstm's state between sequences.
template <class T = float>
struct LstmState {
  Tensor<T> hidden, cell;  ///< (layers, N, units); zeros where undefined

  /// The same values outside any graph: what comes before is not trained by what comes after.
  LstmState detach() const { return {hidden.detach(), cell.detach()}; }
};

/// A long short-term memory (Hochreiter and Schmidhuber, 1997) of one or more layers over whole sequences, by
/// PyTorch's equations and order of gates: x (N, L, in) -> (N, L, units), the last layer's hidden states.
///
///   Sequential{Lstm(28, 256, rng, {.layers = 2}), …}
///   auto [y, state] = lstm.forward(x, {});  // and on: lstm.forward(next, state.detach())
template <class T = float>
struct Lstm {
  using value_type = T;

  detail::RecurrentStack<T> stack;  ///< the weights, stack.layers[0].weight_ih and so on

  /// Draws the weights layer by layer from rng: of the input, of the state, and their biases.
  Lstm(Index in, Index units, Rng& rng, RecurrentOptions options = {})
      : stack("Lstm", 4, in, units, rng, options) {}

  /// From a state of zeros.
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return run(x, {}, nullptr); });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  /// From a given state, {} for zeros, with the state after the last step.
  RecurrentOutput<T, LstmState<T>> forward(const Tensor<T>& x, const LstmState<T>& state) const {
    RecurrentOutput<T, LstmState<T>> out;
    const auto compute = [&] { return run(x, state, &out.state); };
    // A state that is given is an input that who traces a layer of one would not see.
    const bool given = state.hidden.defined() || state.cell.defined();
    out.output = given ? compute() : detail::reported(*this, x, compute);
    return out;
  }

  void visit(auto&& v) { stack.visit(v); }

  std::string describe() const { return stack.describe("Lstm"); }

 private:
  Tensor<T> run(const Tensor<T>& x, const LstmState<T>& from, LstmState<T>* to) const {
    Tensor<T> h = stack.steps("Lstm", x);
    const Index length = h.dim(0), rows = h.dim(1);
    std::vector<Tensor<T>> hidden, cell;
    for (Index k = 0; k < stack.count(); ++k) {
      const RecurrentWeights<T>& w = stack.layers[static_cast<std::size_t>(k)];
      const Tensor<T> bias = w.bias_ih.defined() ? w.bias_ih + w.bias_hh : Tensor<T>();
      const auto [states, last] =
          lstm(linear(h, w.weight_ih, bias), w.weight_hh, stack.state("Lstm", from.hidden, k, rows),
               stack.state("Lstm", from.cell, k, rows));
      h = states;
      if (to) hidden.push_back(select(states, 0, length - 1)), cell.push_back(last);
    }
    if (to) *to = {figment::stack(hidden, 0), figment::stack(cell, 0)};
    return permute(h, {1, 0, 2});
  }
};

}  // namespace figment

// The gated recurrent unit.
#pragma once

#include "figment/nn/recurrent.hpp"

namespace figment {

/// Gated recurrent units (Cho et al., 2014) of one or more layers over whole sequences, by PyTorch's
/// equations, the reset gate after the product: x (N, L, in) -> (N, L, units), the last layer's states.
///
///   auto [y, state] = gru.forward(x, {});  // and on: gru.forward(next, state.detach())
template <class T = float>
struct Gru {
  using value_type = T;

  detail::RecurrentStack<T> stack;  ///< the weights, stack.layers[0].weight_ih and so on

  /// Draws the weights layer by layer from rng: of the input, of the state, and their biases.
  Gru(Index in, Index units, Rng& rng, RecurrentOptions options = {})
      : stack("Gru", 3, in, units, rng, options) {}

  /// From a state of zeros.
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return run(x, {}, nullptr); });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  /// From a given state (layers, N, units), {} for zeros, with the state after the last step.
  RecurrentOutput<T> forward(const Tensor<T>& x, const Tensor<T>& state) const {
    RecurrentOutput<T> out;
    const auto compute = [&] { return run(x, state, &out.state); };
    // As Lstm's: it would not be seen.
    out.output = state.defined() ? compute() : detail::reported(*this, x, compute);
    return out;
  }

  void visit(auto&& v) { stack.visit(v); }

  std::string describe() const { return stack.describe("Gru"); }

 private:
  Tensor<T> run(const Tensor<T>& x, const Tensor<T>& from, Tensor<T>* to) const {
    Tensor<T> h = stack.steps("Gru", x);
    const Index length = h.dim(0), rows = h.dim(1);
    std::vector<Tensor<T>> last;
    for (Index k = 0; k < stack.count(); ++k) {
      const RecurrentWeights<T>& w = stack.layers[static_cast<std::size_t>(k)];
      h = gru(linear(h, w.weight_ih, w.bias_ih), w.weight_hh, w.bias_hh, stack.state("Gru", from, k, rows));
      if (to) last.push_back(select(h, 0, length - 1));
    }
    if (to) *to = figment::stack(last, 0);
    return permute(h, {1, 0, 2});
  }
};

}  // namespace figment

// The dense layer.
#pragma once

#include "figment/nn/describe.hpp"
#include "figment/nn/init.hpp"
#include "figment/nn/report.hpp"

namespace figment {

/// Of Linear, and of the heads of a GaussianEncoder.
struct LinearOptions {
  Activation activation = Activation::none;   ///< in the same pass over memory
  double slope = 0.3;                         ///< of leaky_relu
  bool bias = true;                           ///< add b
  Initializer init = init::glorot_uniform();  ///< of the weight; the bias starts at bias_init
  Initializer bias_init = init::zeros();      ///< Keras'; PyTorch draws it
};

/// y = act(x W + b).   x: (…, in) -> (…, out), of any rank. W: (in, out).
template <class T = float>
struct Linear {
  using value_type = T;

  Tensor<T> weight, bias;  ///< W and b (out,), which is undefined without one
  Activation activation;   ///< applied to the sum
  double slope;            ///< of leaky_relu

  /// Draws the weight, then the bias, from rng.
  Linear(Index in, Index out, Rng& rng, LinearOptions options = {})
      : weight(options.init.make<T>({in, out}, {in, out}, rng)),
        bias(options.bias ? options.bias_init.make<T>({out}, {in, out}, rng) : Tensor<T>()),
        activation(options.activation),
        slope(options.slope) {}

  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return linear(x, weight, bias, activation, slope); });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void visit(auto&& v) {
    v("weight", weight, Layout::dense);
    if (bias.defined()) v("bias", bias);
  }

  std::string describe() const {
    return figment::format("Linear({}, {}{}", weight.dim(0), weight.dim(1), detail::closing_text(activation));
  }
};

}  // namespace figment

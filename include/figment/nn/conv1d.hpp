// The convolution layer of sequences.
#pragma once

#include "figment/nn/conv2d.hpp"
#include "figment/ops/conv1d.hpp"

namespace figment {

/// Of Conv1d.
struct Conv1dOptions {
  Index kernel = 3, stride = 1;               ///< the window's extent, and from window to window
  Padding padding = {};                       ///< of zeros, left and right; the default is none
  Index dilation = 1;                         ///< from tap to tap within the window
  Index groups = 1;                           ///< as many as channels: a depthwise convolution
  Activation activation = Activation::none;   ///< in the same pass over memory
  double slope = 0.3;                         ///< of leaky_relu
  bool bias = true;                           ///< add b
  Initializer init = init::glorot_uniform();  ///< of the weight; the bias starts at bias_init
  Initializer bias_init = init::zeros();      ///< Keras'; PyTorch draws it
};

/// y = act(x * W + b).   x: (N, L, in) -> (N, L', out). W: (k, in / groups, out). Of L `same` padding leaves
/// L / stride rounded up. Initialisers see fans of k in / groups and k out.
///
///   Conv1d(64, 128, rng, {.kernel = 5, .padding = Padding::same()})
template <class T = float>
struct Conv1d {
  using value_type = T;

  Tensor<T> weight, bias;  ///< W and b (out,), which is undefined without one
  ConvOptions options;     ///< how the window moves
  Activation activation;   ///< applied to the sum
  double slope;            ///< of leaky_relu

  /// Draws the weight, then the bias, from rng. Throws unless all sizes are 1 or more and the groups divide
  /// both numbers of channels.
  Conv1d(Index in, Index out, Rng& rng, const Conv1dOptions& o = {})
      : options{{1, o.stride}, o.padding, {1, o.dilation}, o.groups},
        activation(o.activation),
        slope(o.slope) {
    options.padding.top = options.padding.bottom = 0;
    detail::check_conv_options("Conv1d", in, out,
                               Conv2dOptions{.kernel = {1, o.kernel},
                                             .stride = options.stride,
                                             .dilation = options.dilation,
                                             .groups = o.groups});
    const Fans fans = detail::conv_fans("Conv1d", in, out, options, {1, o.kernel});
    weight = o.init.make<T>({o.kernel, in / o.groups, out}, fans, rng);
    if (o.bias) bias = o.bias_init.make<T>({out}, fans, rng);
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return conv1d(x, weight, bias, options, activation, slope); });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void visit(auto&& v) {
    v("weight", weight, Layout::conv);
    if (bias.defined()) v("bias", bias);
  }

  std::string describe() const {
    const auto& o = options;
    std::string s =
        figment::format("Conv1d({}, {}, {}", weight.dim(1) * o.groups, weight.dim(2), weight.dim(0));
    if (o.stride.width != 1) s += figment::format(", stride {}", o.stride.width);
    const Padding& p = o.padding;
    if (p.kind == Padding::Kind::same)
      s += ", same";
    else if (p.left != 0 || p.right != 0)
      s += p.left == p.right ? figment::format(", padding {}", p.left)
                             : figment::format(", padding {} {}", p.left, p.right);
    if (o.dilation.width != 1) s += figment::format(", dilation {}", o.dilation.width);
    if (o.groups > 1) s += figment::format(", groups {}", o.groups);
    return s + detail::closing_text(activation);
  }
};

}  // namespace figment

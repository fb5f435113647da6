// The transposed convolution layer.
#pragma once

#include "figment/nn/conv2d.hpp"

namespace figment {

/// Of ConvTranspose2d.
struct ConvTranspose2dOptions {
  Extent2 kernel = 3, stride = 1;  ///< the window's extent; how many times larger y is
  Padding padding = {};  ///< of the convolution that this is the adjoint of: it makes the output smaller
  Extent2 output_padding = 0;                 ///< added to the output, less than the stride; not with `same`
  Extent2 dilation = 1;                       ///< from tap to tap within the window
  Index groups = 1;                           ///< which the channels are split into
  Activation activation = Activation::none;   ///< in the same pass over memory
  double slope = 0.3;                         ///< of leaky_relu
  bool bias = true;                           ///< add b
  Initializer init = init::glorot_uniform();  ///< of the weight; the bias starts at bias_init
  Initializer bias_init = init::zeros();      ///< Keras'; PyTorch draws it
};

/// y = act(x ∗ᵀ W + b), the adjoint of the convolution with the same options.   x: (N, H, W, in) ->
/// (N, H', W', out). W: (kh, kw, out / groups, in). With `same` padding H' is H * stride, as in Keras;
/// otherwise (H - 1) stride + the window's reach - the padding + output_padding, as in PyTorch. Initialisers
/// see fans of kh kw in / groups and kh kw out; Keras and PyTorch exchange the two.
template <class T = float>
struct ConvTranspose2d {
  using value_type = T;

  Tensor<T> weight, bias;  ///< W and b (out,), which is undefined without one
  ConvOptions options;     ///< of the convolution that this is the adjoint of
  Extent2 output_padding;  ///< added to y's extents
  Activation activation;   ///< applied to the sum
  double slope;            ///< of leaky_relu

  /// Draws the weight, then the bias, from rng. Throws unless all sizes are 1 or more and the groups divide
  /// both numbers of channels.
  ConvTranspose2d(Index in, Index out, Rng& rng, const ConvTranspose2dOptions& o = {})
      : options{o.stride, o.padding, o.dilation, o.groups},
        output_padding(o.output_padding),
        activation(o.activation),
        slope(o.slope) {
    detail::check_conv_options("ConvTranspose2d", in, out, o);
    const Fans fans = detail::conv_fans("ConvTranspose2d", in, out, options, o.kernel);
    weight = o.init.make<T>({o.kernel.height, o.kernel.width, out / o.groups, in}, fans, rng);
    if (o.bias) bias = o.bias_init.make<T>({out}, fans, rng);
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] {
      return conv_transpose2d(x, weight, bias, options, output_padding, activation, slope);
    });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void visit(auto&& v) {
    v("weight", weight, Layout::conv_transpose);
    if (bias.defined()) v("bias", bias);
  }

  std::string describe() const {
    return detail::describe_conv(
        "ConvTranspose2d", weight.dim(3), weight.dim(2) * options.groups, weight.shape(), options,
        output_padding == Extent2(0) ? "" : ", output padding " + detail::short_text(output_padding),
        activation);
  }
};

}  // namespace figment

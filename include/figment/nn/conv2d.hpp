// The convolution layer.
#pragma once

#include "figment/nn/conv_mask.hpp"
#include "figment/nn/describe.hpp"
#include "figment/nn/init.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/conv2d.hpp"

namespace figment {

/// Of Conv2d.
struct Conv2dOptions {
  Extent2 kernel = 3, stride = 1;             ///< the window's extent, and from window to window
  Padding padding = {};                       ///< of zeros; the default is none
  Extent2 dilation = 1;                       ///< from tap to tap within the window
  Index groups = 1;                           ///< as many as channels: a depthwise convolution
  Activation activation = Activation::none;   ///< in the same pass over memory
  double slope = 0.3;                         ///< of leaky_relu
  bool bias = true;                           ///< add b
  Initializer init = init::glorot_uniform();  ///< of the weight; the bias starts at bias_init
  Initializer bias_init = init::zeros();      ///< Keras'; PyTorch draws it
  ConvMask mask = ConvMask::none;             ///< sees only what comes before a pixel
  Index colours = 1;  ///< of a mask: parts of the channels that come one after the other
};

namespace detail {

/// Of the options of a convolution or of its adjoint.
template <class Options>
void check_conv_options(std::string_view layer, Index in, Index out, const Options& o) {
  ensure(in >= 1 && out >= 1, "{}: expected channels of 1 or more, found {} and {}", layer, in, out);
  const std::pair<const char*, Extent2> extents[] = {
      {"kernel", o.kernel}, {"stride", o.stride}, {"dilation", o.dilation}};
  for (const auto& [name, e] : extents)
    ensure(e.height >= 1 && e.width >= 1, "{}: expected a {} of 1 or more, found {} and {}", layer, name,
           e.height, e.width);
  ensure(o.groups >= 1 && in % o.groups == 0 && out % o.groups == 0,
         "{}: {} group(s) do not divide {} and {} channels", layer, o.groups, in, out);
}

/// What each output of the convolution reads, and what each of its inputs is read by.
inline Fans conv_fans(const char* layer, Index in, Index out, const ConvOptions& o, Extent2 kernel) {
  const Index taps = counted(layer, kernel.height, kernel.width);
  return {counted(layer, taps, in) / o.groups, counted(layer, taps, out)};
}

/// A layer's sizes and what of its options is not the usual, `more` among them.
inline std::string describe_conv(const char* layer, Index in, Index out, const Shape& weight,
                                 const ConvOptions& o, const std::string& more, Activation activation) {
  const std::string kernel = extent_text({weight[0], weight[1]});
  return figment::format("{}({}, {}, {}{}{}{}", layer, in, out, kernel,
                         window_text(o.stride, 1, o.padding, o.dilation), more,
                         o.groups > 1 ? figment::format(", groups {}", o.groups) : "") +
         closing_text(activation);
}

}  // namespace detail

/// y = act(x * W + b).   x: (N, H, W, in) -> (N, H', W', out). W: (kh, kw, in / groups, out). Of H and W,
/// `same` padding leaves H / stride rounded up. Initialisers see fans of kh kw in / groups and kh kw out.
///
///   Conv2d(1, 32, rng, {.kernel = {5, 5}, .stride = 2, .padding = Padding::same()})
template <class T = float>
struct Conv2d {
  using value_type = T;

  Tensor<T> weight, bias;  ///< W and b (out,), which is undefined without one
  ConvOptions options;     ///< how the window moves
  Activation activation;   ///< applied to the sum
  double slope;            ///< of leaky_relu
  ConvMask masked;         ///< the option
  Tensor<T> mask;          ///< W's, of ones and zeros, a constant that is not saved; undefined without one

  /// Draws the weight, then the bias, from rng. Throws unless all sizes are 1 or more and the groups divide
  /// both numbers of channels.
  Conv2d(Index in, Index out, Rng& rng, const Conv2dOptions& o = {})
      : options{o.stride, o.padding, o.dilation, o.groups},
        activation(o.activation),
        slope(o.slope),
        masked(o.mask) {
    detail::check_conv_options("Conv2d", in, out, o);
    const Fans fans = detail::conv_fans("Conv2d", in, out, options, o.kernel);
    weight = o.init.make<T>({o.kernel.height, o.kernel.width, in / o.groups, out}, fans, rng);
    if (o.bias) bias = o.bias_init.make<T>({out}, fans, rng);
    if (masked == ConvMask::none) return;
    mask = detail::conv_mask<T>("Conv2d", masked, weight.shape(), o.groups, o.colours);
    weight.copy_from(masked_weight().detach());
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x,
                            [&] { return conv2d(x, masked_weight(), bias, options, activation, slope); });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  /// The weight that forward computes with: W, 0 where it is masked.
  Tensor<T> masked_weight() const { return mask.defined() ? weight * mask : weight; }

  void visit(auto&& v) {
    v("weight", weight, Layout::conv);
    if (bias.defined()) v("bias", bias);
  }

  std::string describe() const {
    return detail::describe_conv("Conv2d", weight.dim(2) * options.groups, weight.dim(3), weight.shape(),
                                 options, detail::mask_text(masked), activation);
  }
};

}  // namespace figment

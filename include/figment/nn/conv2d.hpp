// The convolution layer.
#pragma once

#include "figment/nn/linear.hpp"
#include "figment/nn/window_text.hpp"
#include "figment/ops/conv2d.hpp"

namespace figment {

struct Conv2dOptions {
  Extent2 kernel = 3, stride = 1;
  Padding padding = {};
  Extent2 dilation = 1;
  Index groups = 1;  ///< as many as channels: a depthwise convolution
  Activation activation = Activation::none;
  double slope = 0.3;  ///< of leaky_relu
  bool bias = true;
  Initializer init = init::glorot_uniform();  ///< of the weight; the bias starts at bias_init
  Initializer bias_init = init::zeros();
};

namespace detail {

inline void check_conv_channels(std::string_view layer, Index in, Index out, Extent2 kernel, Index groups) {
  check(in >= 1 && out >= 1, "{}: expected channels of 1 or more, found {} and {}", layer, in, out);
  check(kernel.height >= 1 && kernel.width >= 1, "{}: expected a kernel of 1 or more, found {} and {}", layer,
        kernel.height, kernel.width);
  check(groups >= 1 && in % groups == 0 && out % groups == 0,
        "{}: {} group(s) do not divide {} and {} channels", layer, groups, in, out);
}

/// A layer's sizes and what of its options is not the usual, `more` among them.
inline std::string describe_conv(const char* layer, Index in, Index out, const Shape& weight,
                                 const ConvOptions& o, const std::string& more, Activation activation) {
  const std::string kernel = extent_text({weight[0], weight[1]});
  return format("{}({}, {}, {}{}{}{}", layer, in, out, kernel,
                window_text(o.stride, 1, o.padding, o.dilation), more,
                o.groups > 1 ? format(", groups {}", o.groups) : "") +
         closing_text(activation);
}

}  // namespace detail

/// y = act(x * W + b).   x: (N, H, W, in) -> (N, H', W', out). W: (kh, kw, in / groups, out). Of H and W,
/// `same` padding leaves H / stride rounded up. Initialisers see fans of kh kw in / groups and kh kw out.
///
///   Conv2d(1, 32, {.kernel = {5, 5}, .stride = 2, .padding = Padding::same()}, rng)
template <class T = float>
struct Conv2d {
  using value_type = T;

  Tensor<T> weight, bias;
  ConvOptions options;
  Activation activation;
  double slope;

  Conv2d(Index in, Index out, const Conv2dOptions& o, Rng& rng)
      : options{o.stride, o.padding, o.dilation, o.groups}, activation(o.activation), slope(o.slope) {
    detail::check_conv_channels("Conv2d", in, out, o.kernel, o.groups);
    const Index taps = o.kernel.height * o.kernel.width;
    const Fans fans{taps * in / o.groups, taps * out};
    weight = o.init.make<T>({o.kernel.height, o.kernel.width, in / o.groups, out}, fans, rng);
    if (o.bias) bias = o.bias_init.make<T>({out}, fans, rng);
  }

  Tensor<T> forward(const Tensor<T>& x) const { return conv2d(x, weight, bias, options, activation, slope); }

  void visit(auto&& v) {
    v("weight", weight);
    if (bias.defined()) v("bias", bias);
  }

  std::string describe() const {
    return detail::describe_conv("Conv2d", weight.dim(2) * options.groups, weight.dim(3), weight.shape(),
                                 options, "", activation);
  }
};

}  // namespace figment

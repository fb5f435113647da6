// Convolution along one axis, channels last.
#pragma once

#include "figment/ops/conv2d.hpp"

namespace figment {

/// act(x * w + bias) along sequences: x (N, L, in), w (k, in / groups, out), bias (out,) or undefined, to
/// (N, L', out). Of the options those of the width count, and of the padding left and right.
template <detail::Real T>
Tensor<T> conv1d(const Tensor<T>& x, const Tensor<T>& w, const Tensor<T>& bias,
                 const ConvOptions& options = {}, Activation activation = Activation::none,
                 double slope = 0.3) {
  ensure(x.rank() == 3 && w.rank() == 3,
         "conv1d: expected x (N, L, C) and weight (k, in, out), found {} and {}", x.shape(), w.shape());
  ConvOptions o = options;
  o.stride.height = o.dilation.height = 1, o.padding.top = o.padding.bottom = 0;
  const Shape image{x.dim(0), 1, x.dim(1), x.dim(2)}, window{1, w.dim(0), w.dim(1), w.dim(2)};
  const auto g = detail::conv_geometry("conv1d", image, window, o);
  detail::check_conv_bias("conv1d", bias, g.out, activation, slope);
  const auto y = conv2d(reshape(x, image), reshape(w, window), bias, o, activation, slope);
  return reshape(y, Shape{y.dim(0), y.dim(2), y.dim(3)});
}

}  // namespace figment

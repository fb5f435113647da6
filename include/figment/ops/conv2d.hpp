// Convolution and its transpose, channels last, with gradients of any order.
#pragma once

#include "figment/ops/conv_products.hpp"
#include "figment/ops/conv_weights.hpp"

namespace figment {

namespace detail {

// <y, conv(x, w)> is linear in each of its three tensors. Its gradient by each is one of these operations,
// and so is theirs: the three are closed under differentiation.

template <class T>
Tensor<T> conv_y(const ConvGeometry& g, const Tensor<T>& x, const Tensor<T>& w);
template <class T>
Tensor<T> conv_w(const ConvGeometry& g, const Tensor<T>& x, const Tensor<T>& y);

/// conv_input_gradient, recorded: (y, w) -> x.
template <class T>
Tensor<T> conv_x(const ConvGeometry& g, const Tensor<T>& y, const Tensor<T>& w) {
  Tensor<T> x(g.x_shape());
  conv_input_gradient(g, y.data(), w.data(), x.mutable_data());
  return record(
      "conv2d by input", {y, w}, std::move(x),
      [g](auto& s, auto& dx, auto& d) {
        d(0, [&] { return conv_y(g, dx, s.in(1)); });
        d(1, [&] { return conv_w(g, dx, s.in(0)); });
      },
      Keep::inputs);
}
/// conv_weight_gradient, recorded: (x, y) -> w.
template <class T>
Tensor<T> conv_w(const ConvGeometry& g, const Tensor<T>& x, const Tensor<T>& y) {
  Tensor<T> w(g.w_shape());
  conv_weight_gradient(g, x.data(), y.data(), w.mutable_data());
  return record(
      "conv2d by weight", {x, y}, std::move(w),
      [g](auto& s, auto& dw, auto& d) {
        d(0, [&] { return conv_x(g, s.in(1), dw); });
        d(1, [&] { return conv_y(g, s.in(0), dw); });
      },
      Keep::inputs);
}
/// conv_forward, recorded: (x, w) -> y.
template <class T>
Tensor<T> conv_y(const ConvGeometry& g, const Tensor<T>& x, const Tensor<T>& w) {
  Tensor<T> y(g.y_shape());
  conv_forward<T>(g, x.data(), w.data(), y.mutable_data(), nullptr, Activation::none, 0);
  return record(
      "conv2d", {x, w}, std::move(y),
      [g](auto& s, auto& dy, auto& d) {
        d(0, [&] { return conv_x(g, dy, s.in(1)); });
        d(1, [&] { return conv_w(g, s.in(0), dy); });
      },
      Keep::inputs);
}

/// Checks a convolution's bias and the slope of its leaky_relu.
template <class T>
void check_conv_bias(std::string_view op, const Tensor<T>& bias, Index channels, Activation activation,
                     double slope) {
  ensure(!bias.defined() || bias.shape() == Shape{channels}, "{}: bias {} for {} channels", op, bias.shape(),
         channels);
  ensure(activation != Activation::leaky_relu || slope > 0, "{}: expected a positive slope, found {}", op,
         slope);
}

}  // namespace detail

/// act(x * w + bias), cross-correlation as every network library has it: x (N, H, W, in), w (kh, kw, in /
/// groups, out), bias (out,) or undefined, to (N, H', W', out). `slope` is leaky_relu's.
template <detail::Real T>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& w, const Tensor<T>& bias,
                 const ConvOptions& options = {}, Activation activation = Activation::none,
                 double slope = 0.3) {
  const auto g = detail::conv_geometry("conv2d", x.shape(), w.shape(), options);
  detail::check_conv_bias("conv2d", bias, g.out, activation, slope);
  Tensor<T> y(g.y_shape());
  detail::conv_forward(g, x.data(), w.data(), y.mutable_data(), bias.defined() ? bias.data() : nullptr,
                       activation, slope);
  return record("conv2d", {x, w, bias}, std::move(y), [g, activation, slope](auto& s, auto& dy, auto& d) {
    const auto dz = detail::activation_gradient(activation, slope, dy, s);
    d(0, [&] { return detail::conv_x(g, dz, s.in(1)); });
    d(1, [&] { return detail::conv_w(g, s.in(0), dz); });
    d(2, [&] { return dz; });  // summed over samples and positions by the engine
  });
}

/// The exact adjoint of conv2d with the same options: x (N, H, W, in), w (kh, kw, out / groups, in), bias
/// (out,) or undefined, to (N, H', W', out). With `same` H' is H * stride; otherwise the smallest that conv2d
/// maps to H, plus `output_padding`, which is less than the stride.
template <detail::Real T>
Tensor<T> conv_transpose2d(const Tensor<T>& x, const Tensor<T>& w, const Tensor<T>& bias,
                           const ConvOptions& options = {}, Extent2 output_padding = 0,
                           Activation activation = Activation::none, double slope = 0.3) {
  ensure(x.rank() == 4 && w.rank() == 4,
         "conv_transpose2d: expected x (N, H, W, C) and weight (kh, kw, out, in), found {} and {}", x.shape(),
         w.shape());
  ensure(x.dim(3) == w.dim(3), "conv_transpose2d: x {} has {} channels, weight {} needs {}", x.shape(),
         x.dim(3), w.shape(), w.dim(3));
  const bool same = options.padding.kind == Padding::Kind::same;
  const auto extent = [&](Index n, Index window, Index stride, Index dilation, Index before, Index after,
                          Index extra) {
    detail::check_conv_axis("conv_transpose2d", n, window, stride, dilation, options.padding.kind, before,
                            after);
    ensure(extra >= 0 && (extra == 0 || extra < stride),
           "conv_transpose2d: expected output padding below the stride {}, found {}", stride, extra);
    const Index size = (n - 1) * stride + (window - 1) * dilation + 1 - before - after + extra;
    ensure(same || size >= 1, "conv_transpose2d: padding is more than the output of x {} and weight {}",
           x.shape(), w.shape());
    return same ? n * stride : size;
  };
  const auto& p = options.padding;
  const Index height = extent(x.dim(1), w.dim(0), options.stride.height, options.dilation.height, p.top,
                              p.bottom, output_padding.height);
  const Index width = extent(x.dim(2), w.dim(1), options.stride.width, options.dilation.width, p.left,
                             p.right, output_padding.width);
  ensure(options.groups >= 1, "conv_transpose2d: expected 1 or more groups, found {}", options.groups);
  const Index channels = detail::counted("conv_transpose2d", w.dim(2), options.groups);
  const auto g =
      detail::conv_geometry("conv_transpose2d", {x.dim(0), height, width, channels}, w.shape(), options);
  ensure(g.y_shape() == x.shape(), "conv_transpose2d: no input of weight {} gives x {}", w.shape(),
         x.shape());
  detail::check_conv_bias("conv_transpose2d", bias, g.in, activation, slope);
  Tensor<T> y(g.x_shape());
  detail::conv_input_gradient(g, x.data(), w.data(), y.mutable_data(), bias.defined() ? bias.data() : nullptr,
                              activation, slope);
  return record("conv_transpose2d", {x, w, bias}, std::move(y),
                [g, activation, slope](auto& s, auto& dy, auto& d) {
                  const auto dz = detail::activation_gradient(activation, slope, dy, s);
                  d(0, [&] { return detail::conv_y(g, dz, s.in(1)); });
                  d(1, [&] { return detail::conv_w(g, dz, s.in(0)); });
                  d(2, [&] { return dz; });
                });
}

}  // namespace figment

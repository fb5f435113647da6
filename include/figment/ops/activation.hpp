// The nonlinearities of networks, elementwise.
#pragma once

#include "figment/ops/math.hpp"

namespace figment {

namespace detail {

// dx from dy by y alone, for the functions below and for the layers that end in one of them.

template <class T>
Tensor<T> relu_gradient(const Tensor<T>& dy, const Tensor<T>& y) {
  return piecewise("relu's gradient", kernels::op::ReluGrad{}, dy, y);
}
template <class T>
Tensor<T> leaky_relu_gradient(const Tensor<T>& dy, const Tensor<T>& y, double slope) {
  return piecewise("leaky_relu's gradient", kernels::op::LeakyReluGrad{slope}, dy, y);
}
template <class T>
Tensor<T> sigmoid_gradient(const Tensor<T>& dy, const Tensor<T>& y) {
  return fused(kernels::op::SigmoidGrad{}, dy, y, [&] { return dy * y * (T(1) - y); });
}
template <class T>
Tensor<T> tanh_gradient(const Tensor<T>& dy, const Tensor<T>& y) {
  return fused(kernels::op::TanhGrad{}, dy, y, [&] { return dy * (T(1) - square(y)); });
}

/// x where silu and its kin are curved: beyond these bounds they are straight to the last digit, and an
/// infinite x would be multiplied by a factor that is 0 there.
template <class T>
Tensor<T> curved(const Tensor<T>& x) {
  return clamp(x, -1e4, 1e4);
}

}  // namespace detail

/// max(x, 0). dx = dy where y > 0, else 0.
template <class T>
Tensor<T> relu(const Tensor<T>& x) {
  return record(
      "relu", {x}, detail::map(kernels::op::Relu{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return detail::relu_gradient(dy, s.constant_out()); }); },
      Keep::output);
}

/// x where x > 0, else slope x. dx = dy or slope dy. The slope is positive, so that y's sign is x's.
template <class T>
Tensor<T> leaky_relu(const Tensor<T>& x, double slope = 0.3) {
  ensure(slope > 0, "leaky_relu: expected a positive slope, found {}", slope);
  return record(
      "leaky_relu", {x}, detail::map(kernels::op::LeakyRelu{slope}, x),
      [slope](auto& s, auto& dy, auto& dx) {
        dx(0, [&] { return detail::leaky_relu_gradient(dy, s.constant_out(), slope); });
      },
      Keep::output);
}

/// Logistic sigmoid, 1 / (1 + e^-x). dx = y (1 - y) dy.
template <class T>
Tensor<T> sigmoid(const Tensor<T>& x) {
  return record(
      "sigmoid", {x}, detail::map(kernels::op::Sigmoid{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return detail::sigmoid_gradient(dy, s.out()); }); },
      Keep::output);
}

/// dx = (1 - y^2) dy.
template <class T>
Tensor<T> tanh(const Tensor<T>& x) {
  return record(
      "tanh", {x}, detail::map(kernels::op::Tanh{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return detail::tanh_gradient(dy, s.out()); }); },
      Keep::output);
}

/// log(1 + e^x), without overflow. dx = sigmoid(x) dy.
template <class T>
Tensor<T> softplus(const Tensor<T>& x) {
  return record(
      "softplus", {x}, detail::map(kernels::op::Softplus{}, x),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto& in = s.in(0);
          return detail::fused(kernels::op::SoftplusGrad{}, dy, in, [&] { return dy * sigmoid(in); });
        });
      },
      Keep::inputs);
}

/// log(sigmoid(x)) = -softplus(-x), which loses no digits at either end. dx = sigmoid(-x) dy.
template <class T>
Tensor<T> log_sigmoid(const Tensor<T>& x) {
  return record(
      "log_sigmoid", {x}, detail::map(kernels::op::LogSigmoid{}, x),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto& in = s.in(0);
          return detail::fused(kernels::op::LogSigmoidGrad{}, dy, in, [&] { return dy * sigmoid(-in); });
        });
      },
      Keep::inputs);
}

/// x where x > 0, else alpha (e^x - 1) (Clevert et al., 2015). dx = dy or alpha e^x dy.
template <class T>
Tensor<T> elu(const Tensor<T>& x, double alpha = 1) {
  return record(
      "elu", {x}, detail::map(kernels::op::Elu{alpha}, x),
      [alpha](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto& in = s.in(0);
          return detail::fused(kernels::op::EluGrad{alpha}, dy, in, [&] {
            const auto positive = greater(in, T(0));
            // exp only of what is not positive: 0 times an infinite derivative that was not chosen is NaN.
            const auto below = exp(where(positive, Tensor<T>::zeros({}), in));
            return where(positive, dy, dy * affine(below, alpha, 0));
          });
        });
      },
      Keep::inputs);
}

/// x sigmoid(x), also called swish (Elfwing et al., 2018). dx = (s + x s (1 - s)) dy, s = sigmoid(x).
template <class T>
Tensor<T> silu(const Tensor<T>& x) {
  return record(
      "silu", {x}, detail::map(kernels::op::Silu{}, x),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto& in = s.in(0);
          return detail::fused(kernels::op::SiluGrad{}, dy, in, [&] {
            const auto c = detail::curved(in), y = sigmoid(c);
            return dy * (y + c * y * (T(1) - y));
          });
        });
      },
      Keep::inputs);
}

/// x times the normal distribution function P (Hendrycks and Gimpel, 2016). dx = (P(x) + x P'(x)) dy.
template <class T>
Tensor<T> gelu(const Tensor<T>& x) {
  return record(
      "gelu", {x}, detail::map(kernels::op::Gelu{}, x),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto& in = s.in(0);
          return detail::fused(kernels::op::GeluGrad{}, dy, in, [&] {
            const auto c = detail::curved(in);
            const auto below = affine(erf(affine(c, std::numbers::sqrt2 / 2, 0)), 0.5, 0.5);
            const auto density =
                affine(exp(affine(square(c), -0.5, 0)), std::numbers::inv_sqrtpi / std::numbers::sqrt2, 0);
            return dy * (below + c * density);
          });
        });
      },
      Keep::inputs);
}

/// The approximation of gelu by tanh, from the same paper: x / 2 (1 + tanh(u)), u = sqrt(2 / pi) (x +
/// 0.044715 x^3). dx = (1 + t + x (1 - t^2) u') dy / 2, t = tanh(u).
template <class T>
Tensor<T> gelu_tanh(const Tensor<T>& x) {
  return record(
      "gelu_tanh", {x}, detail::map(kernels::op::GeluTanh{}, x),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto& in = s.in(0);
          return detail::fused(kernels::op::GeluTanhGrad{}, dy, in, [&] {
            const double scale = std::sqrt(2 * std::numbers::inv_pi);
            const auto c = detail::curved(in);
            const auto t = tanh(c * affine(square(c), scale * 0.044715, scale));
            const auto inner = affine(square(c), scale * 3 * 0.044715, scale);
            return affine(dy, 0.5, 0) * (T(1) + t + c * (T(1) - square(t)) * inner);
          });
        });
      },
      Keep::inputs);
}

}  // namespace figment

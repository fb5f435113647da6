// The nonlinearities of networks, elementwise.
#pragma once

#include "figment/ops/math.hpp"

namespace figment {

namespace detail {

/// A gradient in one pass over memory while nothing is recorded, else composed of recorded operations.
template <class Op, class T, class F>
Tensor<T> fused(Op f, const Tensor<T>& dy, const Tensor<T>& saved, F&& composed) {
  return recording(dy, saved) ? std::forward<F>(composed)() : map(f, dy, saved, "gradient");
}

/// 1 where x > 0, else `otherwise`.
template <class T>
Tensor<T> step(const Tensor<T>& x, double otherwise) {
  return transform<T>(x, [below = static_cast<T>(otherwise)](T v) { return v > 0 ? T(1) : below; });
}

}  // namespace detail

/// max(x, 0). dx = dy where y > 0, else 0.
template <class T>
Tensor<T> relu(const Tensor<T>& x) {
  return record(
      "relu", {x}, detail::map(kernels::op::Relu{}, x),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto y = s.out();
          return detail::fused(kernels::op::ReluGrad{}, dy, y, [&] { return dy * detail::step(y, 0); });
        });
      },
      Keep::output);
}

/// x where x > 0, else slope x. dx = dy or slope dy. The slope is positive, so that y's sign is x's.
template <class T>
Tensor<T> leaky_relu(const Tensor<T>& x, double slope = 0.3) {
  check(slope > 0, "leaky_relu: expected a positive slope, found {}", slope);
  return record(
      "leaky_relu", {x}, detail::map(kernels::op::LeakyRelu{slope}, x),
      [slope](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto y = s.out();
          return detail::fused(kernels::op::LeakyReluGrad{slope}, dy, y,
                               [&] { return dy * detail::step(y, slope); });
        });
      },
      Keep::output);
}

/// Logistic sigmoid, 1 / (1 + e^-x). dx = y (1 - y) dy.
template <class T>
Tensor<T> sigmoid(const Tensor<T>& x) {
  return record(
      "sigmoid", {x}, detail::map(kernels::op::Sigmoid{}, x),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto y = s.out();
          return detail::fused(kernels::op::SigmoidGrad{}, dy, y, [&] { return dy * y * (T(1) - y); });
        });
      },
      Keep::output);
}

/// dx = (1 - y^2) dy.
template <class T>
Tensor<T> tanh(const Tensor<T>& x) {
  return record(
      "tanh", {x}, detail::map(kernels::op::Tanh{}, x),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto y = s.out();
          return detail::fused(kernels::op::TanhGrad{}, dy, y, [&] { return dy * (T(1) - square(y)); });
        });
      },
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

/// x where x > 0, else alpha (e^x - 1) (Clevert et al., 2015). dx = dy or (y + alpha) dy.
template <class T>
Tensor<T> elu(const Tensor<T>& x, double alpha = 1) {
  const T a = static_cast<T>(alpha);
  return record(
      "elu", {x}, detail::transform<T>(x, [a](T v) { return v > 0 ? v : a * std::expm1(v); }),
      [alpha](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto& in = s.in(0);
          const auto positive = detail::step(in, 0);
          // exp only of what is negative: a masked infinity would be NaN.
          const auto slope = affine(exp(in * (T(1) - positive)), alpha, 0);
          return dy * (positive + slope * (T(1) - positive));
        });
      },
      Keep::inputs);
}

/// x sigmoid(x), also called swish (Elfwing et al., 2018).
template <class T>
Tensor<T> silu(const Tensor<T>& x) {
  return x * sigmoid(x);
}

/// x times the normal distribution function (Hendrycks and Gimpel, 2016).
template <class T>
Tensor<T> gelu(const Tensor<T>& x) {
  return affine(x, 0.5, 0) * affine(erf(affine(x, std::numbers::sqrt2 / 2, 0)), 1, 1);
}

/// The approximation of gelu by tanh, from the same paper.
template <class T>
Tensor<T> gelu_tanh(const Tensor<T>& x) {
  const auto inner = affine(x + affine(x * square(x), 0.044715, 0), std::sqrt(2 * std::numbers::inv_pi), 0);
  return affine(x, 0.5, 0) * affine(tanh(inner), 1, 1);
}

}  // namespace figment

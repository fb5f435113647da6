// Elementwise functions of one tensor.
#pragma once

#include <numbers>

#include "figment/core/finite.hpp"
#include "figment/ops/compare.hpp"

namespace figment {

namespace detail {

/// A gradient in one pass over memory while nothing is recorded, else composed of recorded operations.
template <class Op, class T, class F>
Tensor<T> fused(Op f, const Tensor<T>& dy, const Tensor<T>& saved, F&& composed) {
  return recording(dy, saved) ? std::forward<F>(composed)() : map(f, dy, saved, "gradient");
}

}  // namespace detail

/// e^x. dx = y dy.
template <class T>
Tensor<T> exp(const Tensor<T>& x) {
  return record(
      "exp", {x}, detail::map(kernels::op::Exp{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy * s.out(); }); }, Keep::output);
}

/// The natural logarithm. dx = dy / x.
template <class T>
Tensor<T> log(const Tensor<T>& x) {
  return record(
      "log", {x}, detail::map(kernels::op::Log{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy / s.in(0); }); }, Keep::inputs);
}

/// log(1 + x), exact for small x. dx = dy / (1 + x).
template <class T>
Tensor<T> log1p(const Tensor<T>& x) {
  return record(
      "log1p", {x}, detail::map(kernels::op::Log1p{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy / (s.in(0) + T(1)); }); }, Keep::inputs);
}

/// e^x - 1, exact for small x. dx = (y + 1) dy.
template <class T>
Tensor<T> expm1(const Tensor<T>& x) {
  return record(
      "expm1", {x}, detail::map(kernels::op::Expm1{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy * (s.out() + T(1)); }); }, Keep::output);
}

/// dx = dy / 2y.
template <class T>
Tensor<T> sqrt(const Tensor<T>& x) {
  return record(
      "sqrt", {x}, detail::map(kernels::op::Sqrt{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return affine(dy, 0.5, 0) / s.out(); }); }, Keep::output);
}

/// x^2. dx = 2x dy.
template <class T>
Tensor<T> square(const Tensor<T>& x) {
  return record(
      "square", {x}, detail::map(kernels::op::Square{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return affine(dy, 2, 0) * s.in(0); }); }, Keep::inputs);
}

/// 1 / x.
template <class T>
Tensor<T> reciprocal(const Tensor<T>& x) {
  return T(1) / x;
}

/// 1 / sqrt(x).
template <class T>
Tensor<T> rsqrt(const Tensor<T>& x) {
  return T(1) / sqrt(x);
}

template <class T>
Tensor<T> cos(const Tensor<T>& x);

/// dx = cos(x) dy.
template <class T>
Tensor<T> sin(const Tensor<T>& x) {
  return record(
      "sin", {x}, detail::map(kernels::op::Sin{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy * cos(s.in(0)); }); }, Keep::inputs);
}

/// dx = -sin(x) dy.
template <class T>
Tensor<T> cos(const Tensor<T>& x) {
  return record(
      "cos", {x}, detail::map(kernels::op::Cos{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return -(dy * sin(s.in(0))); }); }, Keep::inputs);
}

/// The error function. dx = 2/sqrt(pi) exp(-x^2) dy.
template <class T>
Tensor<T> erf(const Tensor<T>& x) {
  return record(
      "erf", {x}, detail::map(kernels::op::Erf{}, x),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] { return dy * affine(exp(-square(s.in(0))), 2 * std::numbers::inv_sqrtpi, 0); });
      },
      Keep::inputs);
}

/// -1, 0 or 1, or NaN; its gradient is 0.
template <class T>
Tensor<T> sign(const Tensor<T>& x) {
  return record(
      "sign", {x}, detail::map(kernels::op::Sign{}, x),
      [](auto&, auto& dy, auto& dx) { dx.constant(0, [&] { return Tensor<T>::zeros(dy.shape()); }); },
      Keep::nothing);
}

/// |x|. dx = sign(x) dy, 0 at 0.
template <class T>
Tensor<T> abs(const Tensor<T>& x) {
  return record(
      "abs", {x}, detail::map(kernels::op::Abs{}, x),
      [](auto& s, auto& dy, auto& dx) {
        dx(0,
           [&] { return detail::piecewise("abs' gradient", kernels::op::AbsGrad{}, dy, s.constant_in(0)); });
      },
      Keep::inputs);
}

/// x limited to [low, high]; NaN stays. dx = dy inside and on the bounds, 0 outside.
template <class T>
Tensor<T> clamp(const Tensor<T>& x, double low, double high) {
  ensure(low <= high, "clamp: expected low <= high, found {} and {}", low, high);
  return record(
      "clamp", {x}, detail::map(kernels::op::Clamp{low, high}, x),
      [low, high](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          return detail::piecewise("clamp's gradient", kernels::op::ClampGrad{low, high}, dy,
                                   s.constant_in(0));
        });
      },
      Keep::inputs);
}

}  // namespace figment

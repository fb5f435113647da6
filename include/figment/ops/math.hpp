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

/// sin(x) / cos(x). dx = (1 + y^2) dy.
template <class T>
Tensor<T> tan(const Tensor<T>& x) {
  return record(
      "tan", {x}, detail::map(kernels::op::Tan{}, x),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy * (1 + square(s.out())); }); }, Keep::output);
}

/// The angle of the point (b, a), or of the complex number b + a i, in [-pi, pi]; with broadcasting. da = b
/// dy / (a^2 + b^2), db = -a dy / (a^2 + b^2); both are 0 where a and b are 0, and where either is infinite.
template <class T>
Tensor<T> atan2(const Tensor<T>& a, const Tensor<T>& b) {
  return record(
      "atan2", {a, b}, detail::map(kernels::op::Atan2{}, a, b, "atan2"),
      [](auto& s, auto& dy, auto& dx) {
        // The larger of the two, or 0 where the slopes are 0.
        const Tensor<T> longer =
            detail::transform<T>(s.constant_in(0), s.constant_in(1), "atan2", [](T u, T v) {
              const T most = (std::max)(std::abs(u), std::abs(v));
              return detail::is_finite(most) || detail::is_nan(most) ? most : T(0);
            });
        const Mask flat = equal(longer, 0);
        const Tensor<T> zero = Tensor<T>::zeros({}), one = Tensor<T>::ones({}),
                        unit = where(flat, one, longer);
        // from dy / (a^2 + b^2), in that unit, as the squares may be beyond T. It cancels, and so is
        // constant.
        const auto slope = [&](const Tensor<T>& from, const Tensor<T>& other) {
          const Tensor<T> u = from / unit, v = other / unit;
          const Tensor<T> squares = where(flat, one, square(u) + square(v));
          return where(flat, zero, u / (squares * unit) * dy);
        };
        dx(0, [&] { return slope(s.in(1), s.in(0)); });
        dx(1, [&] { return -slope(s.in(0), s.in(1)); });
      },
      Keep::inputs);
}

/// a log(b) with broadcasting; 0 where a is 0, whatever number b is. da = log(b) dy, 0 where a is 0 and b is
/// not above it; db = a dy / b.
template <class T>
Tensor<T> xlogy(const Tensor<T>& a, const Tensor<T>& b) {
  return record(
      "xlogy", {a, b}, detail::map(kernels::op::XLogY{}, a, b, "xlogy"),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const Mask flat = detail::transform<std::uint8_t>(s.constant_in(0), s.constant_in(1), "xlogy",
                                                            [](T u, T v) { return u == 0 && v <= 0; });
          return where(flat, Tensor<T>::zeros({}), xlogy(dy, s.in(1)));
        });
        dx(1, [&] { return dy * s.in(0) / s.in(1); });
      },
      Keep::inputs);
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

namespace detail {

/// f(x) in steps, whose gradient is 0.
template <class Op, class T>
Tensor<T> stepped(const char* name, Op f, const Tensor<T>& x) {
  return record(
      name, {x}, map(f, x),
      [](auto&, auto& dy, auto& dx) { dx.constant(0, [&] { return Tensor<T>::zeros(dy.shape()); }); },
      Keep::nothing);
}

}  // namespace detail

/// -1, 0 or 1, or NaN; its gradient is 0.
template <class T>
Tensor<T> sign(const Tensor<T>& x) {
  return detail::stepped("sign", kernels::op::Sign{}, x);
}
/// The largest whole number that is not above x; its gradient is 0.
template <class T>
Tensor<T> floor(const Tensor<T>& x) {
  return detail::stepped("floor", kernels::op::Floor{}, x);
}
/// The least whole number that is not below x; its gradient is 0.
template <class T>
Tensor<T> ceil(const Tensor<T>& x) {
  return detail::stepped("ceil", kernels::op::Ceil{}, x);
}
/// The nearest whole number, of two the even one, as PyTorch's; its gradient is 0.
template <class T>
Tensor<T> round(const Tensor<T>& x) {
  return detail::stepped("round", kernels::op::Round{}, x);
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

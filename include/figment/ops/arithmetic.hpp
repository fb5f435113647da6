// Arithmetic on tensors and with numbers. + and * of two tensors stand in autograd/arithmetic.hpp.
#pragma once

#include <cmath>

#include "figment/autograd/grad.hpp"
#include "figment/core/finite.hpp"
#include "figment/ops/integers.hpp"

namespace figment {

template <class T>
Tensor<T> affine(const Tensor<T>& x, double scale, double shift);

namespace detail {

/// A type of its own, as who exports an affine function reads both numbers of it.
struct AffineRule {
  double scale, shift;
  void operator()(auto&, auto& dy, auto& dx) const {
    dx(0, [&] { return scale == 1 ? dy : affine(dy, scale, 0); });
  }
};

/// f(dy, saved), which is linear in dy by a factor that is constant in pieces of `saved`: relu's gradient,
/// say. So its own gradient by dy is the same of what comes back, and by `saved` there is none. One kernel
/// for the plain gradient and the recorded one; it chooses, for a factor of 0 would make NaN of an infinite
/// dy.
template <class Op, class T>
Tensor<T> piecewise(const char* name, Op f, const Tensor<T>& dy, const Tensor<T>& saved) {
  return record(
      name, {dy}, map(f, dy, saved, name),
      [name, f, kept = Kept(saved)](auto&, auto& d, auto& dx) {
        kept.confirm(name, "what it was chosen by");
        dx(0, [&] { return piecewise(name, f, d, kept.tensor); });
      },
      Keep::nothing);
}

}  // namespace detail

/// scale * x + shift. dx = scale dy.
template <class T>
Tensor<T> affine(const Tensor<T>& x, double scale, double shift) {
  return record("affine", {x}, detail::map(kernels::op::Affine{scale, shift}, x),
                detail::AffineRule{scale, shift}, Keep::nothing);
}

/// -x. dx = -dy.
template <std::floating_point T>
Tensor<T> operator-(const Tensor<T>& x) {
  return affine(x, -1, 0);
}
/// x + c for each element. dx = dy.
template <std::floating_point T>
Tensor<T> operator+(const Tensor<T>& x, double c) {
  return affine(x, 1, c);
}
/// c + x for each element. dx = dy.
template <std::floating_point T>
Tensor<T> operator+(double c, const Tensor<T>& x) {
  return affine(x, 1, c);
}
/// x - c for each element. dx = dy.
template <std::floating_point T>
Tensor<T> operator-(const Tensor<T>& x, double c) {
  return affine(x, 1, -c);
}
/// c - x for each element. dx = -dy.
template <std::floating_point T>
Tensor<T> operator-(double c, const Tensor<T>& x) {
  return affine(x, -1, c);
}
/// c x for each element. dx = c dy.
template <std::floating_point T>
Tensor<T> operator*(const Tensor<T>& x, double c) {
  return affine(x, c, 0);
}
/// c x for each element. dx = c dy.
template <std::floating_point T>
Tensor<T> operator*(double c, const Tensor<T>& x) {
  return affine(x, c, 0);
}

/// a - b with broadcasting. da = dy, db = -dy.
template <std::floating_point T>
Tensor<T> operator-(const Tensor<T>& a, const Tensor<T>& b) {
  return record(
      "sub", {a, b}, detail::map(kernels::op::Sub{}, a, b, "sub"),
      [](auto&, auto& dy, auto& dx) {
        dx(0, [&] { return dy; });
        dx(1, [&] { return -dy; });
      },
      Keep::nothing);
}

/// a / b with broadcasting. da = dy / b, db = -dy y / b.
template <std::floating_point T>
Tensor<T> operator/(const Tensor<T>& a, const Tensor<T>& b) {
  return record("div", {a, b}, detail::map(kernels::op::Div{}, a, b, "div"), [](auto& s, auto& dy, auto& dx) {
    dx(0, [&] { return dy / s.in(1); });
    dx(1, [&] { return -(dy * s.out() / s.in(1)); });
  });
}
/// x / c for each element. dx = dy / c.
template <std::floating_point T>
Tensor<T> operator/(const Tensor<T>& x, double c) {
  return x / Tensor<T>::scalar(static_cast<T>(c));
}
/// c / x for each element. dx = -c dy / x^2.
template <std::floating_point T>
Tensor<T> operator/(double c, const Tensor<T>& x) {
  return Tensor<T>::scalar(static_cast<T>(c)) / x;
}

namespace detail {

/// x^p, not recorded; the powers that need no logarithm have kernels of their own.
template <class T>
Tensor<T> power(const Tensor<T>& x, double p) {
  namespace op = kernels::op;
  if (p == 2) return map(op::Square{}, x);
  if (p == 3) return map(op::Cube{}, x);
  if (p == 0.5) return map(op::PowHalf{}, x);
  if (p == -0.5) return map(op::PowMinusHalf{}, x);
  if (p == -1) return map(op::Div{}, Tensor<T>::ones({}), x, "pow");
  if (p == -2) return map(op::PowMinusTwo{}, x);
  return map(op::Pow{}, x, Tensor<T>::scalar(static_cast<T>(p)), "pow");
}

}  // namespace detail

/// x^p for a fixed p. dx = p x^(p-1) dy.
template <class T>
Tensor<T> pow(const Tensor<T>& x, double p) {
  if (p == 1) return x;
  return record(
      "pow", {x}, detail::power(x, p),
      [p](auto& s, auto& dy, auto& dx) {
        if (p == 0) return dx.constant(0, [&] { return Tensor<T>::zeros(dy.shape()); });
        dx(0, [&] { return dy * affine(pow(s.in(0), p - 1), p, 0); });
      },
      Keep::inputs);
}

template <class T>
Tensor<T> log(const Tensor<T>& x);
template <class T>
Tensor<T> where(const Mask& mask, const Tensor<T>& a, const Tensor<T>& b);

/// a^b with broadcasting, a >= 0 for the gradient by b. da = b a^(b-1) dy, db = y log(a) dy.
template <std::floating_point T>
Tensor<T> pow(const Tensor<T>& a, const Tensor<T>& b) {
  return record("pow", {a, b}, detail::map(kernels::op::Pow{}, a, b, "pow"), [](auto& s, auto& dy, auto& dx) {
    // Composed of recorded operations only where they are recorded: they are a dozen passes over memory.
    dx(0, [&] {
      const auto base = s.in(0), exponent = s.in(1);
      if (!recording(dy, base, exponent))
        return dy * detail::map(kernels::op::PowSlope{}, base, exponent, "pow");
      // 0^-1 is infinite, and 0 times that, where a and b are 0, no number.
      const auto one =
          detail::transform<T>(base, exponent, "pow", [](T u, T v) { return T(u != 0 || v != 0); });
      const auto power = pow(base, exponent - one);
      // An infinite exponent times a power of 0 is 0 in the limit.
      const Mask flat = detail::transform<std::uint8_t>(power, exponent, "pow", [](T p, T v) {
        return p == 0 && !detail::is_finite(v) && !detail::is_nan(v);
      });
      return dy * where(flat, Tensor<T>::zeros({}), exponent) * power;
    });
    dx(1, [&] {
      const auto y = s.out(), base = s.in(0);
      if (!recording(dy, y, base)) {
        const auto slope = detail::map(kernels::op::PowSlopeByExponent{}, y, base, "pow");
        return detail::map(kernels::op::Share{}, dy, slope, "pow");
      }
      // Where y is 0 its product with the logarithm is 0 in the limit, and at 0^0 it is as PyTorch has it.
      const Mask flat = detail::transform<std::uint8_t>(
          y, base, "pow", [](T v, T u) { return (v == 0 && u >= 0) || (u == 0 && v == 1); });
      const Tensor<T> zero = Tensor<T>::zeros({}), one = Tensor<T>::ones({});
      return where(flat, zero, dy * y * log(where(flat, one, base)));
    });
  });
}

namespace detail {

/// max or min; at a tie each operand gets half the gradient, at a NaN both all of it.
template <class Op, class T>
Tensor<T> extremum(const char* name, const char* gradient_name, Op f, T sign, const Tensor<T>& a,
                   const Tensor<T>& b) {
  return record(
      name, {a, b}, map(f, a, b, name),
      [gradient_name, sign](auto& s, auto& dy, auto& dx) {
        const auto share = [&](T toward) {
          return transform<T>(s.constant_in(0), s.constant_in(1), "", [toward](T u, T v) {
            return u == v ? T(0.5) : toward * u < toward * v ? T(0) : T(1);
          });
        };
        dx(0, [&] { return piecewise(gradient_name, kernels::op::Share{}, dy, share(sign)); });
        dx(1, [&] { return piecewise(gradient_name, kernels::op::Share{}, dy, share(-sign)); });
      },
      Keep::inputs);
}

}  // namespace detail

/// The larger of a and b, with broadcasting; NaN if either is.
template <std::floating_point T>
Tensor<T> maximum(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::extremum("maximum", "maximum's gradient", kernels::op::Maximum{}, T(1), a, b);
}
/// The smaller of a and b, with broadcasting; NaN if either is.
template <std::floating_point T>
Tensor<T> minimum(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::extremum("minimum", "minimum's gradient", kernels::op::Minimum{}, T(-1), a, b);
}

}  // namespace figment

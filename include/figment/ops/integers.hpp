// Arithmetic on integer tensors, and of tensors of two types.
#pragma once

#include <atomic>
#include <utility>

#include "figment/autograd/arithmetic.hpp"

namespace figment {

// Masks, positions and labels are computed with in 32 bits, or in 64 if an operand has them: the sum of two
// masks counts, and a mask minus a mask can be -1. A result beyond that is an Error, it does not wrap. With a
// real tensor, or a number that is not whole, integers become real, as in PyTorch.

namespace detail {

/// The type of a sum of integers.
template <class A, class B = A>
using Whole = std::conditional_t<(sizeof(A) > 4 || sizeof(B) > 4), std::int64_t, std::int32_t>;

/// What two tensors are computed with in: the real type, if there is one.
template <class A, class B>
using Common = std::conditional_t<std::is_floating_point_v<A>, A,
                                  std::conditional_t<std::is_floating_point_v<B>, B, Whole<A, B>>>;

/// Neither both float nor both double, for which the operations of their own are.
template <class B, class A>
concept Mixed = !(std::is_same_v<A, B> && std::is_floating_point_v<A>);
template <class B, class A>
concept OtherThan = !std::is_same_v<A, B>;

template <class N>
concept Number = std::is_arithmetic_v<N>;

/// x as Ts: itself, in its place of the graph, if it is.
template <class T, class X>
Tensor<T> in_type(const Tensor<X>& x) {
  if constexpr (std::is_same_v<T, X>)
    return x;
  else
    return cast<T>(x);
}

/// A number beside a tensor of Ts, as a tensor: of T, or of float where T is whole and the number is not.
template <class T, class N>
auto number_beside(const char* op, N c) {
  if constexpr (std::is_floating_point_v<T>) {
    return Tensor<T>::scalar(static_cast<T>(c));
  } else if constexpr (std::is_floating_point_v<N>) {
    return Tensor<float>::scalar(static_cast<float>(c));
  } else {
    ensure(c >= N(0)
               ? static_cast<std::uint64_t>(c) <= static_cast<std::uint64_t>((std::numeric_limits<T>::max)())
               : static_cast<std::int64_t>(c) >= static_cast<std::int64_t>((std::numeric_limits<T>::min)()),
           "{}: {} is beyond the integers of the tensor", op, static_cast<std::int64_t>(c));
    return Tensor<T>::scalar(static_cast<T>(c));
  }
}

/// Not one of float and one of double, of which nobody can tell which is meant.
template <class A, class B>
constexpr bool one_real_type() {
  constexpr bool one = std::is_integral_v<A> || std::is_integral_v<B> || std::is_same_v<A, B>;
  static_assert(one,
                "figment: one tensor is of float and the other of double; cast<double>(x) makes them one");
  return one;
}

/// Of two integer tensors whole(a, b, &y) for each element, which says if y is beyond its type; of others
/// real(a, b), with both in the same type.
template <class A, class B, class RealF, class WholeF>
auto mixed(const char* op, const Tensor<A>& a, const Tensor<B>& b, RealF real, WholeF whole) {
  using T = Common<A, B>;
  if constexpr (std::is_integral_v<T>) {
    std::atomic<bool> beyond = false;
    auto y = transform<T>(a, b, op, [&](A u, B v) {
      T result;
      if (whole(u, v, &result)) beyond.store(true, std::memory_order_relaxed);
      return result;
    });
    ensure(!beyond, "{}: a result is beyond integers of {} bits", op, 8 * sizeof(T));
    return y;
  } else if constexpr (one_real_type<A, B>()) {
    return real(in_type<T>(a), in_type<T>(b));
  } else {
    return a;
  }
}

/// For a number on one side of an integer tensor.
template <class T, class N>
auto beside(const char* op, const Tensor<T>&, N c) {
  return number_beside<Whole<T>>(op, c);
}

}  // namespace detail

/// a + b with broadcasting, of integers or of two types.
template <class A, detail::Mixed<A> B>
auto operator+(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::mixed(
      "add", a, b, [](auto u, auto v) { return u + v; },
      [](auto u, auto v, auto* y) { return __builtin_add_overflow(u, v, y); });
}
/// a - b with broadcasting, of integers or of two types.
template <class A, detail::Mixed<A> B>
auto operator-(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::mixed(
      "sub", a, b, [](auto u, auto v) { return u - v; },
      [](auto u, auto v, auto* y) { return __builtin_sub_overflow(u, v, y); });
}
/// a * b with broadcasting, of integers or of two types.
template <class A, detail::Mixed<A> B>
auto operator*(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::mixed(
      "mul", a, b, [](auto u, auto v) { return u * v; },
      [](auto u, auto v, auto* y) { return __builtin_mul_overflow(u, v, y); });
}
/// a / b with broadcasting, one of which is real: whether integers are to give parts or whole numbers, nobody
/// can tell.
template <class A, detail::Mixed<A> B>
auto operator/(const Tensor<A>& a, const Tensor<B>& b) {
  constexpr bool parts = std::is_floating_point_v<A> || std::is_floating_point_v<B>;
  static_assert(parts, "figment: of integers there is no quotient; cast<float>(x) / y is one");
  if constexpr (parts)
    return detail::mixed(
        "div", a, b, [](auto u, auto v) { return u / v; }, [](auto, auto, auto*) { return false; });
  else
    return a;
}

// With numbers.

/// x + c of integers, real if c is.
template <std::integral T, detail::Number N>
auto operator+(const Tensor<T>& x, N c) {
  return x + detail::beside("add", x, c);
}
/// c + x of integers, real if c is.
template <std::integral T, detail::Number N>
auto operator+(N c, const Tensor<T>& x) {
  return detail::beside("add", x, c) + x;
}
/// x - c of integers, real if c is.
template <std::integral T, detail::Number N>
auto operator-(const Tensor<T>& x, N c) {
  return x - detail::beside("sub", x, c);
}
/// c - x of integers, real if c is.
template <std::integral T, detail::Number N>
auto operator-(N c, const Tensor<T>& x) {
  return detail::beside("sub", x, c) - x;
}
/// c x of integers, real if c is.
template <std::integral T, detail::Number N>
auto operator*(const Tensor<T>& x, N c) {
  return x * detail::beside("mul", x, c);
}
/// c x of integers, real if c is.
template <std::integral T, detail::Number N>
auto operator*(N c, const Tensor<T>& x) {
  return detail::beside("mul", x, c) * x;
}
/// x / c of integers by a number that is real.
template <std::integral T, detail::Number N>
auto operator/(const Tensor<T>& x, N c) {
  return x / detail::beside("div", x, c);
}
/// c / x of a number that is real by integers.
template <std::integral T, detail::Number N>
auto operator/(N c, const Tensor<T>& x) {
  return detail::beside("div", x, c) / x;
}
/// -x of integers.
template <std::integral T>
auto operator-(const Tensor<T>& x) {
  return 0 - x;
}

/// a^b with broadcasting, one of which is real.
template <class A, detail::Mixed<A> B>
auto pow(const Tensor<A>& a, const Tensor<B>& b) {
  detail::real_only<detail::Common<A, B>>();
  return detail::mixed(
      "pow", a, b, [](auto u, auto v) { return pow(u, v); }, [](auto, auto, auto*) { return false; });
}

/// The larger of a and b, with broadcasting, of integers or of two types.
template <class A, detail::Mixed<A> B>
auto maximum(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::mixed(
      "maximum", a, b, [](auto u, auto v) { return maximum(u, v); },
      [](auto u, auto v, auto* y) { return *y = std::cmp_less(u, v) ? v : u, false; });
}
/// The smaller of a and b, with broadcasting, of integers or of two types.
template <class A, detail::Mixed<A> B>
auto minimum(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::mixed(
      "minimum", a, b, [](auto u, auto v) { return minimum(u, v); },
      [](auto u, auto v, auto* y) { return *y = std::cmp_less(v, u) ? v : u, false; });
}
/// The larger of each element and a number.
template <class T, detail::Number N>
auto maximum(const Tensor<T>& x, N c) {
  return maximum(x, detail::number_beside<detail::Common<T, T>>("maximum", c));
}
/// The smaller of each element and a number.
template <class T, detail::Number N>
auto minimum(const Tensor<T>& x, N c) {
  return minimum(x, detail::number_beside<detail::Common<T, T>>("minimum", c));
}

}  // namespace figment

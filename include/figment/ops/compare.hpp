// Comparisons, and choosing by them.
#pragma once

#include "figment/core/finite.hpp"
#include "figment/ops/arithmetic.hpp"

namespace figment {

namespace detail {

/// Integers are compared as such, of any two types, and with what is real in double.
template <class Op, class A, class B, class F>
Mask compare(const char* name, Op by_kernel, const Tensor<A>& a, const Tensor<B>& b, F f) {
  constexpr bool whole = std::is_integral_v<A> && std::is_integral_v<B>;
  using C = std::conditional_t<whole, std::int64_t, double>;
  if constexpr (std::is_same_v<A, B> && std::is_floating_point_v<A>)
    return map_to<std::uint8_t>(by_kernel, a, b, name);
  else
    return transform<std::uint8_t>(a, b, name,
                                   [f](A u, B v) { return f(static_cast<C>(u), static_cast<C>(v)); });
}
/// A number as what it is, beside a real tensor as one of its own.
template <class T, class N>
auto compared(N c) {
  using C = std::conditional_t<std::is_floating_point_v<T>, T,
                               std::conditional_t<std::is_integral_v<N>, std::int64_t, double>>;
  return Tensor<C>::scalar(static_cast<C>(c));
}

}  // namespace detail

/// 1 where a > b, else 0; with broadcasting. Comparisons have no gradient.
template <class A, class B>
Mask greater(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::compare("greater", kernels::op::Greater{}, a, b, [](auto u, auto v) { return u > v; });
}
/// 1 where a is greater than a number.
template <class T, detail::Number N>
Mask greater(const Tensor<T>& a, N b) {
  return greater(a, detail::compared<T>(b));
}
/// 1 where a < b, else 0; with broadcasting.
template <class A, class B>
Mask less(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::compare("less", kernels::op::Less{}, a, b, [](auto u, auto v) { return u < v; });
}
/// 1 where a is less than a number.
template <class T, detail::Number N>
Mask less(const Tensor<T>& a, N b) {
  return less(a, detail::compared<T>(b));
}
/// 1 where a == b, else 0; with broadcasting.
template <class A, class B>
Mask equal(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::compare("equal", kernels::op::Same{}, a, b, [](auto u, auto v) { return u == v; });
}
/// 1 where a equals a number.
template <class T, detail::Number N>
Mask equal(const Tensor<T>& a, N b) {
  return equal(a, detail::compared<T>(b));
}

/// 1 where both masks are set; with broadcasting.
template <std::same_as<std::uint8_t> T>
Mask operator&(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::transform<T>(a, b, "and", [](T u, T v) { return u != 0 && v != 0; });
}
/// 1 where one of two masks is set, or both; with broadcasting.
template <std::same_as<std::uint8_t> T>
Mask operator|(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::transform<T>(a, b, "or", [](T u, T v) { return u != 0 || v != 0; });
}
/// 1 where a mask is not set.
template <std::same_as<std::uint8_t> T>
Mask operator!(const Tensor<T>& mask) {
  return equal(mask, 0);
}

/// 1 where x is neither infinite nor NaN.
template <detail::Real T>
Mask is_finite(const Tensor<T>& x) {
  return detail::transform<std::uint8_t>(x, detail::is_finite<T>);
}

/// a where the mask is set, else b; with broadcasting. da = dy where set, db = dy elsewhere.
template <class T>
Tensor<T> where(const Mask& mask, const Tensor<T>& a, const Tensor<T>& b) {
  const Shape shape = broadcast(broadcast(mask.shape(), a.shape(), "where"), b.shape(), "where");
  // One value stays one; what broadcasts otherwise is written out.
  const auto spread = [&](const Tensor<T>& x) {
    return x.size() == 1 ? x : no_grad([&] { return broadcast_to(x, shape); });
  };
  const Tensor<T> from_a = spread(a), from_b = spread(b);
  const Index a_step = from_a.size() == 1 ? 0 : 1, b_step = from_b.size() == 1 ? 0 : 1;
  Tensor<T> y(shape);
  T* out = y.mutable_data();
  const detail::BroadcastLoops loops(shape, mask.shape(), {});
  const auto run = [&](Index mask_at, Index begin, Index n) {
    const std::uint8_t* bits = mask.data() + mask_at;
    const T *pa = from_a.data() + begin * a_step, *pb = from_b.data() + begin * b_step;
    if constexpr (std::is_floating_point_v<T>)
      kernels::choose(bits, loops.a_step[0], pa, a_step, pb, b_step, out + begin, n);
    else
      for (Index i = 0; i < n; ++i)
        out[begin + i] = bits[i * loops.a_step[0]] ? pa[i * a_step] : pb[i * b_step];
  };
  if (y.size() > 0 && loops.rank == 1)
    parallel_for(y.size(), detail::elementwise_grain,
                 [&](Index begin, Index end) { run(begin * loops.a_step[0], begin, end - begin); });
  else if (y.size() > 0)
    loops.each_row(0, y.size() / loops.extent[0],
                   [&](Index row, Index at, Index) { run(at, row * loops.extent[0], loops.extent[0]); });
  return record(
      "where", {a, b}, std::move(y),
      [kept = detail::Kept(mask)](auto&, auto& dy, auto& dx) {
        kept.confirm("where", "the mask");
        const Tensor<T> zero = Tensor<T>::zeros({});
        dx(0, [&] { return where(kept.tensor, dy, zero); });
        dx(1, [&] { return where(kept.tensor, zero, dy); });
      },
      Keep::nothing);
}

/// where of tensors of two types.
template <class A, detail::OtherThan<A> B>
auto where(const Mask& mask, const Tensor<A>& a, const Tensor<B>& b) {
  using T = detail::Common<A, B>;
  if constexpr (detail::one_real_type<A, B>())
    return where(mask, detail::in_type<T>(a), detail::in_type<T>(b));
  else
    return a;
}
/// a where the mask is set, else a number.
template <class T, detail::Number N>
auto where(const Mask& mask, const Tensor<T>& a, N b) {
  return where(mask, a, detail::number_beside<T>("where", b));
}
/// A number where the mask is set, else b.
template <class T, detail::Number N>
auto where(const Mask& mask, N a, const Tensor<T>& b) {
  return where(mask, detail::number_beside<T>("where", a), b);
}
/// One of two numbers: Indices of whole ones, else float.
template <detail::Number A, detail::Number B>
auto where(const Mask& mask, A a, B b) {
  using T = std::conditional_t<std::is_integral_v<A> && std::is_integral_v<B>, std::int32_t, float>;
  return where(mask, detail::number_beside<T>("where", a), detail::number_beside<T>("where", b));
}

}  // namespace figment

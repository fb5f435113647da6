// > < >= <= == != between tensors, and between a tensor and a number: masks, as of greater, less and equal.
#pragma once

#include "figment/ops/compare.hpp"

namespace figment {

namespace detail {

template <class A, class B>
concept Compared = (is_tensor<A> && (is_tensor<B> || Number<B>)) || (Number<A> && is_tensor<B>);

/// A tensor as it is; a number as one, to stand beside an Other.
template <class Other, class X>
decltype(auto) comparand(const X& x) {
  if constexpr (is_tensor<X>)
    return (x);
  else
    return compared<typename Other::value_type>(x);
}

}  // namespace detail

/// 1 where a > b, else 0; with broadcasting. Of NaN this and the others are 0, but for !=. Comparisons have
/// no gradient.
template <class A, class B>
requires detail::Compared<A, B> Mask operator>(const A& a, const B& b) {
  return greater(detail::comparand<B>(a), detail::comparand<A>(b));
}
/// 1 where a < b, else 0.
template <class A, class B>
requires detail::Compared<A, B> Mask operator<(const A& a, const B& b) {
  return less(detail::comparand<B>(a), detail::comparand<A>(b));
}
/// 1 where a == b, else 0. Two tensors are one value where all(a == b).item(); one memory where
/// a.shares_memory_with(b).
template <class A, class B>
requires detail::Compared<A, B> Mask operator==(const A& a, const B& b) {
  return equal(detail::comparand<B>(a), detail::comparand<A>(b));
}
/// 1 where a != b, else 0.
template <class A, class B>
requires detail::Compared<A, B> Mask operator!=(const A& a, const B& b) { return !(a == b); }
/// 1 where a >= b, else 0.
template <class A, class B>
requires detail::Compared<A, B> Mask operator>=(const A& a, const B& b) { return (a > b) | (a == b); }
/// 1 where a <= b, else 0.
template <class A, class B>
requires detail::Compared<A, B> Mask operator<=(const A& a, const B& b) { return (a < b) | (a == b); }

}  // namespace figment

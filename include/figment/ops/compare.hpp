// Comparisons, and choosing by them.
#pragma once

#include "figment/ops/arithmetic.hpp"

namespace figment {

/// 1 where a > b, else 0; with broadcasting. Comparisons have no gradient.
template <class T>
Mask greater(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::transform<std::uint8_t>(a, b, "greater", [](T u, T v) { return u > v; });
}
template <class T>
Mask greater(const Tensor<T>& a, std::type_identity_t<T> b) {
  return greater(a, Tensor<T>::scalar(b));
}
/// 1 where a < b, else 0; with broadcasting.
template <class T>
Mask less(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::transform<std::uint8_t>(a, b, "less", [](T u, T v) { return u < v; });
}
template <class T>
Mask less(const Tensor<T>& a, std::type_identity_t<T> b) {
  return less(a, Tensor<T>::scalar(b));
}
/// 1 where a == b, else 0; with broadcasting.
template <class T>
Mask equal(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::transform<std::uint8_t>(a, b, "equal", [](T u, T v) { return u == v; });
}
template <class T>
Mask equal(const Tensor<T>& a, std::type_identity_t<T> b) {
  return equal(a, Tensor<T>::scalar(b));
}
/// 1 where x is neither infinite nor NaN.
template <class T>
Mask is_finite(const Tensor<T>& x) {
  return detail::transform<std::uint8_t>(x, [](T v) { return v - v == T(0); });
}

/// a where the mask is set, else b; with broadcasting. da = dy where set, db = dy elsewhere.
template <class T>
Tensor<T> where(const Mask& mask, const Tensor<T>& a, const Tensor<T>& b) {
  const Shape shape = broadcast(broadcast(mask.shape(), a.shape(), "where"), b.shape(), "where");
  const auto spread = no_grad([&] { return std::pair(broadcast_to(a, shape), broadcast_to(b, shape)); });
  Tensor<T> y = spread.second.clone();
  T* out = y.mutable_data();
  const detail::BroadcastLoops loops(shape, mask.shape(), {});
  const Index inner = loops.extent[0];
  if (y.size() > 0)
    loops.each_row(0, y.size() / inner, [&](Index row, Index at, Index) {
      for (Index i = 0; i < inner; ++i)
        if (mask.data()[at + i * loops.a_step[0]])
          out[row * inner + i] = spread.first.data()[row * inner + i];
    });
  return record(
      "where", {a, b}, std::move(y),
      [kept = detail::Kept<std::uint8_t>{mask, mask.version()}](auto&, auto& dy, auto& dx) {
        kept.verify("where", "the mask");
        const Tensor<T> zero = Tensor<T>::zeros({});
        dx(0, [&] { return where(kept.tensor, dy, zero); });
        dx(1, [&] { return where(kept.tensor, zero, dy); });
      },
      Keep::nothing);
}

}  // namespace figment

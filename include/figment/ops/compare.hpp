// Comparisons, and choosing by them.
#pragma once

#include "figment/core/finite.hpp"
#include "figment/ops/arithmetic.hpp"

namespace figment {

/// 1 where a > b, else 0; with broadcasting. Comparisons have no gradient.
template <class T>
Mask greater(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::transform<std::uint8_t>(a, b, "greater", [](T u, T v) { return u > v; });
}
/// 1 where a is greater than a number.
template <class T>
Mask greater(const Tensor<T>& a, std::type_identity_t<T> b) {
  return greater(a, Tensor<T>::scalar(b));
}
/// 1 where a < b, else 0; with broadcasting.
template <class T>
Mask less(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::transform<std::uint8_t>(a, b, "less", [](T u, T v) { return u < v; });
}
/// 1 where a is less than a number.
template <class T>
Mask less(const Tensor<T>& a, std::type_identity_t<T> b) {
  return less(a, Tensor<T>::scalar(b));
}
/// 1 where a == b, else 0; with broadcasting.
template <class T>
Mask equal(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::transform<std::uint8_t>(a, b, "equal", [](T u, T v) { return u == v; });
}
/// 1 where a equals a number.
template <class T>
Mask equal(const Tensor<T>& a, std::type_identity_t<T> b) {
  return equal(a, Tensor<T>::scalar(b));
}
/// 1 where x is neither infinite nor NaN.
template <class T>
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
    kernels::choose(mask.data() + mask_at, loops.a_step[0], from_a.data() + begin * a_step, a_step,
                    from_b.data() + begin * b_step, b_step, out + begin, n);
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

}  // namespace figment

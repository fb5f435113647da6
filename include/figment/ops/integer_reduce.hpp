// Reductions of integers and masks: counts, shares, any and all.
#pragma once

#include "figment/ops/axes.hpp"

namespace figment {

namespace detail {

/// Elements folded into results of shape `kept`, which begin with `start`: f(result, element).
template <class To, class T, class F>
Tensor<To> fold_each(const Tensor<T>& x, const Shape& kept, To start, F f) {
  Tensor<To> y = Tensor<To>::full(kept, start);
  if (x.size() == 0) return y;
  To* out = y.mutable_data();
  const T* in = x.data();
  const BroadcastLoops loops(x.shape(), x.shape(), kept);
  const Index inner = loops.extent[0], step = loops.b_step[0];
  loops.each_row(0, x.size() / inner, [&](Index, Index at, Index to) {
    for (Index i = 0; i < inner; ++i) f(out[to + i * step], in[at + i]);
  });
  return y;
}

/// Sums of integers, in 64 bits.
template <class T>
Tensor<std::int64_t> whole_sums(const char* op, const Tensor<T>& x, const Shape& kept) {
  bool beyond = false;
  auto y = fold_each(x, kept, std::int64_t{0}, [&](std::int64_t& sum, T v) {
    if constexpr (sizeof(T) > 4)
      beyond |= __builtin_add_overflow(sum, v, &sum);
    else
      sum += v;
  });
  ensure(!beyond, "{}: a sum over {} is beyond integers of 64 bits", op, x.shape());
  return y;
}

/// `better(a, b)` says that a wins.
template <class T, class F>
Tensor<T> whole_extremum(const char* op, const Tensor<T>& x, const Axes& axes, Dims dims, T start, F better) {
  const Shape kept = axes.kept(x.shape(), op);
  ensure(x.size() > 0 || kept.size() == 0, "{}: no elements in shape {}", op, x.shape());
  return drop(fold_each(x, kept, start, [better](T& best, T v) { best = better(v, best) ? v : best; }),
              x.shape(), axes, dims);
}

template <class T, class F>
Indices whole_arg(const char* op, const Tensor<T>& x, Index axis, F better) {
  const Index at = x.shape().axis(axis, op);
  const AxisView v(x.shape(), at);
  ensure(v.extent > 0, "{}: no elements along axis {} of shape {}", op, axis, x.shape());
  Indices y(Axes(at).dropped(x.shape()));
  std::int32_t* out = y.mutable_data();
  for (Index o = 0; o < v.outer; ++o)
    for (Index i = 0; i < v.inner; ++i) {
      const T* p = x.data() + o * v.extent * v.inner + i;
      Index best = 0;
      for (Index e = 1; e < v.extent; ++e)
        if (better(p[e * v.inner], p[best * v.inner])) best = e;
      *out++ = static_cast<std::int32_t>(best);
    }
  return y;
}

}  // namespace detail

/// The sum of integers; of a mask how many are set. They are added in 64 bits, and a sum that Indices do not
/// hold is an Error: sum(cast<double>(x)) has room.
template <std::integral T>
Indices sum(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  const auto sums = detail::whole_sums("sum", x, axes.kept(x.shape(), "sum"));
  for (const std::int64_t v : sums.values())
    ensure(v == static_cast<std::int32_t>(v), "sum: {} is beyond integers of 32 bits", v);
  return detail::drop(cast<std::int32_t>(sums), x.shape(), axes, dims);
}

/// The arithmetic mean of integers as float; of a mask the share that is set; NaN of no elements.
template <std::integral T>
Tensor<float> mean(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  const Shape kept = axes.kept(x.shape(), "mean");
  const auto n = static_cast<double>(detail::reduced_count(x.shape(), kept));
  const auto y = detail::transform<float>(detail::whole_sums("mean", x, kept),
                                          [n](std::int64_t v) { return static_cast<double>(v) / n; });
  return detail::drop(y, x.shape(), axes, dims);
}

/// The largest of integers.
template <std::integral T>
Tensor<T>(max)(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  return detail::whole_extremum("max", x, axes, dims, (std::numeric_limits<T>::min)(),
                                [](T a, T b) { return a > b; });
}
/// The smallest of integers.
template <std::integral T>
Tensor<T>(min)(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  return detail::whole_extremum("min", x, axes, dims, (std::numeric_limits<T>::max)(),
                                [](T a, T b) { return a < b; });
}
/// The position of the largest of integers along an axis, the first of equals. The axis goes away.
template <std::integral T>
Indices argmax(const Tensor<T>& x, Index axis) {
  return detail::whole_arg("argmax", x, axis, [](T a, T b) { return a > b; });
}
/// As argmax, of the smallest.
template <std::integral T>
Indices argmin(const Tensor<T>& x, Index axis) {
  return detail::whole_arg("argmin", x, axis, [](T a, T b) { return a < b; });
}

/// 1 where an element is not 0, as a NaN is not; of none 0.
template <class T>
Mask any(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  const auto y = detail::fold_each(x, axes.kept(x.shape(), "any"), std::uint8_t{0},
                                   [](std::uint8_t& seen, T v) { seen |= v != T(0); });
  return detail::drop(y, x.shape(), axes, dims);
}
/// 1 where no element is 0; of none 1.
template <class T>
Mask all(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  const auto y = detail::fold_each(x, axes.kept(x.shape(), "all"), std::uint8_t{1},
                                   [](std::uint8_t& so_far, T v) { so_far &= v != T(0); });
  return detail::drop(y, x.shape(), axes, dims);
}

}  // namespace figment

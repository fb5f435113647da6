// Running sums along an axis.
#pragma once

#include "figment/ops/shape.hpp"

namespace figment {

namespace detail {

/// Sums that run along an axis, towards its end or back from it; in `Sum`, rounded as they are written. Not
/// recorded.
template <class To, class Sum, class T>
Tensor<To> running_sums(const Tensor<T>& x, const Shape& shape, Index axis, bool back) {
  Tensor<To> y(shape);
  if (y.size() == 0) return y;
  const AxisView v(shape, axis);
  const T* const in = x.data();
  To* const out = y.mutable_data();
  const Index n = v.extent, inner = v.inner, first = back ? n - 1 : 0, step = back ? -1 : 1;
  if (inner == 1) {
    parallel_for(v.outer, elementwise_grain / n + 1, [&](Index begin, Index end) {
      for (Index o = begin; o < end; ++o) {
        const T* p = in + o * n + first;
        To* q = out + o * n + first;
        Sum total{};
        Index i = 0;
        for (; i + 4 <= n; i += 4, p += 4 * step, q += 4 * step) {  // one addition of four waits for the last
          const Sum a = static_cast<Sum>(p[0]), b = a + static_cast<Sum>(p[step]),
                    c = b + static_cast<Sum>(p[2 * step]), d = c + static_cast<Sum>(p[3 * step]);
          q[0] = static_cast<To>(total + a), q[step] = static_cast<To>(total + b);
          q[2 * step] = static_cast<To>(total + c);
          total += d;
          q[3 * step] = static_cast<To>(total);
        }
        for (; i < n; ++i, p += step, q += step) *q = static_cast<To>(total += static_cast<Sum>(*p));
      }
    });
    return y;
  }
  constexpr Index band = 256;  // columns whose sums stay in the first cache
  const Index bands = (inner + band - 1) / band;
  parallel_for(v.outer * bands, elementwise_grain / (n * (std::min)(inner, band)) + 1,
               [&](Index begin, Index end) {
                 for (Index u = begin; u < end; ++u) {
                   const Index c = u % bands * band, columns = (std::min)(band, inner - c);
                   Index at = (u / bands * n + first) * inner + c;
                   Sum totals[band];
                   std::fill_n(totals, columns, Sum{});
                   for (Index i = 0; i < n; ++i, at += step * inner)
                     for (Index j = 0; j < columns; ++j)
                       out[at + j] = static_cast<To>(totals[j] += static_cast<Sum>(in[at + j]));
                 }
               });
  return y;
}

/// Integers of which 64 bits hold as many as memory does.
template <class T>
concept NarrowInteger = std::integral<T> && sizeof(T) <= 4;

/// cumsum of either direction, the gradient of each the other.
template <class T>
Tensor<T> cumulative(const Tensor<T>& x, Index axis, bool back) {
  return record(
      "cumsum", {x}, running_sums<T, double>(x, x.shape(), axis, back),
      [=](auto&, auto& dy, auto& dx) { dx(0, [&] { return cumulative(dy, axis, !back); }); }, Keep::nothing);
}

}  // namespace detail

/// y_i = x_0 + … + x_i along an axis, summed in double. dx_i = dy_i + dy_i+1 + … to the last.
template <std::floating_point T>
Tensor<T> cumsum(const Tensor<T>& x, Index axis) {
  return detail::cumulative(x, x.shape().axis(axis, "cumsum"), false);
}
/// The same of integers of up to 32 bits, a mask's too: so many are set up to here. Summed in 64 bits; a sum
/// that Indices do not hold is an Error.
template <detail::NarrowInteger T>
Indices cumsum(const Tensor<T>& x, Index axis) {
  const auto sums =
      detail::running_sums<std::int64_t, std::int64_t>(x, x.shape(), x.shape().axis(axis, "cumsum"), false);
  for (const std::int64_t v : sums.values())
    ensure(v == static_cast<std::int32_t>(v), "cumsum: {} is beyond integers of 32 bits", v);
  return cast<std::int32_t>(sums);
}

}  // namespace figment

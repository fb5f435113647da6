// Sums over whole tensors and over dimensions; not recorded.
#pragma once

#include "figment/core/map.hpp"

namespace figment::detail {

// Sums run in double, over chunks of fixed size combined in order: the same bits for any number of threads,
// and a result that is rounded once, as the mean of equal numbers is that number.
inline constexpr Index sum_chunk = 16384, row_chunk = 1024;

/// The sum of part(begin, end) over the chunks of [0, n).
inline double chunked_sum(Index n, RangeFunction<double> part) {
  const Index chunks = (n + sum_chunk - 1) / sum_chunk;
  if (chunks <= 1) return n > 0 ? part(0, n) : 0.0;
  Tensor<double> partial(Shape{chunks});
  double* p = partial.mutable_data();
  parallel_for(chunks, 4, [&](Index begin, Index end) {
    for (Index c = begin; c < end; ++c) p[c] = part(c * sum_chunk, (std::min)(n, (c + 1) * sum_chunk));
  });
  double total = 0;
  for (double v : partial.values()) total += v;
  return total;
}

/// y[j] = the sum of column j of x (rows, columns), divided.
template <class From, class To>
void sum_columns(const From* x, To* y, Index rows, Index columns, double divisor) {
  const auto finish = [&](const double* totals, Index begin, Index n) {
    if (divisor == 1)
      for (Index j = 0; j < n; ++j) y[begin + j] = static_cast<To>(totals[j]);
    else
      for (Index j = 0; j < n; ++j) y[begin + j] = static_cast<To>(totals[j] / divisor);
  };
  if (rows <= row_chunk) {
    parallel_for(columns, elementwise_grain / std::max<Index>(rows, 1) + 16, [&](Index begin, Index end) {
      double totals[256];
      for (Index n; begin < end; begin += n) {
        n = std::min<Index>(end - begin, 256);
        std::fill_n(totals, n, 0.0);
        kernels::sum_rows(x + begin, columns, totals, rows, n);
        finish(totals, begin, n);
      }
    });
    return;
  }
  const Index chunks = (rows + row_chunk - 1) / row_chunk;
  Tensor<double> partial = Tensor<double>::zeros({chunks, columns});
  double* p = partial.mutable_data();
  parallel_for(chunks, elementwise_grain / (row_chunk * std::max<Index>(columns, 1)) + 1,
               [&](Index begin, Index end) {
                 for (Index c = begin; c < end; ++c)
                   kernels::sum_rows(x + c * row_chunk * columns, columns, p + c * columns,
                                     (std::min)(row_chunk, rows - c * row_chunk), columns);
               });
  for (Index c = 1; c < chunks; ++c)
    for (Index j = 0; j < columns; ++j) p[j] += p[c * columns + j];
  finish(p, 0, columns);
}

/// Sums x, seen as (outer, middle, inner), over the middle, and divides.
template <class From, class To>
void sum_middle(const From* x, To* y, Index outer, Index middle, Index inner, double divisor) {
  parallel_for(outer, elementwise_grain / std::max<Index>(middle * inner, 1) + 1,
               [&](Index begin, Index end) {
                 for (Index o = begin; o < end; ++o) {
                   const From* from = x + o * middle * inner;
                   if (inner != 1)
                     sum_columns(from, y + o * inner, middle, inner, divisor);
                   else
                     y[o] = static_cast<To>(chunked_sum(middle,
                                                        [from](Index b, Index e) {
                                                          return kernels::sum_unary(kernels::op::Identity{},
                                                                                    from + b, e - b);
                                                        }) /
                                            divisor);
                 }
               });
}

/// Sums x down to `shape`, which broadcasts to x's, and divides; not recorded. What is not summed at once is
/// double until the end.
template <class To, class From>
Tensor<To> reduce_as(const Tensor<From>& x, const Shape& shape, double divisor) {
  const Index lead = x.rank() - shape.rank();
  Shape from = x.shape();
  // One pass for each run of neighbouring dimensions that is summed, the last run first.
  Index d = x.rank() - 1;
  const auto summed = [&](Index i) { return from[i] != 1 && (i < lead || shape[i - lead] == 1); };
  while (d >= 0 && !summed(d)) --d;
  Index inner = 1, middle = 1, outer = 1;
  for (Index i = d + 1; i < x.rank(); ++i) inner *= from[i];
  for (; d >= 0 && (summed(d) || from[d] == 1); --d) middle *= std::exchange(from[d], Index{1});
  bool more = false;
  for (Index i = 0; i <= d; ++i) outer *= from[i], more |= summed(i);
  if (more) {
    Tensor<double> next(from);
    sum_middle(x.data(), next.mutable_data(), outer, middle, inner, 1);
    return reduce_as<To>(next, shape, divisor);
  }
  Tensor<To> y(shape);
  sum_middle(x.data(), y.mutable_data(), outer, middle, inner, divisor);
  return y;
}

/// Sums x down to `shape`, which broadcasts to x's; not recorded.
template <class T>
Tensor<T> reduce_to(const Tensor<T>& x, const Shape& shape, double divisor = 1) {
  return x.size() == shape.size() && divisor == 1 ? x.view_as(shape) : reduce_as<T>(x, shape, divisor);
}

}  // namespace figment::detail

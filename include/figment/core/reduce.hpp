// Sums over whole tensors and over dimensions; not recorded.
#pragma once

#include "figment/core/map.hpp"

namespace figment::detail {

// Sums are taken over chunks of fixed size, combined in order and in double: the same bits for any number of
// threads, and no number is added to a float that is the sum of millions.
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

/// y[j] = the sum of column j of x (rows, columns).
template <class T>
void sum_columns(const T* x, T* y, Index rows, Index columns) {
  if (rows <= row_chunk) {
    std::fill_n(y, columns, T(0));
    parallel_for(columns, elementwise_grain / std::max<Index>(rows, 1) + 16, [&](Index begin, Index end) {
      kernels::sum_rows(x + begin, columns, y + begin, rows, end - begin);
    });
    return;
  }
  const Index chunks = (rows + row_chunk - 1) / row_chunk;
  Tensor<T> partial = Tensor<T>::zeros({chunks, columns});
  T* p = partial.mutable_data();
  parallel_for(chunks, elementwise_grain / (row_chunk * std::max<Index>(columns, 1)) + 1,
               [&](Index begin, Index end) {
                 for (Index c = begin; c < end; ++c)
                   kernels::sum_rows(x + c * row_chunk * columns, columns, p + c * columns,
                                     (std::min)(row_chunk, rows - c * row_chunk), columns);
               });
  for (Index j = 0; j < columns; ++j) {
    double total = 0;
    for (Index c = 0; c < chunks; ++c) total += static_cast<double>(p[c * columns + j]);
    y[j] = static_cast<T>(total);
  }
}

/// Sums x, seen as (outer, middle, inner), over the middle.
template <class T>
void sum_middle(const T* x, T* y, Index outer, Index middle, Index inner) {
  if (inner != 1) {
    for (Index o = 0; o < outer; ++o) sum_columns(x + o * middle * inner, y + o * inner, middle, inner);
    return;
  }
  parallel_for(outer, elementwise_grain / std::max<Index>(middle, 1) + 1, [&](Index begin, Index end) {
    for (Index o = begin; o < end; ++o)
      y[o] = static_cast<T>(chunked_sum(middle, [row = x + o * middle](Index b, Index e) {
        return kernels::sum_unary(kernels::op::Identity{}, row + b, e - b);
      }));
  });
}

/// Sums x down to `shape`, which broadcasts to x's; not recorded.
template <class T>
Tensor<T> reduce_to(const Tensor<T>& x, const Shape& shape) {
  const Index lead = x.rank() - shape.rank();
  Tensor<T> current = x;
  Shape from = x.shape();
  // One pass for each run of neighbouring dimensions that is summed, the last run first.
  for (Index d = x.rank() - 1; d >= 0; --d) {
    const auto summed = [&](Index i) { return from[i] != 1 && (i < lead || shape[i - lead] == 1); };
    if (!summed(d)) continue;
    Index inner = 1, middle = 1, outer = 1;
    for (Index i = d + 1; i < x.rank(); ++i) inner *= from[i];
    for (; d >= 0 && (summed(d) || from[d] == 1); --d) middle *= std::exchange(from[d], Index{1});
    for (Index i = 0; i <= d; ++i) outer *= from[i];
    ++d;
    Tensor<T> next(from);
    sum_middle(current.data(), next.mutable_data(), outer, middle, inner);
    current = next;
  }
  return current.view_as(shape);
}

}  // namespace figment::detail

// Sums over whole tensors and over dimensions; not recorded.
#pragma once

#include "figment/core/map.hpp"

namespace figment::detail {

// Sums run in double, over chunks of fixed size combined in order: the same bits for any number of threads,
// and a result that is rounded once, as the mean of equal numbers is that number.
inline constexpr Index sum_chunk = 16384, row_chunk = 1024;

/// The sum of part(begin, end) over the chunks of [0, n).
[[gnu::noinline]] inline double chunked_sum(Index n, RangeFunction<double> part) {
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

/// Where sums go, divided and rounded: to float or double, which what adds need not know.
struct SumsTo {
  void* y;
  double divisor;
  void (*store)(const double* totals, void* y, Index n, double divisor);
  std::size_t size;  // of an element

  /// Those from element `begin` on.
  SumsTo from(Index begin) const {
    return {static_cast<char*>(y) + static_cast<std::size_t>(begin) * size, divisor, store, size};
  }
  void operator()(const double* totals, Index n) const { store(totals, y, n, divisor); }
};
template <class T>
SumsTo sums_to(Tensor<T>& y, double divisor) {
  return {y.mutable_data(), divisor,
          [](const double* totals, void* to, Index n, double d) {
            T* const out = static_cast<T*>(to);
            if (d == 1)
              for (Index j = 0; j < n; ++j) out[j] = static_cast<T>(totals[j]);
            else
              for (Index j = 0; j < n; ++j) out[j] = static_cast<T>(totals[j] / d);
          },
          sizeof(T)};
}

/// The sums of the columns of x (rows, columns).
template <class T>
void sum_columns(const T* x, const SumsTo& y, Index rows, Index columns) {
  if (rows <= row_chunk) {
    parallel_for(columns, elementwise_grain / std::max<Index>(rows, 1) + 16, [&](Index begin, Index end) {
      double totals[256];
      for (Index n; begin < end; begin += n) {
        n = std::min<Index>(end - begin, 256);
        std::fill_n(totals, n, 0.0);
        kernels::sum_rows(x + begin, columns, totals, rows, n);
        y.from(begin)(totals, n);
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
  y(p, columns);
}

/// The sums of x, seen as (outer, middle, inner), over the middle.
template <class T>
void sum_middle(const T* x, const SumsTo& y, Index outer, Index middle, Index inner) {
  parallel_for(outer, elementwise_grain / std::max<Index>(middle * inner, 1) + 1,
               [&](Index begin, Index end) {
                 for (Index o = begin; o < end; ++o) {
                   const T* from = x + o * middle * inner;
                   if (inner != 1) {
                     sum_columns(from, y.from(o * inner), middle, inner);
                     continue;
                   }
                   const double total = chunked_sum(middle, [from](Index b, Index e) {
                     return kernels::sum_unary(kernels::op::Identity{}, from + b, e - b);
                   });
                   y.from(o)(&total, 1);
                 }
               });
}

/// Sums what sum_middle has left, a small part of what it was.
inline void sum_rest(const Tensor<double>& x, const Shape& shape, const SumsTo& y) {
  Tensor<double> sums = Tensor<double>::zeros(shape);
  double* const out = sums.mutable_data();
  const double* const in = x.data();
  const BroadcastLoops loops(x.shape(), x.shape(), shape);
  const Index inner = loops.extent[0], step = loops.b_step[0];
  loops.each_row(0, loops.rows(), [&](Index, Index from, Index to) {
    for (Index i = 0; i < inner; ++i) out[to + i * step] += in[from + i];
  });
  y(out, sums.size());
}

/// Sums x down to `shape`, which broadcasts to x's. What is not summed at once is double until the end.
template <class T>
void reduce_into(const Tensor<T>& x, const Shape& shape, const SumsTo& y) {
  const Index lead = x.rank() - shape.rank();
  Shape left = x.shape();
  // The last run of neighbouring dimensions that is summed, then what is before it.
  Index d = x.rank() - 1;
  const auto summed = [&](Index i) { return left[i] != 1 && (i < lead || shape[i - lead] == 1); };
  while (d >= 0 && !summed(d)) --d;
  Index inner = 1, middle = 1, outer = 1;
  for (Index i = d + 1; i < x.rank(); ++i) inner *= left[i];
  for (; d >= 0 && (summed(d) || left[d] == 1); --d) middle *= std::exchange(left[d], Index{1});
  bool more = false;
  for (Index i = 0; i <= d; ++i) outer *= left[i], more |= summed(i);
  if (!more) return sum_middle(x.data(), y, outer, middle, inner);
  Tensor<double> rest(left);
  sum_middle(x.data(), sums_to(rest, 1), outer, middle, inner);
  sum_rest(rest, shape, y);
}

/// Sums x down to `shape`, which broadcasts to x's, and divides; not recorded.
template <class To, class From>
Tensor<To> reduce_as(const Tensor<From>& x, const Shape& shape, double divisor) {
  Tensor<To> y(shape);
  reduce_into(x, shape, sums_to(y, divisor));
  return y;
}

/// Sums x down to `shape`, which broadcasts to x's; not recorded.
template <class T>
Tensor<T> reduce_to(const Tensor<T>& x, const Shape& shape, double divisor = 1) {
  return x.size() == shape.size() && divisor == 1 ? x.view_as(shape) : reduce_as<T>(x, shape, divisor);
}

}  // namespace figment::detail

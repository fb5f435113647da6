// Which example a sample is closest to: has a model copied what it was shown?
#pragma once

#include <limits>

#include "figment/ops/matmul.hpp"

namespace figment {

/// For each of N rows the position of the closest of M candidates, (N,), and how far it is, (N,).
template <class T>
struct Nearest {
  Indices index;       ///< which candidate, from 0
  Tensor<T> distance;  ///< Euclidean
};

namespace detail {

/// |row|^2 of a matrix' rows.
template <class T>
Tensor<double> squared_norms(const Tensor<T>& x) {
  Tensor<double> norms(Shape{x.dim(0)});
  double* out = norms.mutable_data();
  const Index width = x.dim(1);
  for (Index i = 0; i < x.dim(0); ++i) {
    double sum = 0;
    for (Index k = 0; k < width; ++k) {
      const auto v = static_cast<double>(x.data()[i * width + k]);
      sum += v * v;
    }
    out[i] = sum;
  }
  return norms;
}

template <class T>
double squared_distance(const T* a, const T* b, Index n) {
  double sum = 0;
  for (Index k = 0; k < n; ++k) {
    const double d = static_cast<double>(a[k]) - static_cast<double>(b[k]);
    sum += d * d;
  }
  return sum;
}

}  // namespace detail

/// The candidate with the smallest Euclidean distance from each row of x, the first of equals: x (N, …) and
/// candidates (M, …) of any shape with as many elements a row, M at least 1. Not recorded. Time is that of
/// the product x candidates^T; memory for it is taken a block at a time. A row that is not finite is
/// infinitely far.
template <class T>
Nearest<T> nearest_rows(const Tensor<T>& x, const Tensor<T>& candidates) {
  const auto width_of = [](const Tensor<T>& t) { return t.rank() && t.dim(0) ? t.size() / t.dim(0) : 0; };
  const Index width = width_of(candidates);
  ensure(width >= 1 && x.rank() >= 1 && (x.dim(0) == 0 || width_of(x) == width),
         "nearest_rows: expected (N, …) and candidates (M, …) of as many elements, found {} and {}",
         x.shape(), candidates.shape());
  ensure(candidates.dim(0) < Index{1} << 31, "nearest_rows: {} candidates, at most 2^31 - 1 are supported",
         candidates.dim(0));
  NoGrad guard;
  const Index rows = x.dim(0), count = candidates.dim(0);
  const Tensor<T> all_x = x.view_as({rows, width}), all_c = candidates.view_as({count, width});
  const Tensor<double> x_norms = detail::squared_norms(all_x), c_norms = detail::squared_norms(all_c);
  Nearest<T> nearest{Indices::zeros({rows}), Tensor<T>(Shape{rows})};
  Tensor<double> best = Tensor<double>::full({rows}, std::numeric_limits<double>::infinity());
  std::int32_t* const index = nearest.index.mutable_data();
  double* const least = best.mutable_data();

  // |a|^2 + |b|^2 - 2 a b rounds away small distances between long rows. It only rules out: where a candidate
  // may be closer within the bound of its error, the distance is computed as it is defined.
  const double bound =
      static_cast<double>(width + 4) * static_cast<double>(std::numeric_limits<T>::epsilon());
  constexpr Index x_block = 512, c_block = 4096;
  for (Index x0 = 0; x0 < rows; x0 += x_block) {
    const Tensor<T> some_x = slice(all_x, 0, x0, (std::min)(x0 + x_block, rows));
    for (Index c0 = 0; c0 < count; c0 += c_block) {
      const Tensor<T> some_c = slice(all_c, 0, c0, (std::min)(c0 + c_block, count));
      const Tensor<T> products = matmul(some_x, some_c, {.b = true});
      const Index across = some_c.dim(0);
      parallel_for(some_x.dim(0), 1 + 16384 / across, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i)
          for (Index j = 0; j < across; ++j) {
            const double norms = x_norms.data()[x0 + i] + c_norms.data()[c0 + j];
            const double about = norms - 2 * static_cast<double>(products.data()[i * across + j]);
            if (!(about - bound * norms <= least[x0 + i])) continue;
            const double exact =
                detail::squared_distance(some_x.data() + i * width, some_c.data() + j * width, width);
            if (exact < least[x0 + i]) {
              least[x0 + i] = exact;
              index[x0 + i] = static_cast<std::int32_t>(c0 + j);
            }
          }
      });
    }
  }
  T* const distance = nearest.distance.mutable_data();
  for (Index i = 0; i < rows; ++i) distance[i] = static_cast<T>(std::sqrt(least[i]));
  return nearest;
}

}  // namespace figment

// Examples with their labels, and parts of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "figment/core/random.hpp"

namespace figment::data {

/// Examples (N, …) and one label for each, or no labels at all (undefined).
template <class T = float>
struct Dataset {
  Tensor<T> x;          ///< (N, …)
  Indices labels = {};  ///< (N,) or undefined

  /// N. Throws when x is a scalar or the labels are not (N,).
  Index size() const {
    ensure(x.rank() >= 1, "dataset: expected examples (N, ...), found a scalar");
    ensure(!labels.defined() || labels.shape() == Shape{x.dim(0)}, "dataset: {} examples, but labels {}",
           x.dim(0), labels.shape());
    return x.dim(0);
  }
};
/// Of examples alone.
template <class T>
Dataset(Tensor<T>) -> Dataset<T>;
/// Of examples and labels.
template <class T>
Dataset(Tensor<T>, Indices) -> Dataset<T>;

namespace detail {

inline Index row_size(const Shape& shape) { return figment::detail::with_extent(shape, 0, 1).size(); }

/// Rows of x at positions that are known to be good.
template <class T>
Tensor<T> gather_rows(const Tensor<T>& x, const std::int32_t* rows, Index n) {
  Tensor<T> out(figment::detail::with_extent(x.shape(), 0, n));
  const Index width = row_size(x.shape());
  T* to = out.mutable_data();
  for (Index i = 0; i < n; ++i)
    std::memcpy(to + i * width, x.data() + rows[i] * width, static_cast<std::size_t>(width) * sizeof(T));
  return out;
}

template <class T>
Tensor<T> slice_rows(const Tensor<T>& x, Index begin, Index end) {
  Tensor<T> out(figment::detail::with_extent(x.shape(), 0, end - begin));
  const Index width = row_size(x.shape());
  std::copy_n(x.data() + begin * width, out.size(), out.mutable_data());
  return out;
}

}  // namespace detail

/// The examples at the given positions, copied; positions may repeat.
template <class T>
Dataset<T> take(const Dataset<T>& dataset, const Indices& indices) {
  const Index n = dataset.size();
  ensure(indices.rank() == 1, "take: expected indices (M,), found {}", indices.shape());
  for (std::int32_t i : indices.values())
    ensure(i >= 0 && i < n, "take: index {} is out of range for {} examples", i, n);
  const auto rows = [&](const auto& t) { return detail::gather_rows(t, indices.data(), indices.size()); };
  return {rows(dataset.x), dataset.labels.defined() ? rows(dataset.labels) : Indices()};
}

/// Examples begin … end-1, copied.
template <class T>
Dataset<T> slice(const Dataset<T>& dataset, Index begin, Index end) {
  const Index n = dataset.size();
  ensure(0 <= begin && begin <= end && end <= n, "slice: {} to {} is out of range for {} examples", begin,
         end, n);
  const auto rows = [&](const auto& t) { return detail::slice_rows(t, begin, end); };
  return {rows(dataset.x), dataset.labels.defined() ? rows(dataset.labels) : Indices()};
}

/// The front and the last `fraction` (0 to 1, rounded to whole examples) in their order, as Keras'
/// validation_split has it: auto [train, validation] = split(dataset, 0.1).
template <class T>
std::pair<Dataset<T>, Dataset<T>> split(const Dataset<T>& dataset, double fraction) {
  ensure(fraction >= 0 && fraction <= 1, "split: expected a fraction from 0 to 1, found {}", fraction);
  const Index n = dataset.size();
  const Index front = n - static_cast<Index>(std::llround(static_cast<double>(n) * fraction));
  return {slice(dataset, 0, front), slice(dataset, front, n)};
}

/// The same after a shuffle.
template <class T>
std::pair<Dataset<T>, Dataset<T>> split(const Dataset<T>& dataset, double fraction, Rng& rng) {
  return split(take(dataset, rng.permutation(dataset.size())), fraction);
}

}  // namespace figment::data

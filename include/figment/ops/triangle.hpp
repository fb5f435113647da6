// Triangles of matrices.
#pragma once

#include "figment/autograd/record.hpp"
#include "figment/core/map.hpp"

namespace figment {

namespace detail {

/// Rows keep what is up to their element on a diagonal, or from it on; the rest is 0, whatever it was.
template <class T>
Tensor<T> triangle(const char* name, const Tensor<T>& x, Index diagonal, bool lower) {
  ensure(x.rank() >= 2, "{}: expected at least two dimensions, found shape {}", name, x.shape());
  const Index rows = x.dim(-2), columns = x.dim(-1);
  diagonal = std::clamp(diagonal, -rows - 1, columns);
  Tensor<T> y(x.shape());
  const T* const in = x.data();
  T* const out = y.mutable_data();
  parallel_for(x.size() > 0 ? x.size() / columns : 0, elementwise_grain / (columns + 1) + 1,
               [&](Index begin, Index end) {
                 for (Index r = begin; r < end; ++r) {
                   const Index cut = std::clamp(r % rows + diagonal + lower, Index{0}, columns);
                   const T* const p = in + r * columns;
                   T* const q = out + r * columns;
                   std::copy(lower ? p : p + cut, lower ? p + cut : p + columns, lower ? q : q + cut);
                   std::fill(lower ? q + cut : q, lower ? q + columns : q + cut, T(0));
                 }
               });
  return record(
      name, {x}, std::move(y),
      [=](auto&, auto& dy, auto& dx) { dx(0, [&] { return triangle(name, dy, diagonal, lower); }); },
      Keep::nothing);
}

}  // namespace detail

/// The lower triangles of matrices (…, rows, columns), up to a diagonal: 0 the main one, 1 the one above it,
/// -1 below; 0 elsewhere. tril(Mask::ones({n, n})) is the mask of what came before. dx = tril(dy).
template <class T>
Tensor<T> tril(const Tensor<T>& x, Index diagonal = 0) {
  return detail::triangle("tril", x, diagonal, true);
}
/// The upper triangles, from a diagonal on. dx = triu(dy).
template <class T>
Tensor<T> triu(const Tensor<T>& x, Index diagonal = 0) {
  return detail::triangle("triu", x, diagonal, false);
}

}  // namespace figment

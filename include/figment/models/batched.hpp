// Models in use on any number of inputs.
#pragma once

#include "figment/ops/shape.hpp"

namespace figment::detail {

/// f of x's rows, at most `rows` at a time, nothing recorded: (N, …) to (N, …). What a network takes of
/// memory then does not grow with N.
template <class T, class F>
Tensor<T> in_batches(const Tensor<T>& x, F f, Index rows = 1000) {
  NoGrad guard;
  check(x.rank() >= 1, "a model takes a batch (N, …), found a scalar");
  if (x.dim(0) <= rows) return f(x, Index{0});
  Tensor<T> all;
  for (Index begin = 0; begin < x.dim(0); begin += rows) {
    const Tensor<T> part = f(slice(x, 0, begin, std::min(begin + rows, x.dim(0))), begin);
    if (!all.defined()) all = Tensor<T>(with_extent(part.shape(), 0, x.dim(0)));
    const Index width = part.size() / part.dim(0);
    std::copy_n(part.data(), part.size(), all.mutable_data() + begin * width);
  }
  return all;
}

/// n copies of x one after the other: (N, …) to (n N, …).
template <class T>
Tensor<T> repeat_rows(const Tensor<T>& x, Index n) {
  if (n == 1) return x;
  TensorList<T> copies;
  for (Index i = 0; i < n; ++i) copies.push_back(x);
  return concat(std::span<const Tensor<T>>(copies), 0);
}

}  // namespace figment::detail

// Models in use on any number of inputs.
#pragma once

#include "figment/ops/shape.hpp"

namespace figment::detail {

/// f of x's rows, at most `rows` at a time, nothing recorded: (N, …) to (N, …). What a network takes of
/// memory then does not grow with N. Throws when x is a scalar, or f gives another number of rows.
template <class T, class F>
Tensor<T> in_batches(const Tensor<T>& x, F f, Index rows = 1000) {
  NoGrad guard;
  ensure(x.rank() >= 1, "model: expected a batch (N, …), found a scalar");
  const auto of = [&](const Tensor<T>& part, Index begin) {
    Tensor<T> y = f(part, begin);
    ensure(y.rank() >= 1 && y.dim(0) == part.dim(0), "model: expected a row for each of x {}, found {}",
           part.shape(), y.shape());
    return y;
  };
  if (x.dim(0) <= rows) return of(x, 0);
  Tensor<T> all;
  for (Index begin = 0; begin < x.dim(0); begin += rows) {
    const Tensor<T> part = of(slice(x, 0, begin, (std::min)(begin + rows, x.dim(0))), begin);
    if (!all.defined()) all = Tensor<T>(with_extent(part.shape(), 0, x.dim(0)));
    ensure(with_extent(part.shape(), 0, x.dim(0)) == all.shape(), "model: rows of {} after rows of {}",
           part.shape(), all.shape());
    const Index width = part.size() / part.dim(0);
    std::copy_n(part.data(), part.size(), all.mutable_data() + begin * width);
  }
  return all;
}

/// n >= 1 copies of x one after the other, an image's samples: (N, …) to (n N, …).
template <class T>
Tensor<T> repeat_rows(const Tensor<T>& x, Index n) {
  ensure(n >= 1, "Vae: expected 1 or more samples, found {}", n);
  if (n == 1) return x;
  TensorList<T> copies;
  for (Index i = 0; i < n; ++i) append(copies, x);
  return concat(std::span<const Tensor<T>>(copies), 0);
}

}  // namespace figment::detail

// Picking elements by tensors of positions.
#pragma once

#include "figment/ops/shape.hpp"

namespace figment {

namespace detail {

inline void check_positions(const Indices& indices, Index extent, const char* op) {
  const std::int32_t* const position = indices.data();
  bool good = true;  // of all at once, which needs no branch
  for (Index i = 0, n = indices.size(); i < n; ++i) good &= position[i] >= 0 && position[i] < extent;
  if (good) return;
  for (Index i = 0; i < indices.size(); ++i)
    ensure(indices.data()[i] >= 0 && indices.data()[i] < extent, "{}: position {} at {} is not in 0 to {}",
           op, indices.data()[i], i, extent - 1);
}

/// Throws unless x is (…, C) where the positions are (…): one for each of its rows.
[[gnu::noinline]] inline void check_last_axis(const Shape& x, const Shape& positions, const char* op) {
  ensure(x.rank() == positions.rank() + 1 && std::equal(positions.begin(), positions.end(), x.begin()),
         "{}: expected (…, C) and (…), found {} and {}", op, x, positions);
}

template <class T>
Tensor<T> scatter_rows(const char* op, const Tensor<T>& x, const Indices& rows, Index axis,
                       const Shape& shape);

/// Calls f(row of the tensor, row of the part) for rows [begin, end) of the part, where x (outer, extent,
/// inner) has `positions` along its axis.
template <class F>
void each_row_of(const AxisView& v, const Indices& positions, Index begin, Index end, F f) {
  const Index count = positions.size();
  const std::int32_t* const position = positions.data();
  for (Index row = begin; row < end;) {
    const Index outer = row / count, last = (std::min)(end, (outer + 1) * count);
    const Index base = outer * v.extent;
    const std::int32_t* p = position + row % count;
    for (; row < last; ++row) f(base + *p++, row);
  }
}

/// Adds the rows of x to y where they came from; not recorded.
template <class T>
void add_rows(const Tensor<T>& x, const Indices& rows, Index axis, Tensor<T>& y) {
  const AxisView v(y.shape(), axis);
  const Index inner = v.inner, count = rows.size();
  const T* const in = x.data();
  T* const out = y.mutable_data();
  // Rows that fall together are in one thread's part, and added in order.
  parallel_for(v.outer, elementwise_grain / (count * inner + 1) + 1, [&](Index begin, Index end) {
    each_row_of(v, rows, begin * count, end * count, [&](Index to, Index from) {
      T* const row = out + to * inner;
      if (inner == 1)
        *row += in[from];
      else
        kernels::binary(kernels::op::Add{}, row, 1, in + from * inner, 1, row, inner);
    });
  });
}

/// y, what of x `rows` names along an axis, recorded.
template <class T>
Tensor<T> taken(const char* op, const Tensor<T>& x, const Indices& rows, Index axis, Tensor<T> y) {
  return record(
      op, {x}, std::move(y),
      [op, axis, kept = Kept(rows)](auto& s, auto& dy, auto& dx) {
        kept.confirm(op, "its positions");
        const auto add = [&](Tensor<T>& sum) { add_rows(dy, kept.tensor, axis, sum); };
        if (!dx.add_part(0, dy, add))
          dx(0, [&] { return scatter_rows(op, dy, kept.tensor, axis, s.in_shape(0)); });
      },
      Keep::nothing);
}

template <class T>
Tensor<T> gather_rows(const char* op, const Tensor<T>& x, const Indices& rows, Index axis) {
  Tensor<T> y(with_extent(x.shape(), axis, rows.size()));
  const T* const in = x.data();
  T* const out = y.mutable_data();
  const AxisView v(x.shape(), axis);
  const Index inner = v.inner;
  parallel_for(v.outer * rows.size(), elementwise_grain / (inner + 1) + 1, [&](Index begin, Index end) {
    if (inner == 1)
      each_row_of(v, rows, begin, end, [&](Index from, Index to) { out[to] = in[from]; });
    else
      each_row_of(v, rows, begin, end, [&](Index from, Index to) {
        kernels::copy_rows(in + from * inner, inner, out + to * inner, inner, 1, inner);
      });
  });
  return taken(op, x, rows, axis, std::move(y));
}

/// The adjoint of gather_rows: rows added up where they came from.
template <class T>
Tensor<T> scatter_rows(const char* op, const Tensor<T>& x, const Indices& rows, Index axis,
                       const Shape& shape) {
  Tensor<T> y = Tensor<T>::zeros(shape);
  add_rows(x, rows, axis, y);
  return record(
      "scatter_rows", {x}, std::move(y),
      [op, axis, kept = Kept(rows)](auto&, auto& dy, auto& dx) {
        kept.confirm(op, "its positions");
        dx(0, [&] { return gather_rows(op, dy, kept.tensor, axis); });
      },
      Keep::nothing);
}

}  // namespace detail

/// Rows of x in the given order, repeats allowed: (N, …) and (M,) to (M, …).
template <class T>
Tensor<T> take(const Tensor<T>& x, const Indices& rows) {
  ensure(x.rank() >= 1 && rows.rank() == 1, "take: expected (N, …) and (M,), found {} and {}", x.shape(),
         rows.shape());
  detail::check_positions(rows, x.dim(0), "take");
  return detail::gather_rows("take", x, rows, 0);
}

/// The same along any axis: (…, N, …) and (M,) to (…, M, …). Positions count from the front alone.
template <class T>
Tensor<T> index_select(const Tensor<T>& x, Index axis, const Indices& positions) {
  const Index at = x.shape().axis(axis, "index_select");
  ensure(positions.rank() == 1, "index_select: expected positions (M,), found {}", positions.shape());
  detail::check_positions(positions, x.dim(at), "index_select");
  return detail::gather_rows("index_select", x, positions, at);
}

/// The element along the last axis that `columns` names: (…, C) and (…) to (…), as (N, C) and (N,) to (N,).
template <class T>
Tensor<T> pick(const Tensor<T>& x, const Indices& columns) {
  detail::check_last_axis(x.shape(), columns.shape(), "pick");
  ensure(x.size() <= (std::numeric_limits<std::int32_t>::max)(),
         "pick: x {} has more elements than 32 bits count", x.shape());
  const Index extent = x.dim(-1);
  Indices flat(Shape{columns.size()});
  Tensor<T> y(flat.shape());
  // Positions are checked and counted out while the elements come from memory.
  parallel_for(flat.size(), detail::elementwise_grain / 2 + 1,
               [&, column = columns.data(), p = flat.mutable_data(), in = x.data(), out = y.mutable_data()](
                   Index begin, Index end) {
                 for (Index i = begin; i < end; ++i) {
                   const Index c = column[i];
                   if (c < 0 || c >= extent) detail::check_positions(columns, extent, "pick");
                   p[i] = static_cast<std::int32_t>(i * extent + c);
                   out[i] = in[p[i]];
                 }
               });
  const auto values = detail::taken("pick", reshape(x, Shape{x.size()}), flat, 0, std::move(y));
  return reshape(values, columns.shape());
}

/// 1 at each label, else 0, along a new last axis: labels (…) to (…, classes).
template <class T = float>
Tensor<T> one_hot(const Indices& labels, Index classes) {
  ensure(classes >= 0, "one_hot: expected 0 or more classes, found {}", classes);
  detail::check_positions(labels, classes, "one_hot");
  Shape shape = labels.shape();
  ensure(shape.rank() < max_rank, "one_hot: labels {} have no room for an axis of classes", shape);
  shape.push_back(classes);
  Tensor<T> y = Tensor<T>::zeros(shape);
  T* out = y.mutable_data();
  for (Index i = 0; i < labels.size(); ++i) out[i * classes + labels.data()[i]] = T(1);
  return y;
}

}  // namespace figment

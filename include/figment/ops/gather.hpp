// Elements picked along an axis by a tensor of positions, one for each result, and added there.
#pragma once

#include "figment/ops/index.hpp"

namespace figment {

namespace detail {

/// Throws unless each position is in x's axis and, along the other axes, x is no smaller than they are.
[[gnu::noinline]] inline void check_gathered(const char* op, const Shape& x, Index axis,
                                             const Indices& positions) {
  bool fits = positions.rank() == x.rank();
  for (Index i = 0; fits && i < x.rank(); ++i) fits = i == axis || positions.dim(i) <= x[i];
  ensure(fits, "{}: positions {} do not fit x {} beyond axis {}", op, positions.shape(), x, axis);
  check_positions(positions, x[axis], op);
}

/// Calls f(where in x, which position) for all positions along the axis of x, a line of the axis in one
/// thread's part and in order.
template <class F>
void each_gathered(const Shape& x, Index axis, const Indices& positions, F f) {
  const Shape& shape = positions.shape();
  const AxisView v(shape, axis);
  Index step = 1;  // along the axis, in x
  for (Index i = axis + 1; i < x.rank(); ++i) step *= x[i];
  // From the positions' lines to x's: the axis itself goes away.
  CopyLoops lines;
  lines.rank = 1, lines.a_step[0] = lines.b_step[0] = -1;
  Index from = 1, to = 1;
  for (Index i = x.rank() - 1; i >= 0; --i) {
    if (i != axis) lines.add(shape[i], from, to);
    from *= x[i], to *= shape[i];
  }
  const std::int32_t* const position = positions.data();
  parallel_for(v.extent > 0 ? v.outer * v.inner : 0, elementwise_grain / (v.extent + 1) + 1,
               [&](Index begin, Index end) {
                 lines.each_run(begin, end, [&](Index, Index rows, Index at, Index line) {
                   const Index next_x = lines.a_step[1], next = lines.b_step[1];
                   const auto one = [&](Index r, Index e) {
                     const Index p = line + r * next + e * v.inner;
                     f(at + r * next_x + position[p] * step, p);
                   };
                   if (v.inner == 1)  // as memory has them
                     for (Index r = 0; r < rows; ++r)
                       for (Index e = 0; e < v.extent; ++e) one(r, e);
                   else
                     for (Index e = 0; e < v.extent; ++e)
                       for (Index r = 0; r < rows; ++r) one(r, e);
                 });
               });
}

/// Adds the values to y, each to the element that gather would take; not recorded.
template <class T>
void add_gathered(const Tensor<T>& values, Index axis, const Indices& positions, Tensor<T>& y) {
  each_gathered(y.shape(), axis, positions,
                [in = values.data(), out = y.mutable_data()](Index to, Index from) { out[to] += in[from]; });
}

template <class T>
Tensor<T> scattered(const Tensor<T>& values, Index axis, const Kept<std::int32_t>& positions,
                    const Shape& shape);

template <class T>
Tensor<T> gathered(const char* op, const Tensor<T>& x, Index axis, const Kept<std::int32_t>& positions) {
  Tensor<T> y(positions.tensor.shape());
  each_gathered(x.shape(), axis, positions.tensor,
                [in = x.data(), out = y.mutable_data()](Index from, Index to) { out[to] = in[from]; });
  return record(
      op, {x}, std::move(y),
      [op, axis, positions](auto& s, auto& dy, auto& dx) {
        positions.confirm(op, "its positions");
        const auto add = [&](Tensor<T>& sum) { add_gathered(dy, axis, positions.tensor, sum); };
        if (!dx.add_part(0, dy, add)) dx(0, [&] { return scattered(dy, axis, positions, s.in_shape(0)); });
      },
      Keep::nothing);
}

/// The adjoint of gathered: values added up where they came from.
template <class T>
Tensor<T> scattered(const Tensor<T>& values, Index axis, const Kept<std::int32_t>& positions,
                    const Shape& shape) {
  Tensor<T> y = Tensor<T>::zeros(shape);
  add_gathered(values, axis, positions.tensor, y);
  return record(
      "scatter_add", {values}, std::move(y),
      [axis, positions](auto&, auto& dy, auto& dx) {
        positions.confirm("gather", "its positions");
        dx(0, [&] { return gathered("gather", dy, axis, positions); });
      },
      Keep::nothing);
}

}  // namespace detail

/// Along an axis the element that each position names, as PyTorch's gather: of axis 1
/// y(i, j, k) = x(i, positions(i, j, k), k). y has the positions' shape, which is x's or smaller along the
/// other axes.
template <class T>
Tensor<T> gather(const Tensor<T>& x, Index axis, const Indices& positions) {
  const Index at = x.shape().axis(axis, "gather");
  detail::check_gathered("gather", x.shape(), at, positions);
  return detail::gathered("gather", x, at, detail::Kept(positions));
}

/// x with each value added to the element that gather would take: of axis 1
/// y(i, positions(i, j, k), k) += values(i, j, k). Values have the positions' shape.
template <detail::Real T>
Tensor<T> scatter_add(const Tensor<T>& x, Index axis, const Indices& positions, const Tensor<T>& values) {
  const Index at = x.shape().axis(axis, "scatter_add");
  detail::check_gathered("scatter_add", x.shape(), at, positions);
  ensure(values.shape() == positions.shape(), "scatter_add: values {} for positions {}", values.shape(),
         positions.shape());
  Tensor<T> y = x.clone();
  detail::add_gathered(values, at, positions, y);
  return record(
      "scatter_add", {x, values}, std::move(y),
      [at, kept = detail::Kept(positions)](auto&, auto& dy, auto& dx) {
        kept.confirm("scatter_add", "its positions");
        dx(0, [&] { return dy; });
        dx(1, [&] { return detail::gathered("gather", dy, at, kept); });
      },
      Keep::nothing);
}

}  // namespace figment

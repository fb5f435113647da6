// Tensors and their elements repeated.
#pragma once

#include "figment/ops/index.hpp"

namespace figment {

namespace detail {

/// x as (outer, extent, inner), each row `times` times in its place: an axis tiled, or its elements repeated.
template <class T>
Tensor<T> repeat_rows(const Tensor<T>& x, Index outer, Index inner, Index times, const Shape& shape) {
  return reshape(broadcast_to(reshape(x, Shape{outer, 1, inner}), Shape{outer, times, inner}), shape);
}

template <class T>
Tensor<T> tile(const char* op, const Tensor<T>& x, std::span<const Index> times) {
  const auto given = static_cast<Index>(times.size());
  ensure(given <= max_rank, "{}: {} repeats, at most {} dimensions are supported", op, given, max_rank);
  Shape shape;
  for (Index i = x.rank(); i < given; ++i) shape.push_back(1);
  for (const Index n : x.shape()) shape.push_back(n);
  Tensor<T> y = reshape(x, shape);
  for (Index i = given; i-- > 0;) {  // from the innermost: the largest copies are last, and long runs
    const Index at = shape.rank() - given + i, n = times.data()[i];
    ensure(n >= 0, "{}: expected repeats of 0 or more, found {} for axis {}", op, n, at);
    if (n == 1) continue;
    const AxisView v(shape, at);
    shape[at] = counted(op, shape[at], n);
    y = repeat_rows(y, v.outer, v.extent * v.inner, n, shape);
  }
  return y;
}

}  // namespace detail

/// x repeated along each axis, as NumPy's tile: times[i] copies one after the other along axis i. Of fewer
/// numbers than axes the last axes' are given; of more, x gets leading axes of extent 1.
template <class T>
Tensor<T> tile(const Tensor<T>& x, std::initializer_list<Index> times) {
  return detail::tile("tile", x, std::span(times.begin(), times.size()));
}

/// tile(x, times) under PyTorch's name, a number for each axis at least. (NumPy's repeat is
/// repeat_interleave.)
template <class T>
Tensor<T> repeat(const Tensor<T>& x, std::initializer_list<Index> times) {
  ensure(static_cast<Index>(times.size()) >= x.rank(), "repeat: {} repeats for shape {}", times.size(),
         x.shape());
  return detail::tile("repeat", x, std::span(times.begin(), times.size()));
}

/// Each position of an axis `times` times in a row: of (a, b) twice (a, a, b, b).
template <class T>
Tensor<T> repeat_interleave(const Tensor<T>& x, Index times, Index axis) {
  const Index at = x.shape().axis(axis, "repeat_interleave");
  ensure(times >= 0, "repeat_interleave: expected 0 or more, found {}", times);
  const detail::AxisView v(x.shape(), at);
  const Shape shape =
      detail::with_extent(x.shape(), at, detail::counted("repeat_interleave", v.extent, times));
  return detail::repeat_rows(x, v.outer * v.extent, v.inner, times, shape);
}
/// The same of a number for each position.
template <class T>
Tensor<T> repeat_interleave(const Tensor<T>& x, const Indices& times, Index axis) {
  const Index at = x.shape().axis(axis, "repeat_interleave");
  ensure(times.shape() == Shape{x.dim(at)}, "repeat_interleave: {} repeats for axis {} of shape {}",
         times.shape(), at, x.shape());
  Index count = 0;
  for (const std::int32_t n : times.values()) {
    ensure(n >= 0, "repeat_interleave: expected 0 or more, found {}", n);
    count += n;
  }
  Indices positions(Shape{count});
  std::int32_t* out = positions.mutable_data();
  for (Index i = 0; i < times.size(); ++i)
    out = std::fill_n(out, times.data()[i], static_cast<std::int32_t>(i));
  return index_select(x, at, positions);
}

}  // namespace figment

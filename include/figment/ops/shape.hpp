// Changing a tensor's shape and taking parts of it.
#pragma once

#include "figment/core/copy.hpp"
#include "figment/core/stack.hpp"
#include "figment/ops/arithmetic.hpp"

namespace figment {

/// The same elements under another shape, sharing memory.
template <class T>
Tensor<T> reshape(const Tensor<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  return record(
      "reshape", {x}, x.view_as(shape),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return reshape(dy, s.in_shape(0)); }); }, Keep::nothing);
}

/// One extent may be -1, meaning what is left.
template <class T>
Tensor<T> reshape(const Tensor<T>& x, std::initializer_list<Index> dims) {
  Shape shape;
  Index unknown = -1;
  for (const Index d : dims) {
    ensure(d != -1 || unknown < 0, "reshape: only one extent can be -1");
    if (d == -1) unknown = shape.rank();
    shape.push_back(d == -1 ? 1 : d);
  }
  if (unknown >= 0) {
    const Index known = detail::byte_count(shape, 1);  // -1: more than can be counted
    ensure(known != 0, "reshape: of {} nothing says what -1 is beside an extent of 0", x.shape());
    shape[unknown] = std::max<Index>(0, x.size() / known);
  }
  return reshape(x, shape);
}

/// (N, …) to (N, product of the rest).
template <class T>
Tensor<T> flatten(const Tensor<T>& x) {
  ensure(x.rank() >= 1, "flatten: expected at least one dimension, found shape {}", x.shape());
  const Index n = x.dim(0);
  return reshape(
      x, Shape{n, n > 0 ? x.size() / n : Shape(std::span(x.shape().begin() + 1, x.shape().end())).size()});
}

/// A new dimension of extent 1 before position `axis`; -1 appends.
template <class T>
Tensor<T> unsqueeze(const Tensor<T>& x, Index axis) {
  ensure(axis >= -x.rank() - 1 && axis <= x.rank(), "unsqueeze: axis {} is out of range for shape {}", axis,
         x.shape());
  const Index at = axis < 0 ? axis + x.rank() + 1 : axis;
  Shape shape;
  for (Index i = 0; i <= x.rank(); ++i) shape.push_back(i == at ? 1 : x.shape()[i - (i > at)]);
  return reshape(x, shape);
}

/// Without dimension `axis`, whose extent is 1.
template <class T>
Tensor<T> squeeze(const Tensor<T>& x, Index axis) {
  const Index at = x.shape().axis(axis, "squeeze");
  ensure(x.dim(at) == 1, "squeeze: axis {} of shape {} is not 1", axis, x.shape());
  Shape shape;
  for (Index i = 0; i < x.rank(); ++i)
    if (i != at) shape.push_back(x.dim(i));
  return reshape(x, shape);
}

/// Dimensions in another order: y's dimension i is x's dimension order[i].
template <class T>
Tensor<T> permute(const Tensor<T>& x, const Shape& order) {
  ensure(order.rank() == x.rank(), "permute: order {} for shape {}", order, x.shape());
  Shape shape, inverse = order, seen = order;
  Index strides[max_rank] = {}, steps[max_rank] = {};
  for (Index i = x.rank() - 1, n = 1; i >= 0; n *= x.dim(i--)) strides[i] = n, seen[i] = 0;
  for (Index i = 0; i < order.rank(); ++i) {
    const Index from = order[i];
    ensure(from < x.rank() && !seen[from], "permute: {} is not an order of {} dimensions", order, x.rank());
    seen[from] = 1;
    shape.push_back(x.dim(from));
    steps[i] = strides[from];
    inverse[from] = i;
  }
  Tensor<T> y(shape);
  detail::CopyLoops loops;
  for (Index i = shape.rank() - 1, n = 1; i >= 0; n *= shape[i--]) loops.add(shape[i], steps[i], n);
  detail::copy(loops, x.data(), y.mutable_data());
  return record(
      "permute", {x}, std::move(y),
      [inverse](auto&, auto& dy, auto& dx) { dx(0, [&] { return permute(dy, inverse); }); }, Keep::nothing);
}

/// The last two dimensions exchanged.
template <class T>
Tensor<T> transpose(const Tensor<T>& x) {
  ensure(x.rank() >= 2, "transpose: expected at least two dimensions, found shape {}", x.shape());
  Shape order;
  for (Index i = 0; i < x.rank(); ++i) order.push_back(i);
  std::swap(order[-1], order[-2]);
  return permute(x, order);
}

namespace detail {

/// A tensor seen along one axis: (outer, extent, inner).
struct AxisView {
  Index outer = 1, extent, inner = 1;
  [[gnu::noinline]] AxisView(const Shape& shape, Index axis) : extent(shape[axis]) {
    for (Index i = 0; i < axis; ++i) outer *= shape[i];
    for (Index i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  }
};

/// Positions begin, begin + step, … of one axis.
struct Steps {
  Index begin, count, step;
};

/// Which elements of a tensor a slice has.
struct Part {
  Shape shape;       ///< the slice's
  Index offset = 0;  ///< of its first element
  CopyLoops loops;   ///< from the tensor to the slice

  /// Those positions of each axis of x.
  [[gnu::noinline]] Part(const Shape& x, const Steps* axes) : shape(x) {
    Index from = 1, to = 1;
    for (Index i = x.rank() - 1; i >= 0; --i) {
      const Steps& s = axes[i];
      if (s.count > 0) offset += s.begin * from;
      loops.add(s.count, s.count > 1 ? s.step * from : from, to);
      shape[i] = s.count;
      from *= x[i], to *= s.count;
    }
    if (to == 0) offset = 0;
  }
  /// Those of one axis, and all of the others.
  [[gnu::noinline]] static Part along(const Shape& x, Index axis, const Steps& steps) {
    Steps all[max_rank];
    for (Index i = 0; i < x.rank(); ++i) all[i] = i == axis ? steps : Steps{0, x[i], 1};
    return Part(x, all);
  }
};

template <class T>
Tensor<T> unslice(const Tensor<T>& x, const Shape& shape, const Part& part);

/// Adds x to that part of y; not recorded.
template <class T>
void add_slice(const Tensor<T>& x, Tensor<T>& y, const Part& part) {
  const CopyLoops& loops = part.loops;
  const T* const from = x.data();
  T* const to = y.mutable_data() + part.offset;
  const Index n = loops.extent[0], apart = loops.a_step[0];
  parallel_for(loops.rows(), elementwise_grain / (n + 1) + 1, [&](Index first, Index last) {
    loops.each_row(first, last, [&](Index, Index at, Index i) {
      if (apart == 1)
        kernels::binary(kernels::op::Add{}, to + at, 1, from + i, 1, to + at, n);
      else
        for (Index j = 0; j < n; ++j) to[at + j * apart] += from[i + j];
    });
  });
}

template <class T>
Tensor<T> slice_part(const Tensor<T>& x, const Part& part) {
  Tensor<T> y(part.shape);
  copy(part.loops, x.data() + part.offset, y.mutable_data());
  return record(
      "slice", {x}, std::move(y),
      [part](auto& s, auto& dy, auto& dx) {
        const auto add = [&](Tensor<T>& sum) { add_slice(dy, sum, part); };
        if (!dx.add_part(0, dy, add)) dx(0, [&] { return unslice(dy, s.in_shape(0), part); });
      },
      Keep::nothing);
}

/// The adjoint of slice_part: zeros of `shape` with x written there.
template <class T>
Tensor<T> unslice(const Tensor<T>& x, const Shape& shape, const Part& part) {
  Tensor<T> y = Tensor<T>::zeros(shape);
  copy(part.loops.inverse(), x.data(), y.mutable_data() + part.offset);
  return record(
      "unslice", {x}, std::move(y),
      [part](auto&, auto& dy, auto& dx) { dx(0, [&] { return slice_part(dy, part); }); }, Keep::nothing);
}

/// count positions begin, begin + step, … along an axis that is in range.
template <class T>
Tensor<T> slice_steps(const Tensor<T>& x, Index axis, Index begin, Index count, Index step) {
  return slice_part(x, Part::along(x.shape(), axis, {begin, count, step}));
}

}  // namespace detail

/// Positions begin, begin + step, … before end of one axis, as Python's begin:end:step: negative positions
/// count from the end, a negative step goes backwards, and what is left out is the axis' whole length.
struct Slice {
  /// In the place of a begin or an end that is left out.
  static constexpr Index none = (std::numeric_limits<Index>::min)();

  Index begin = none;  ///< the first position
  Index end = none;    ///< the one before which it ends
  Index step = 1;      ///< from each position to the next
};

namespace detail {

/// The positions of a slice that fits its axis.
[[gnu::noinline]] inline Steps steps_of(Slice s, const Shape& x, Index axis) {
  const Index n = x[axis], back = s.step < 0;
  if (s.begin == Slice::none) s.begin = back * (n - 1);
  if (s.end == Slice::none) s.end = back ? -1 - n : n;
  const Index first = s.begin < 0 ? s.begin + n : s.begin, last = s.end < 0 ? s.end + n : s.end;
  // Towards the end: what is left lies between them.
  const Index from = back ? last + 1 : first, to = back ? first + 1 : last;
  ensure(0 <= from && from <= to && to <= n && s.step != 0,
         "slice: {} to {} by {} does not fit axis {} of shape {}", s.begin, s.end, s.step, axis, x);
  return {first, first == last ? 0 : 1 + (last - first + (back ? 1 : -1)) / s.step, s.step};
}

}  // namespace detail

/// Positions begin to end - 1 along an axis, every step-th; a copy. Negative positions count from the end; a
/// negative step goes from begin down to end + 1, or with Slice::none for the end to 0.
template <class T>
Tensor<T> slice(const Tensor<T>& x, Index axis, Index begin, Index end, Index step = 1) {
  const Index at = x.shape().axis(axis, "slice");
  return detail::slice_part(
      x, detail::Part::along(x.shape(), at, detail::steps_of({begin, end, step}, x.shape(), at)));
}

/// A part of several axes from the first on, in one copy: x[1:3, :, ::-1] is
/// slice(x, {{1, 3}, {}, {.step = -1}}). Axes that are not named stay as they are.
template <class T>
Tensor<T> slice(const Tensor<T>& x, std::initializer_list<Slice> axes) {
  const Shape& shape = x.shape();
  ensure(static_cast<Index>(axes.size()) <= shape.rank(), "slice: {} slices for shape {}", axes.size(),
         shape);
  detail::Steps steps[max_rank];
  Index i = 0;
  for (const Slice& s : axes) steps[i] = detail::steps_of(s, shape, i), ++i;
  for (; i < shape.rank(); ++i) steps[i] = {0, shape[i], 1};
  return detail::slice_part(x, detail::Part(shape, steps));
}

/// Position `index` along an axis, which goes away.
template <class T>
Tensor<T> select(const Tensor<T>& x, Index axis, Index index) {
  const Index at = x.shape().axis(axis, "select"), n = x.dim(at), i = index < 0 ? index + n : index;
  ensure(i >= 0 && i < n, "select: {} is out of range for axis {} of shape {}", index, axis, x.shape());
  return squeeze(slice(x, at, i, i + 1), at);
}

namespace detail {

template <class T>
Tensor<T> concat(std::span<const Tensor<T>> parts, Index axis) {
  ensure(!parts.empty(), "concat: expected at least one tensor");
  const Index at = parts[0].shape().axis(axis, "concat");
  Shape shape = parts[0].shape();
  for (std::size_t p = 1; p < parts.size(); ++p) {
    const Shape& other = parts[p].shape();
    ensure(other.rank() == shape.rank() && with_extent(other, at, shape[at]) == shape,
           "concat: shapes {} and {} differ beyond axis {}", parts[0].shape(), other, at);
    shape[at] = counted("concat", shape[at], 1, other[at]);
  }
  Tensor<T> y(shape);
  T* out = y.mutable_data();
  Index begin = 0;
  Stack<Operand<T>> inputs;
  for (const auto& part : parts) {
    const Index count = part.dim(at);
    const Part place = Part::along(shape, at, {begin, count, 1});
    copy(place.loops.inverse(), part.data(), out + place.offset);
    begin += count;
    inputs.push(part);
  }
  return record(
      "concat", std::span<const Operand<T>>(inputs.begin(), inputs.size()), std::move(y),
      [at](auto& s, auto& dy, auto& dx) {
        Index from = 0;
        for (std::size_t i = 0; i < s.inputs(); ++i) {
          const Index count = s.in_shape(i)[at];
          dx(i, [&] { return slice_steps(dy, at, from, count, 1); });
          from += count;
        }
      },
      Keep::nothing);
}

}  // namespace detail

/// Tensors one after the other along an axis; their other extents agree.
template <class T>
Tensor<T> concat(std::initializer_list<Tensor<T>> parts, Index axis = 0) {
  return detail::concat(std::span<const Tensor<T>>(parts.begin(), parts.size()), axis);
}
/// The same of a vector of tensors.
template <class T>
Tensor<T> concat(const std::vector<Tensor<T>>& parts, Index axis = 0) {
  return detail::concat(std::span<const Tensor<T>>(parts), axis);
}

/// Tensors of one shape along a new axis.
template <class T>
Tensor<T> stack(const std::vector<Tensor<T>>& parts, Index axis = 0) {
  ensure(!parts.empty(), "stack: expected at least one tensor");
  const Shape& shape = parts[0].shape();
  ensure(axis >= -shape.rank() - 1 && axis <= shape.rank(), "stack: axis {} is out of range for shape {}",
         axis, shape);
  std::vector<Tensor<T>> rows;
  for (const auto& p : parts) {
    ensure(p.shape() == shape, "stack: shapes {} and {} differ", shape, p.shape());
    rows.push_back(unsqueeze(p, axis));
  }
  return concat(rows, axis);
}

}  // namespace figment

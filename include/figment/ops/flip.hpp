// Elements in another order along their axes: turned round, or moved on.
#pragma once

#include "figment/ops/axes.hpp"

namespace figment {

namespace detail {

/// `kept` is 1 along the axes to turn round, as Axes::kept gives it.
template <class T>
Tensor<T> flip_axes(const Tensor<T>& x, const Shape& kept) {
  const Shape& shape = x.shape();
  Steps steps[max_rank];
  for (Index i = 0; i < shape.rank(); ++i)
    steps[i] = kept[i] == shape[i] ? Steps{0, shape[i], 1} : Steps{shape[i] - 1, shape[i], -1};
  const Part part(shape, steps);
  Tensor<T> y(shape);
  copy(part.loops, x.data() + part.offset, y.mutable_data());
  return record(
      "flip", {x}, std::move(y),
      [kept](auto&, auto& dy, auto& dx) { dx(0, [&] { return flip_axes(dy, kept); }); }, Keep::nothing);
}

/// Each position of axis i moved on by shifts[i], which is below the extent.
template <class T>
Tensor<T> roll_axes(const Tensor<T>& x, const Shape& shifts) {
  Tensor<T> y;
  Shape back = shifts;
  for (Index i = 0; i < shifts.rank(); ++i) {
    if (shifts[i] == 0) continue;
    const AxisView v(x.shape(), i);
    const Tensor<T> from = y.defined() ? y : x;
    y = Tensor<T>(x.shape());
    const Index moved = shifts[i] * v.inner, rest = (v.extent - shifts[i]) * v.inner;
    const auto move = [&](Index begin, Index end, Index count) {
      CopyLoops loops;
      loops.add(count, 1, 1);
      loops.add(v.outer, moved + rest, moved + rest);
      copy(loops, from.data() + begin, y.mutable_data() + end);
    };
    move(0, moved, rest);
    move(rest, 0, moved);
    back[i] = v.extent - shifts[i];
  }
  if (!y.defined()) return x;
  return record(
      "roll", {x}, std::move(y),
      [back](auto&, auto& dy, auto& dx) { dx(0, [&] { return roll_axes(dy, back); }); }, Keep::nothing);
}

/// A shift as one forwards, below the extent.
inline Index forwards(Index shift, Index extent) {
  return extent > 0 ? (shift % extent + extent) % extent : 0;
}

}  // namespace detail

/// x turned round along some axes, or along all: position i becomes extent - 1 - i.
template <class T>
Tensor<T> flip(const Tensor<T>& x, const Axes& axes = {}) {
  return detail::flip_axes(x, axes.kept(x.shape(), "flip"));
}

/// Each element moved on by `shift` positions along an axis, back for negative shifts; what leaves at one end
/// comes in at the other.
template <class T>
Tensor<T> roll(const Tensor<T>& x, Index shift, Index axis) {
  return roll(x, {shift}, {axis});
}
/// The same along several axes, each by its own shift.
template <class T>
Tensor<T> roll(const Tensor<T>& x, std::initializer_list<Index> shifts, std::initializer_list<Index> axes) {
  ensure(shifts.size() == axes.size(), "roll: {} shifts for {} axes", shifts.size(), axes.size());
  Shape moves;
  for (Index i = 0; i < x.rank(); ++i) moves.push_back(0);
  const Index* shift = shifts.begin();
  for (const Index axis : axes) {
    const Index at = x.shape().axis(axis, "roll"), n = x.dim(at);
    moves[at] = detail::forwards(moves[at] + detail::forwards(*shift++, n), n);
  }
  return detail::roll_axes(x, moves);
}
/// The same of all elements in their order, whatever the shape.
template <class T>
Tensor<T> roll(const Tensor<T>& x, Index shift) {
  return reshape(roll(reshape(x, Shape{x.size()}), shift, 0), x.shape());
}

}  // namespace figment

// Tensors with more around them.
#pragma once

#include "figment/ops/flip.hpp"

namespace figment {

/// What stands in the padding: a value; the elements beside the edge in reverse, without it (c b | a b c);
/// the edge again (a a | a b c); or the other end (b c | a b c).
enum class PadMode { constant, reflect, replicate, circular };

/// How many positions an axis gets before and after its own.
struct PadWidth {
  Index before = 0;  ///< in front of position 0
  Index after = 0;   ///< behind the last
};

namespace detail {

/// x in a larger tensor of one value.
template <class T>
Tensor<T> pad_constant(const Tensor<T>& x, const Shape& shape, const Steps* steps, T value) {
  const Part part(shape, steps);
  if (part.shape == shape) return x;
  Tensor<T> y = Tensor<T>::full(shape, value);
  copy(part.loops.inverse(), x.data(), y.mutable_data() + part.offset);
  return record(
      "pad", {x}, std::move(y),
      [part](auto&, auto& dy, auto& dx) { dx(0, [&] { return slice_part(dy, part); }); }, Keep::nothing);
}

/// x with what stands before and after it along one axis.
template <class T>
Tensor<T> pad_axis(const Tensor<T>& x, Index axis, PadWidth w, PadMode mode) {
  const Index n = x.dim(axis);
  const auto side = [&](Index width, Index reflected, Index edge, Index other) {
    switch (mode) {
      case PadMode::reflect:
        return slice_steps(x, axis, reflected, width, -1);
      case PadMode::circular:
        return slice_steps(x, axis, other, width, 1);
      default:
        return broadcast_to(slice_steps(x, axis, edge, 1, 1), with_extent(x.shape(), axis, width));
    }
  };
  Stack<Tensor<T>> parts;
  if (w.before > 0) parts.push(side(w.before, w.before, 0, n - w.before));
  parts.push(x);
  if (w.after > 0) parts.push(side(w.after, n - 2, n - 1, 0));
  return concat(std::span<const Tensor<T>>(parts.begin(), parts.size()), axis);
}

}  // namespace detail

/// x with widths[i] positions more before and after it along axis i, as NumPy's pad; axes that are not named
/// get none: an image (N, H, W, C) by pad(x, {{}, {1, 1}, {2, 2}}). `value` is that of PadMode::constant.
/// Reflections take less than the extent and circular padding no more, or it is an Error.
template <class T>
Tensor<T> pad(const Tensor<T>& x, std::span<const PadWidth> widths, PadMode mode = PadMode::constant,
              double value = 0) {
  Shape shape = x.shape();
  ensure(static_cast<Index>(widths.size()) <= x.rank(), "pad: widths of {} axes for shape {}", widths.size(),
         shape);
  detail::Steps steps[max_rank];
  for (Index i = 0; i < x.rank(); ++i) {
    const PadWidth w = static_cast<std::size_t>(i) < widths.size() ? widths.data()[i] : PadWidth();
    const Index n = x.dim(i), most = (std::max)(w.before, w.after);
    ensure(w.before >= 0 && w.after >= 0, "pad: expected widths of 0 or more, found {} and {} for axis {}",
           w.before, w.after, i);
    ensure(most == 0 || mode == PadMode::constant ||
               (mode == PadMode::replicate ? n > 0 : most + (mode == PadMode::reflect) <= n),
           "pad: axis {} of shape {} has too few elements for {} and {} more of its own", i, x.shape(),
           w.before, w.after);
    steps[i] = {w.before, n, 1};
    shape[i] = detail::counted("pad", 1, w.before, detail::counted("pad", 1, w.after, n));
  }
  if (mode == PadMode::constant) return detail::pad_constant(x, shape, steps, static_cast<T>(value));
  Tensor<T> y = x;
  for (Index i = 0; i < static_cast<Index>(widths.size()); ++i)
    if (shape[i] > x.dim(i)) y = detail::pad_axis(y, i, widths.data()[i], mode);
  return y;
}
/// The same of widths in braces.
template <class T>
Tensor<T> pad(const Tensor<T>& x, std::initializer_list<PadWidth> widths, PadMode mode = PadMode::constant,
              double value = 0) {
  return pad(x, std::span<const PadWidth>(widths.begin(), widths.size()), mode, value);
}

}  // namespace figment

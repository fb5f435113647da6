// Tensors cut into parts along an axis.
#pragma once

#include <array>

#include "figment/ops/shape.hpp"

namespace figment {

namespace detail {

/// Throws unless the sizes add up to the axis' extent.
[[gnu::noinline]] inline void check_sizes(const char* op, const Shape& shape, std::span<const Index> sizes,
                                          Index axis) {
  Index rest = shape[axis];
  bool fits = true;
  for (const Index n : sizes) {
    fits = fits && n >= 0 && n <= rest;
    if (fits) rest -= n;
  }
  if (fits && rest == 0) return;
  std::string all;
  for (const Index n : sizes) all += all.empty() ? format("{}", n) : format(" + {}", n);
  fail("{}: parts of {} are not axis {} of shape {}", op, all, axis, shape);
}

/// The parts of these sizes: one operation, whose gradient joins those of the parts.
template <class Parts, class T>
Parts split(const char* op, const Tensor<T>& x, std::span<const Index> sizes, Index axis, Parts parts) {
  const Index at = x.shape().axis(axis, op);
  check_sizes(op, x.shape(), sizes, at);
  Index begin = 0;
  auto* part = parts.data();
  for (const Index n : sizes) {
    const Part source = Part::along(x.shape(), at, {begin, n, 1});
    *part = Tensor<T>(source.shape);
    copy(source.loops, x.data() + source.offset, part++->mutable_data());
    begin += n;
  }
  return record(
      op, {x}, std::move(parts),
      [at](auto&, auto& dy, auto& dx) {
        dx(0, [&] {
          Stack<Tensor<T>> gradients;
          for (std::size_t i = 0; i < dy.size(); ++i) gradients.push(dy[i]);
          return concat(std::span<const Tensor<T>>(gradients.begin(), gradients.size()), at);
        });
      },
      Keep::nothing);
}

/// `count` parts of `size`, the last of what is left.
template <class T>
std::vector<Tensor<T>> split(const char* op, const Tensor<T>& x, Index size, Index count, Index axis) {
  std::vector<Index> sizes(static_cast<std::size_t>(count), size);
  sizes.back() = x.dim(axis) - (count - 1) * size;
  return split(op, x, sizes, axis, std::vector<Tensor<T>>(sizes.size()));
}

}  // namespace detail

/// The parts of these sizes along an axis, one after the other; they add up to its extent.
template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, const std::vector<Index>& sizes, Index axis = 0) {
  return detail::split("split", x, sizes, axis, std::vector<Tensor<T>>(sizes.size()));
}
/// The same of sizes in braces.
template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, std::initializer_list<Index> sizes, Index axis = 0) {
  return split(x, std::vector<Index>(sizes), axis);
}
/// Parts of one size, the last of what is left.
template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, Index size, Index axis = 0) {
  const Index n = x.shape()[x.shape().axis(axis, "split")];
  ensure(size > 0, "split: expected parts of 1 or more, found {}", size);
  return detail::split("split", x, size, n == 0 ? 1 : (n - 1) / size + 1, axis);
}
/// N parts of one size: const auto [mean, log_var] = split<2>(x, -1).
template <std::size_t N, class T>
std::array<Tensor<T>, N> split(const Tensor<T>& x, Index axis = 0) {
  static_assert(N > 0, "figment: split gives one part at least");
  const Index at = x.shape().axis(axis, "split"), n = static_cast<Index>(N);
  ensure(x.dim(at) % n == 0, "split: axis {} of shape {} is not {} equal parts", at, x.shape(), n);
  std::array<Index, N> sizes;
  sizes.fill(x.dim(at) / n);
  return detail::split("split", x, sizes, at, std::array<Tensor<T>, N>());
}

/// n parts of one size, rounded up, the last of what is left: there may be fewer then, as PyTorch's are.
template <class T>
std::vector<Tensor<T>> chunk(const Tensor<T>& x, Index n, Index axis = 0) {
  const Index extent = x.shape()[x.shape().axis(axis, "chunk")];
  ensure(n > 0, "chunk: expected 1 part or more, found {}", n);
  const Index size = extent / n + (extent % n > 0);
  return detail::split("chunk", x, size, extent == 0 ? n : (extent - 1) / size + 1, axis);
}

}  // namespace figment

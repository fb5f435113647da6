// Elements in their order along an axis.
#pragma once

#include "figment/core/finite.hpp"
#include "figment/ops/gather.hpp"

namespace figment {

/// What sort and topk give: the values, and where along the axis each one was.
template <class T>
struct Sorted {
  Tensor<T> values;  ///< in order
  Indices indices;   ///< where along the axis each was
};

namespace detail {

/// An element of a line: its place in the order of numbers, and in the line, which is the order of equal
/// ones. One type for all elements, so that sorting is compiled once.
struct Ranked {
  std::uint64_t rank;
  std::uint32_t index;
  friend bool operator<(const Ranked& a, const Ranked& b) {
    return a.rank != b.rank ? a.rank < b.rank : a.index < b.index;
  }
};

/// Numbers as unsigned ones in the same order. -0 is 0, and NaN comes after all others, as in PyTorch.
template <class T>
std::uint64_t rank_of(T v) {
  constexpr std::uint64_t sign = std::uint64_t{1} << 63;
  if constexpr (std::is_floating_point_v<T>) {
    if (is_nan(v)) return ~std::uint64_t{0};
    const double wide = static_cast<double>(v);
    const auto bits = std::bit_cast<std::uint64_t>(wide);
    return bits & sign ? sign - (bits & ~sign) : bits | sign;
  } else {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(v)) ^ sign;
  }
}

// Templates, so that only who sorts compiles them.
/// The first n of [begin, end), n > 0, the last of them in its place.
template <class Entry>
[[gnu::noinline]] void keep_first(Entry* begin, Index n, Entry* end) {
  std::nth_element(begin, begin + n - 1, end);
}
/// The first n of [begin, end) in order.
template <class Entry>
[[gnu::noinline]] void sort_first(Entry* begin, Index n, Entry* end) {
  if (begin + n < end) keep_first(begin, n, end);
  std::sort(begin, begin + n);
}

/// Where along the axis the first `count` of each line in order are.
template <class T>
Indices order_along(const char* op, const Tensor<T>& x, Index axis, Index count, bool descending) {
  ensure(x.dim(axis) <= (std::numeric_limits<std::int32_t>::max)(),
         "{}: axis {} of shape {} has more elements than 32 bits count", op, axis, x.shape());
  Indices y(with_extent(x.shape(), axis, count));
  const AxisView v(x.shape(), axis);
  const T* const in = x.data();
  std::int32_t* const out = y.mutable_data();
  if (y.size() == 0) return y;
  // Of few the others are left out as they come.
  const Index room = (std::min)(v.extent, (std::max<Index>)(64, 4 * (std::min)(count, v.extent)));
  parallel_for(v.outer * v.inner, elementwise_grain / 16 / (v.extent + 1) + 1, [&](Index begin, Index end) {
    RecycledVector<Ranked> line(static_cast<std::size_t>(room));
    Ranked* const first = line.data();
    for (Index l = begin; l < end; ++l) {
      const Index outer = l / v.inner, inner = l % v.inner;
      const T* const p = in + outer * v.extent * v.inner + inner;
      const Ranked* worst = nullptr;  // of those kept, later ones of its rank are behind it
      Index n = 0;
      for (Index i = 0; i < v.extent; ++i) {
        const std::uint64_t up = rank_of(p[i * v.inner]), rank = descending ? ~up : up;
        if (worst && rank >= worst->rank) continue;
        if (n == room) {
          keep_first(first, count, first + n);
          n = count, worst = first + count - 1;
          if (rank >= worst->rank) continue;
        }
        first[n++] = {rank, static_cast<std::uint32_t>(i)};
      }
      sort_first(first, count, first + n);
      std::int32_t* const to = out + outer * count * v.inner + inner;
      for (Index i = 0; i < count; ++i) to[i * v.inner] = static_cast<std::int32_t>(first[i].index);
    }
  });
  return y;
}

}  // namespace detail

/// The values along an axis from the smallest to the largest, or the other way, and where they were; equal
/// ones keep their order, and NaN is above all. dx is dy, put back in its place.
template <class T>
Sorted<T> sort(const Tensor<T>& x, Index axis = -1, bool descending = false) {
  const Index at = x.shape().axis(axis, "sort");
  const Indices order = detail::order_along("sort", x, at, x.dim(at), descending);
  return {detail::gathered("sort", x, at, detail::Kept(order)), order};
}

/// The positions alone that sort gives.
template <class T>
Indices argsort(const Tensor<T>& x, Index axis = -1, bool descending = false) {
  const Index at = x.shape().axis(axis, "argsort");
  return detail::order_along("argsort", x, at, x.dim(at), descending);
}

/// The k largest, or smallest, along an axis, in order.
template <class T>
Sorted<T> topk(const Tensor<T>& x, Index k, Index axis = -1, bool largest = true) {
  const Index at = x.shape().axis(axis, "topk");
  ensure(k >= 0 && k <= x.dim(at), "topk: {} of axis {} of shape {}", k, at, x.shape());
  const Indices order = detail::order_along("topk", x, at, k, largest);
  return {detail::gathered("topk", x, at, detail::Kept(order)), order};
}

}  // namespace figment

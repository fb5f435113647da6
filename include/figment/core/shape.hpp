// The extents of a tensor, held inline so that a shape never touches the heap.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>

#include "figment/core/error.hpp"

namespace figment {

/// Sizes, positions and counts.
using Index = std::ptrdiff_t;

/// The most dimensions a tensor can have.
inline constexpr Index max_rank = 6;

/// Up to max_rank extents, outermost first. A scalar has rank 0 and one element.
class Shape {
 public:
  Shape() = default;
  /// Throws when there are more than max_rank extents, or a negative one.
  Shape(std::initializer_list<Index> dims) : Shape(std::span(dims.begin(), dims.size())) {}
  // Out of line, like size().
  /// The same of a range.
  [[gnu::noinline]] explicit Shape(std::span<const Index> dims) : rank_(static_cast<Index>(dims.size())) {
    ensure(rank_ <= max_rank, "shape: {} dimensions, at most {} are supported", rank_, max_rank);
    for (Index i = 0; i < rank_; ++i) {
      dims_[i] = dims.data()[i];
      ensure(dims_[i] >= 0, "shape: dimension {} is {}, expected 0 or more", i, dims_[i]);
    }
  }

  /// (0,), which is what an undefined tensor has.
  static Shape none() noexcept {
    Shape s;
    s.rank_ = 1;
    return s;
  }

  /// The number of dimensions.
  Index rank() const { return rank_; }
  // Out of line, as what follows: they are asked everywhere, and a program compiles each of those places.
  /// The number of elements.
  [[gnu::noinline]] Index size() const {
    Index n = 1;
    for (Index d : *this) n *= d;
    return n;
  }
  /// Extent i; negative counts from the last.
  Index operator[](Index i) const { return dims_[axis(i)]; }
  /// Extent i, to change.
  Index& operator[](Index i) { return dims_[axis(i)]; }
  /// i as a position from the front. Throws unless -rank <= i < rank; `op` names the caller in the error.
  [[gnu::noinline]] Index axis(Index i, const char* op = "shape") const {
    ensure(i >= -rank_ && i < rank_, "{}: axis {} is out of range for shape {}", op, i, *this);
    return i < 0 ? i + rank_ : i;
  }

  /// The extents as a range.
  const Index* begin() const { return dims_; }
  /// Behind the last extent.
  const Index* end() const { return dims_ + rank_; }

  /// Adds an innermost extent. Throws beyond max_rank, or when it is negative.
  [[gnu::noinline]] void push_back(Index d) {
    ensure(rank_ < max_rank, "shape: more than {} dimensions", max_rank);
    ensure(d >= 0, "shape: dimension {} is {}, expected 0 or more", rank_, d);
    dims_[rank_++] = d;
  }

  /// As many extents, and each the same.
  [[gnu::noinline]] friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (Index i = 0; i < a.rank_; ++i)
      if (a.dims_[i] != b.dims_[i]) return false;
    return true;
  }

  /// In messages: "(2, 3)".
  [[gnu::cold]] friend void put(std::string& s, const Shape& v) {
    s += '(';
    for (Index i = 0; i < v.rank_; ++i) {
      if (i) s += ", ";
      detail::put(s, v.dims_[i]);
    }
    s += v.rank_ == 1 ? ",)" : ")";
  }

 private:
  Index dims_[max_rank] = {};
  Index rank_ = 0;
};

namespace detail {

/// The bytes of a tensor of this shape, or -1 if its extents other than 0 are more than can be counted: then
/// the product of some of them would overflow, even if that of all is 0.
[[gnu::noinline]] inline Index byte_count(const Shape& shape, std::size_t element) {
  Index bytes = static_cast<Index>(element);
  bool empty = false, overflow = false;
  for (const Index d : shape) {
    empty |= d == 0;
    overflow |= __builtin_mul_overflow(bytes, d == 0 ? 1 : d, &bytes);
  }
  return overflow ? -1 : empty ? 0 : bytes;
}

/// a * b + c of sizes that come from outside, all 0 or more. Throws by the operation's name where it is more
/// than can be counted.
[[gnu::noinline]] inline Index counted(std::string_view op, Index a, Index b, Index c = 0) {
  Index n = 0;
  const bool overflow = __builtin_mul_overflow(a, b, &n) || __builtin_add_overflow(n, c, &n);
  ensure(!overflow, "{}: {} times {} plus {} is more than can be counted", op, a, b, c);
  return n;
}

/// The shape with another extent of one axis.
[[gnu::noinline]] inline Shape with_extent(Shape shape, Index axis, Index extent) {
  shape[axis] = extent;
  return shape;
}

}  // namespace detail

/// The shape as text: "(2, 3)".
inline std::string to_string(const Shape& shape) { return figment::format("{}", shape); }

/// The common shape of two operands, NumPy's rules: aligned at the last dimension, extents equal or 1.
/// `op` names the caller in the error.
[[gnu::noinline]] inline Shape broadcast(const Shape& a, const Shape& b, std::string_view op) {
  if (a == b) return a;
  const Index rank = a.rank() > b.rank() ? a.rank() : b.rank();
  Shape out;
  for (Index i = 0; i < rank; ++i) {
    const Index ia = i - (rank - a.rank()), ib = i - (rank - b.rank());
    const Index da = ia < 0 ? 1 : a[ia], db = ib < 0 ? 1 : b[ib];
    ensure(da == db || da == 1 || db == 1, "{}: shapes {} and {} do not broadcast", op, a, b);
    out.push_back(da == 1 ? db : da);
  }
  return out;
}

}  // namespace figment

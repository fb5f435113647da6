// The dimensions that a reduction runs over.
#pragma once

#include "figment/ops/shape.hpp"

namespace figment {

/// The dimensions a reduction runs over, negative ones from the end; none given means all.
class Axes {
 public:
  /// All dimensions.
  Axes() = default;
  /// One dimension.
  Axes(Index axis) : axes_{axis}, all_(false) {}  // NOLINT(google-explicit-constructor): sum(x, 0)
  /// Some dimensions.
  Axes(std::initializer_list<Index> axes) : all_(false) {
    for (Index a : axes) axes_.push_back(a);
  }

  /// x's shape with the reduced extents 1. `op` names the caller in the error.
  Shape kept(const Shape& shape, const char* op) const {
    Shape out = shape;
    for (Index i = 0; i < out.rank(); ++i)
      if (all_) out[i] = 1;
    for (Index a : axes_) out[shape.axis(a, op)] = 1;
    return out;
  }
  /// x's shape without the reduced dimensions.
  Shape dropped(const Shape& shape) const {
    bool gone[max_rank] = {};
    for (Index a : axes_) gone[shape.axis(a)] = true;
    Shape out;
    for (Index i = 0; i < shape.rank(); ++i)
      if (!all_ && !gone[i]) out.push_back(shape[i]);
    return out;
  }

 private:
  struct List {
    Index values[max_rank] = {};
    Index count = 0;
    List() = default;
    List(std::initializer_list<Index> v) {
      for (Index a : v) push_back(a);
    }
    void push_back(Index a) {
      ensure(count < max_rank, "axes: more than {}", max_rank);
      values[count++] = a;
    }
    const Index* begin() const { return values; }
    const Index* end() const { return values + count; }
  } axes_;
  bool all_ = true;
};

/// Whether reduced dimensions stay with extent 1, so that the result broadcasts against the input.
enum class Dims { drop, keep };

namespace detail {

template <class T>
Tensor<T> drop(const Tensor<T>& y, const Shape& from, const Axes& axes, Dims dims) {
  return dims == Dims::keep ? y : reshape(y, axes.dropped(from));
}

/// How many elements each result of the reduction is made of.
inline Index reduced_count(const Shape& from, const Shape& kept) {
  Index n = 1;
  for (Index i = 0; i < from.rank(); ++i)
    if (kept[i] != from[i]) n *= from[i];
  return n;
}

}  // namespace detail

}  // namespace figment

// The operations that a tensor has as members too.
#pragma once

#include "figment/ops/reduce.hpp"

namespace figment {

template <class T>
auto Tensor<T>::operator[](Index i) const {
  return select(*this, 0, i);
}
template <class T>
template <class... How>
auto Tensor<T>::sum(const How&... how) const {
  return figment::sum(*this, how...);
}
template <class T>
template <class... How>
auto Tensor<T>::mean(const How&... how) const {
  return figment::mean(*this, how...);
}
template <class T>
auto Tensor<T>::reshape(std::initializer_list<Index> dims) const {
  return figment::reshape(*this, dims);
}
template <class T>
auto Tensor<T>::reshape(const Shape& shape) const {
  return figment::reshape(*this, shape);
}
template <class T>
auto Tensor<T>::t() const {
  return transpose(*this);
}
template <class T>
template <class V>
auto Tensor<T>::assign(Index axis, Index index, const V& values) {
  if constexpr (!detail::is_tensor<V>) {
    assign(axis, index, Tensor::scalar(static_cast<T>(values)));
  } else {
    const Index at = shape_.axis(axis, "assign"), n = shape_[at], i = index < 0 ? index + n : index;
    ensure(i >= 0 && i < n, "assign: {} is out of range for axis {} of shape {}", index, axis, shape_);
    ensure(!recording(*this, values),
           "assign: gradients do not go through it: it is for NoGrad, or what was detached");
    const auto part = detail::Part::along(shape_, at, {i, 1, 1});
    const Shape shape = Axes(at).dropped(shape_);
    ensure(broadcast(values.shape(), shape, "assign") == shape, "assign: values {} for axis {} of shape {}",
           values.shape(), axis, shape_);
    const Tensor from = broadcast_to(values, shape);
    detail::copy(part.loops.inverse(), from.data(), mutable_data() + part.offset);
  }
}

}  // namespace figment

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

}  // namespace figment

// Tensors as Eigen::TensorMap of a fixed rank. Apart from core/eigen.hpp because Eigen's tensor module
// is unsupported and slow to compile.
#pragma once

#include <array>
#include <unsupported/Eigen/CXX11/Tensor>

#include "figment/core/eigen.hpp"

namespace figment {

namespace detail {

template <int Rank, class T>
auto map_tensor(T* data, const Shape& shape) {
  ensure(shape.rank() == Rank, "eigen: rank {} asked of shape {}", Rank, shape);
  std::array<Index, Rank> dims;
  std::copy_n(shape.begin(), Rank, dims.begin());
  using Value = Eigen::Tensor<std::remove_const_t<T>, Rank, Eigen::RowMajor, Index>;
  return Eigen::TensorMap<std::conditional_t<std::is_const_v<T>, const Value, Value>>(data, dims);
}

}  // namespace detail

/// The memory as an Eigen tensor; `Rank` must be the tensor's.
template <class T>
template <int Rank>
auto Tensor<T>::eigen() const {
  return detail::map_tensor<Rank, const T>(data(), shape_);
}
template <class T>
template <int Rank>
auto Tensor<T>::eigen() {
  return detail::map_tensor<Rank, T>(mutable_data(), shape_);
}

}  // namespace figment

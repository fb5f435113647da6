// Tensors as Eigen expressions: maps of the same memory, at no cost.
#pragma once

#include <Eigen/Core>

#include "figment/core/tensor.hpp"

namespace figment {

namespace detail {

template <class T>
using EigenMatrix = Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using MatrixMap = Eigen::Map<std::conditional_t<std::is_const_v<T>, const EigenMatrix<T>, EigenMatrix<T>>>;
template <class T>
using EigenArray = Eigen::Array<std::remove_const_t<T>, Eigen::Dynamic, 1>;
template <class T>
using ArrayMap = Eigen::Map<std::conditional_t<std::is_const_v<T>, const EigenArray<T>, EigenArray<T>>>;

template <class T>
MatrixMap<T> map_matrix(T* data, const Shape& shape) {
  Index rows = 1;
  for (Index i = 0; i + 1 < shape.rank(); ++i) rows *= shape[i];
  return MatrixMap<T>(data, rows, shape.rank() == 0 ? 1 : shape[-1]);
}

}  // namespace detail

/// The memory as a row-major matrix: the last dimension is the columns, the others together the rows.
template <class T>
auto Tensor<T>::matrix() const {
  return detail::map_matrix<const T>(data(), shape_);
}
template <class T>
auto Tensor<T>::matrix() {
  return detail::map_matrix<T>(mutable_data(), shape_);
}
/// All elements as one Eigen array.
template <class T>
auto Tensor<T>::array() const {
  return detail::ArrayMap<const T>(data(), size());
}
template <class T>
auto Tensor<T>::array() {
  return detail::ArrayMap<T>(mutable_data(), size());
}

/// The value of any Eigen matrix or array expression as a tensor (rows, columns).
template <class Derived>
Tensor<typename Derived::Scalar> from_eigen(const Eigen::DenseBase<Derived>& expression) {
  Tensor<typename Derived::Scalar> t(Shape{expression.rows(), expression.cols()});
  t.matrix() = expression.derived().matrix();
  return t;
}

}  // namespace figment

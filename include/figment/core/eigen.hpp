// Tensors as Eigen expressions, maps of the same memory at no cost, and tensors of Eigen's.
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

/// The expression that a type is, or is derived from.
template <class D>
D* as_eigen(const Eigen::EigenBase<D>&);
template <class E>
concept EigenExpression = requires(const E& e) {
  as_eigen(e);
};

/// How tensors are made of matrices, arrays and whatever else becomes one when it is assigned: products,
/// inverses, triangular views, permutations.
template <EigenExpression E>
struct Foreign<E> {
  using Derived = std::remove_pointer_t<decltype(as_eigen(std::declval<const E&>()))>;
  using Scalar = typename Derived::Scalar;
  using Value = std::conditional_t<std::is_same_v<Scalar, bool>, std::uint8_t, Scalar>;
  static constexpr bool owns = std::is_base_of_v<Eigen::PlainObjectBase<Derived>, Derived>;

  static Shape shape(const E& e) {
    if constexpr (Derived::RowsAtCompileTime == 1 || Derived::ColsAtCompileTime == 1)
      return {e.rows() * e.cols()};
    else
      return {e.rows(), e.cols()};
  }
  template <class T>
  static Tensor<T> make(const E& e) {
    Tensor<T> t(shape(e));
    using Row = EigenMatrix<Scalar>;
    Eigen::Map<EigenMatrix<T>> to(t.mutable_data(), e.rows(), e.cols());
    if constexpr (!std::is_base_of_v<Eigen::DenseBase<Derived>, Derived>)  // no elements of its own
      to = Row(e.derived()).template cast<T>();
    else if constexpr (std::is_same_v<Scalar, T>)
      to = e.derived().matrix();
    else
      to = e.derived().matrix().template cast<T>();
    return t;
  }
  static Value* memory(auto& e) {
    static_assert(
        requires { e.derived().rowStride(), e.derived().data(); },
        "figment: borrow takes what lies in memory, and this is computed: Tensor(m) copies it");
    static_assert(std::is_same_v<decltype(e.derived().data()), Value*>,
                  "figment: borrow takes memory that may be written: Tensor(m) copies it");
    const auto& m = e.derived();
    const Index rows = m.rows(), columns = m.cols(), down = m.rowStride(), right = m.colStride();
    ensure((rows <= 1 || down == columns || columns == 0) && (columns <= 1 || right == 1 || rows == 0),
           "borrow: a matrix ({}, {}) with {} from row to row and {} from column to column is not row-major "
           "and contiguous; Tensor(m) copies it",
           rows, columns, down, right);
    return e.derived().data();
  }
};

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

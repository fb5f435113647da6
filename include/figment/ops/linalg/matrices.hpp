// What the operations of linear algebra share: matrices along leading axes, and what is refused of them.
#pragma once

#include <Eigen/Core>

#include "figment/core/finite.hpp"
#include "figment/ops/compare.hpp"
#include "figment/ops/matmul.hpp"

namespace figment::detail {

template <class T>
using Dense = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
template <class T>
using DenseMap = Eigen::Map<std::conditional_t<
    std::is_const_v<T>,
    const Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>,
    Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>>;

/// The axes before the last two, which are the matrices'.
inline Shape leading(const Shape& shape) { return Shape(std::span(shape.begin(), shape.end() - 2)); }
/// The same axes around other matrices, or around vectors.
inline Shape around(Shape lead, std::initializer_list<Index> last) {
  for (const Index n : last) lead.push_back(n);
  return lead;
}

inline void expect_matrices(const char* who, const Shape& a) {
  ensure(a.rank() >= 2, "{}: expected matrices (…, m, n), found shape {}", who, a);
}
inline void expect_square(const char* who, const Shape& a) {
  ensure(a.rank() >= 2 && a[-1] == a[-2], "{}: expected square matrices (…, n, n), found shape {}", who, a);
}

/// Whether a factorisation of Eigen's was made: by its number, as X11 has a macro of the name.
template <class Factors>
bool succeeded(const Factors& factors) {
  return factors.info() == Eigen::ComputationInfo{};
}

/// In errors: "matrix 3 of shape (5, 2, 2)".
struct Which {
  Index i;
  const Shape& shape;
  [[gnu::cold]] friend void put(std::string& s, const Which& w) {
    s += w.shape.rank() == 2 ? figment::format("the matrix {}", w.shape)
                             : figment::format("matrix {} of shape {}", w.i, w.shape);
  }
};

/// Matrix i of a tensor that is read or written.
template <class T>
DenseMap<const T> matrix_of(const Tensor<T>& a, Index i) {
  const Index rows = a.dim(-2), columns = a.dim(-1);
  return {a.data() + i * rows * columns, rows, columns};
}
template <class T>
DenseMap<T> matrix_in(T* data, Index i, Index rows, Index columns) {
  return {data + i * rows * columns, rows, columns};
}

/// Calls f(i, matrix i) for each that has elements. Throws where one is infinite or NaN, of which no
/// factorisation has a meaning, and some no end.
template <class T, class F>
void each_matrix(const char* who, const Tensor<T>& a, F f) {
  const Index size = a.dim(-1) * a.dim(-2), n = size == 0 ? 0 : a.size() / size;
  for (Index i = 0; i < n; ++i) {
    const T* const p = a.data() + i * size;
    for (Index k = 0; k < size; ++k)
      ensure(is_finite(p[k]), "{}: an element of {} is {}", who, Which{i, a.shape()}, p[k]);
    f(i, matrix_of(a, i));
  }
}

/// The least reciprocal condition that is told from 0.
template <class T>
constexpr T least_rcond = std::numeric_limits<T>::epsilon() / 2;

/// Both with the leading axes that they broadcast to.
template <class T>
std::pair<Tensor<T>, Tensor<T>> align_matrices(const char* who, const Tensor<T>& a, const Tensor<T>& b) {
  const Shape lead = broadcast(leading(a.shape()), leading(b.shape()), who);
  return {broadcast_to(a, around(lead, {a.dim(-2), a.dim(-1)})),
          broadcast_to(b, around(lead, {b.dim(-2), b.dim(-1)}))};
}

/// The elements on the diagonal and below it, without it if `strict`; 0 above. Or the other way.
template <class T>
Tensor<T> triangle(const Tensor<T>& x, bool upper, bool strict = false) {
  const Index m = x.dim(-2), n = x.dim(-1);
  Mask mask(Shape{m, n});
  std::uint8_t* bits = mask.mutable_data();
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) *bits++ = (i == j && !strict) || (upper ? j > i : j < i);
  return where(mask, x, Tensor<T>::zeros({}));
}

/// (x + x^T) / 2.
template <class T>
Tensor<T> symmetric_part(const Tensor<T>& x) {
  return affine(x + transpose(x), 0.5, 0);
}

/// A matrix with these on its diagonal.
template <class T>
Tensor<T> on_diagonal(const Tensor<T>& d) {
  return unsqueeze(d, -1) * Tensor<T>::eye(d.dim(-1));
}

/// 1 / (v_j - v_i) as a matrix, 0 on its diagonal: how vectors turn by the values' distances. Throws where
/// two in a row, which are in order, are equal.
template <class T>
Tensor<T> inverse_gaps(const char* who, const Tensor<T>& v) {
  const Index n = v.dim(-1);
  for (Index i = 1; i < v.size(); ++i)
    ensure(i % n == 0 || v.data()[i] != v.data()[i - 1],
           "{}: two values are {}: the vectors of equal ones have no gradient", who, v.data()[i]);
  const Tensor<T> one = Tensor<T>::eye(n);
  return (1 / (unsqueeze(v, -2) - unsqueeze(v, -1) + one)) - one;
}

/// Makes the largest element of column j positive, by whose sign eigenvectors and singular vectors are free.
/// False if that changed it.
template <class M>
bool point_up(M& vectors, Index j) {
  Index at = 0;
  vectors.col(j).cwiseAbs().maxCoeff(&at);
  if (!(vectors(at, j) < 0)) return true;
  vectors.col(j) = -vectors.col(j);
  return false;
}

}  // namespace figment::detail

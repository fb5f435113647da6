// Square roots of matrices, pseudo-inverses and least squares.
#pragma once

#include "figment/ops/linalg/decompose.hpp"

namespace figment {

namespace detail {

/// x with s x + x s = g, s symmetric and positive. dg is the same of dx, and ds = -(x dg + dg x) where
/// x and g are symmetric.
template <class T>
Tensor<T> lyapunov(const char* who, const Tensor<T>& s, const Tensor<T>& g) {
  const Index n = s.dim(-1);
  Tensor<T> y(g.shape());
  T* const out = y.mutable_data();
  each_matrix(who, s, [&](Index i, const auto& m) {
    const Eigen::SelfAdjointEigenSolver<Dense<T>> solver((m + m.transpose()) / T(2));
    const auto& v = solver.eigenvectors();
    const auto& w = solver.eigenvalues();
    ensure(w(0) > least_rcond<T> * w(n - 1), "{}: {} is singular, where it has no gradient", who,
           Which{i, s.shape()});
    Dense<T> inner = v.transpose() * matrix_of(g, i) * v;
    for (Index r = 0; r < n; ++r)
      for (Index c = 0; c < n; ++c) inner(r, c) /= w(r) + w(c);
    matrix_in(out, i, n, n) = v * inner * v.transpose();
  });
  return record(who, {s, g}, std::move(y), [who](auto& saved, auto& dy, auto& dx) {
    Tensor<T> dg;
    const auto by_g = [&] { return dg.defined() ? dg : dg = lyapunov(who, saved.in(0), dy); };
    dx(0, [&] {
      const auto x = saved.out(), d = by_g();
      return -symmetric_part(matmul(x, d, {true, false}) + matmul(d, x, {false, true}));
    });
    dx(1, by_g);
  });
}

}  // namespace detail

/// The symmetric positive semidefinite y with y y = a, of such matrices (…, n, n); of one that is not quite
/// symmetric (a + a^T) / 2 is meant. Throws where one has a negative eigenvalue beyond rounding. da solves
/// y da + da y = dy, also where eigenvalues are equal; of a singular matrix it throws.
template <detail::Real T>
Tensor<T> matrix_sqrt(const Tensor<T>& a) {
  detail::expect_square("matrix_sqrt", a.shape());
  const Index n = a.dim(-1);
  Tensor<T> y(a.shape());
  T* const out = y.mutable_data();
  detail::each_matrix("matrix_sqrt", a, [&](Index i, const auto& m) {
    const Eigen::SelfAdjointEigenSolver<detail::Dense<T>> solver((m + m.transpose()) / T(2));
    ensure(detail::succeeded(solver), "matrix_sqrt: the eigenvalues of {} do not converge",
           detail::Which{i, a.shape()});
    const auto& w = solver.eigenvalues();
    // An eigenvalue is within n roundings of the largest.
    const T rounding = static_cast<T>(n) * std::numeric_limits<T>::epsilon() * w.cwiseAbs().maxCoeff();
    ensure(w(0) >= -rounding, "matrix_sqrt: {} is not positive semidefinite (it has the eigenvalue {})",
           detail::Which{i, a.shape()}, w(0));
    const auto& v = solver.eigenvectors();
    detail::matrix_in(out, i, n, n) = v * w.cwiseMax(T(0)).cwiseSqrt().asDiagonal() * v.transpose();
  });
  return record(
      "matrix_sqrt", {a}, std::move(y),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] { return detail::lyapunov("matrix_sqrt", s.out(), detail::symmetric_part(dy)); });
      },
      Keep::output);
}

/// The pseudo-inverses (…, n, m) of matrices (…, m, n) of any rank: singular values up to `rcond` times the
/// largest count as 0. Negative: max(m, n) epsilon. The gradient is that among matrices of the same rank
/// (Golub and Pereyra, 1973).
template <detail::Real T>
Tensor<T> pinv(const Tensor<T>& a, double rcond = -1) {
  detail::expect_matrices("pinv", a.shape());
  const Index m = a.dim(-2), n = a.dim(-1);
  const T least = rcond < 0 ? static_cast<T>((std::max)(m, n)) * std::numeric_limits<T>::epsilon()
                            : static_cast<T>(rcond);
  Tensor<T> y(detail::around(detail::leading(a.shape()), {n, m}));
  T* const out = y.mutable_data();
  detail::each_matrix("pinv", a, [&](Index i, const auto& matrix) {
    const Eigen::BDCSVD<detail::Dense<T>> svd(matrix, Eigen::ComputeThinU | Eigen::ComputeThinV);
    auto s = svd.singularValues().eval();
    const T zero = least * s(0);
    for (Index j = 0; j < s.size(); ++j) s(j) = s(j) > zero ? 1 / s(j) : T(0);
    detail::matrix_in(out, i, n, m) = svd.matrixV() * s.asDiagonal() * svd.matrixU().transpose();
  });
  return record("pinv", {a}, std::move(y), [](auto& s, auto& dy, auto& dx) {
    dx(0, [&] {
      const auto x = s.in(0), p = s.out(), dt = transpose(dy);
      const auto outside = [](const Tensor<T>& projection) {
        return Tensor<T>::eye(projection.dim(-1)) - projection;
      };
      const auto rows = matmul(matmul(outside(matmul(x, p)), dt), matmul(p, p, {false, true}));
      const auto columns = matmul(matmul(p, p, {true, false}), matmul(dt, outside(matmul(p, x))));
      return rows + columns - matmul(matmul(p, dy, {true, false}), p, {false, true});
    });
  });
}

/// The x of least |a x - b|^2, and of several the one of least |x|^2: a (…, m, n), b (…, m, k), or vectors b
/// (…, m) if its shape is a's without the last extent; leading axes broadcast. By a's factors q r. Throws
/// where a has less than full rank, of which pinv(a) is for.
template <detail::Real T>
Tensor<T> lstsq(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::with_sides("lstsq", a, b, [](const Tensor<T>& l, const Tensor<T>& right) {
    const bool tall = l.dim(-2) >= l.dim(-1);
    const auto [q, r] = detail::tall_qr("lstsq", tall ? l : transpose(l));
    const Index k = r.dim(-1);
    for (Index i = 0; k > 0 && i < r.size() / (k * k); ++i) {
      const auto d = detail::matrix_of(r, i).diagonal().cwiseAbs();
      ensure(d.minCoeff() > static_cast<T>(k) * detail::least_rcond<T> * d.maxCoeff(),
             "lstsq: {} has less than full rank; pinv(a) is for these", detail::Which{i, l.shape()});
    }
    if (tall) return detail::triangular_solve("lstsq", r, matmul(q, right, {true, false}), {.upper = true});
    return matmul(q, detail::triangular_solve("lstsq", r, right, {.upper = true, .transpose = true}));
  });
}

}  // namespace figment

// Factorisations of matrices.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>

#include "figment/ops/linalg/solve.hpp"

namespace figment {

/// The lower triangular l with l l^T = a, of symmetric positive definite matrices (…, n, n); of one that is
/// not quite symmetric (a + a^T) / 2 is meant. Throws where one is not positive definite. With
/// p = tril(l^T dl), its diagonal halved, da = l^-T p l^-1, made symmetric.
template <detail::Real T>
Tensor<T> cholesky(const Tensor<T>& a) {
  detail::expect_square("cholesky", a.shape());
  const Index n = a.dim(-1);
  Tensor<T> y(a.shape());
  T* const out = y.mutable_data();
  detail::each_matrix("cholesky", a, [&](Index i, const auto& m) {
    const Eigen::LLT<detail::Dense<T>> llt((m + m.transpose()) / T(2));
    ensure(detail::succeeded(llt), "cholesky: {} is not positive definite", detail::Which{i, a.shape()});
    detail::matrix_in(out, i, n, n) = llt.matrixL();
  });
  return record(
      "cholesky", {a}, std::move(y),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto l = s.out();
          const auto inner = matmul(l, detail::triangle(dy, false), {true, false});
          // Halved on the diagonal: half of the triangle with it and half of the one without.
          const auto p =
              affine(detail::triangle(inner, false) + detail::triangle(inner, false, true), 0.5, 0);
          const auto left = detail::triangular_solve("cholesky", l, p, {.transpose = true});
          return detail::symmetric_part(
              detail::triangular_solve("cholesky", l, transpose(left), {.transpose = true}));
        });
      },
      Keep::output);
}

/// What qr gives: a = q r.
template <class T>
struct Qr {
  Tensor<T> q;  ///< (…, m, k) with orthonormal columns, k = min(m, n)
  Tensor<T> r;  ///< (…, k, n), upper triangular; no element of its diagonal is negative
};

namespace detail {

/// Of matrices with at least as many rows as columns.
template <class T>
Qr<T> tall_qr(const char* who, const Tensor<T>& a) {
  const Index rows = a.dim(-2), n = a.dim(-1);
  std::array y{Tensor<T>(a.shape()), Tensor<T>(around(leading(a.shape()), {n, n}))};
  T *const q_out = y[0].mutable_data(), *const r_out = y[1].mutable_data();
  each_matrix(who, a, [&](Index i, const auto& m) {
    const Eigen::HouseholderQR<Dense<T>> qr(m);
    auto q = matrix_in(q_out, i, rows, n), r = matrix_in(r_out, i, n, n);
    q = qr.householderQ() * Dense<T>::Identity(rows, n);
    r = qr.matrixQR().topRows(n).template triangularView<Eigen::Upper>();
    for (Index j = 0; j < n; ++j)  // the signs are free: so it is unique
      if (r(j, j) < 0) r.row(j) = -r.row(j), q.col(j) = -q.col(j);
  });
  y = record(who, {a}, std::move(y), [who](auto& s, auto& dy, auto& dx) {
    dx(0, [&] {
      // Walter and Lehmann (2010): (dq + q m') r^-T, m' the lower triangle of r dr^T - dq^T q, mirrored.
      const auto q = s.out(0), r = s.out(1);
      Tensor<T> lower =
          dy.has(1) ? matmul(r, triangle(dy[1], true), {false, true}) : Tensor<T>::zeros(r.shape());
      if (dy.has(0)) lower = lower - matmul(dy[0], q, {true, false});
      const auto mirrored = triangle(lower, false) + transpose(triangle(lower, false, true));
      Tensor<T> left = matmul(q, mirrored);
      if (dy.has(0)) left = left + dy[0];
      return transpose(triangular_solve(who, r, transpose(left), {.upper = true}));
    });
  });
  return {y[0], y[1]};
}

}  // namespace detail

/// The factors of matrices (…, m, n), of the first min(m, n) rows or columns. The gradient throws where the
/// first min(m, n) columns are dependent.
template <detail::Real T>
Qr<T> qr(const Tensor<T>& a) {
  detail::expect_matrices("qr", a.shape());
  const Index m = a.dim(-2), n = a.dim(-1);
  if (m >= n) return detail::tall_qr("qr", a);
  const auto [q, r] = detail::tall_qr("qr", slice(a, -1, 0, m));
  return {q, concat({r, matmul(q, slice(a, -1, m, n), {true, false})}, -1)};
}

/// What eigh gives: a = vectors diag(values) vectors^T.
template <class T>
struct Eigh {
  Tensor<T> values;   ///< (…, n), the least first
  Tensor<T> vectors;  ///< (…, n, n), orthonormal columns; the largest element of each is positive
};

/// Eigenvalues and eigenvectors of symmetric matrices (…, n, n); of one that is not quite symmetric
/// (a + a^T) / 2 is meant. With f_ij = 1 / (w_j - w_i), da = v (diag(dw) + f v^T dv) v^T, made symmetric.
/// Eigenvectors of equal eigenvalues have no derivative: a gradient through them throws.
template <detail::Real T>
Eigh<T> eigh(const Tensor<T>& a) {
  detail::expect_square("eigh", a.shape());
  const Index n = a.dim(-1);
  std::array y{Tensor<T>(detail::around(detail::leading(a.shape()), {n})), Tensor<T>(a.shape())};
  T *const values = y[0].mutable_data(), *const vectors = y[1].mutable_data();
  detail::each_matrix("eigh", a, [&](Index i, const auto& m) {
    const Eigen::SelfAdjointEigenSolver<detail::Dense<T>> solver((m + m.transpose()) / T(2));
    ensure(detail::succeeded(solver), "eigh: the eigenvalues of {} do not converge",
           detail::Which{i, a.shape()});
    auto v = detail::matrix_in(vectors, i, n, n);
    v = solver.eigenvectors();
    for (Index j = 0; j < n; ++j) values[i * n + j] = solver.eigenvalues()(j), detail::point_up(v, j);
  });
  y = record("eigh", {a}, std::move(y), [](auto& s, auto& dy, auto& dx) {
    dx(0, [&] {
      const auto v = s.out(1);
      Tensor<T> inner = Tensor<T>::zeros(v.shape());
      if (dy.has(0)) inner = detail::on_diagonal(dy[0]);
      if (dy.has(1)) inner = inner + detail::inverse_gaps("eigh", s.out(0)) * matmul(v, dy[1], {true, false});
      return detail::symmetric_part(matmul(matmul(v, inner), v, {false, true}));
    });
  });
  return {y[0], y[1]};
}

/// What svd gives: a = u diag(s) vt.
template <class T>
struct Svd {
  Tensor<T> u;  ///< (…, m, k) with orthonormal columns, the largest element of each positive; k = min(m, n)
  Tensor<T> s;  ///< (…, k), the largest first
  Tensor<T> vt;  ///< (…, k, n) with orthonormal rows
};

/// The singular values and vectors of matrices (…, m, n), as many as min(m, n). The vectors of equal singular
/// values have no derivative: a gradient through them throws. Where m and n differ, theirs is infinite at a
/// singular value of 0.
template <detail::Real T>
Svd<T> svd(const Tensor<T>& a) {
  detail::expect_matrices("svd", a.shape());
  const Index m = a.dim(-2), n = a.dim(-1), k = (std::min)(m, n);
  const Shape lead = detail::leading(a.shape());
  std::array y{Tensor<T>(detail::around(lead, {m, k})), Tensor<T>(detail::around(lead, {k})),
               Tensor<T>(detail::around(lead, {k, n}))};
  T *const us = y[0].mutable_data(), *const ss = y[1].mutable_data(), *const vts = y[2].mutable_data();
  detail::each_matrix("svd", a, [&](Index i, const auto& matrix) {
    const Eigen::BDCSVD<detail::Dense<T>> svd(matrix, Eigen::ComputeThinU | Eigen::ComputeThinV);
    auto u = detail::matrix_in(us, i, m, k), vt = detail::matrix_in(vts, i, k, n);
    u = svd.matrixU(), vt = svd.matrixV().transpose();
    for (Index j = 0; j < k; ++j) {
      ss[i * k + j] = svd.singularValues()(j);
      if (!detail::point_up(u, j)) vt.row(j) = -vt.row(j);
    }
  });
  y = record("svd", {a}, std::move(y), [m, n](auto& saved, auto& dy, auto& dx) {
    dx(0, [&] {
      const auto u = saved.out(0), s = saved.out(1), vt = saved.out(2);
      const auto column = unsqueeze(s, -1), row = unsqueeze(s, -2);
      // 1 / (s_j^2 - s_i^2) = gap^-1 / (s_i + s_j)
      const auto skew = [&](const Tensor<T>& x) {
        const auto sum = column + row;
        const Mask none = equal(sum.detach(), 0);
        const Tensor<T> zero = Tensor<T>::zeros({});
        return where(
            none, zero,
            (x - transpose(x)) * detail::inverse_gaps("svd", s) / where(none, Tensor<T>::ones({}), sum));
      };
      Tensor<T> inner = detail::on_diagonal(dy[1]);
      if (dy.has(0)) inner = inner + skew(matmul(u, dy[0], {true, false})) * row;
      if (dy.has(2)) inner = inner + column * skew(matmul(vt, dy[2], {false, true}));
      Tensor<T> da = matmul(matmul(u, inner), vt);
      if (dy.has(0) && m > n) {
        const auto outside = dy[0] - matmul(u, matmul(u, dy[0], {true, false}));
        da = da + matmul(outside / row, vt);
      }
      if (dy.has(2) && n > m) {
        const auto outside = dy[2] - matmul(matmul(dy[2], vt, {false, true}), vt);
        da = da + matmul(u, outside / column);
      }
      return da;
    });
  });
  return {y[0], y[1], y[2]};
}

}  // namespace figment

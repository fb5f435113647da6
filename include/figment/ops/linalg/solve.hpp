// Inverses, determinants and systems of linear equations.
#pragma once

#include <Eigen/LU>

#include "figment/ops/linalg/matrices.hpp"

namespace figment {

/// How triangular_solve reads its matrix.
struct Triangle {
  bool upper = false;      ///< the upper triangle, instead of the lower one
  bool transpose = false;  ///< solve a^T x = b
  bool unit = false;       ///< the diagonal is taken to be 1
};

namespace detail {

template <class T>
Eigen::PartialPivLU<Dense<T>> factorise(const char* who, const DenseMap<const T>& m, Index i,
                                        const Shape& shape) {
  Eigen::PartialPivLU<Dense<T>> lu(m);
  const T rcond = lu.rcond();
  ensure(rcond >= least_rcond<T>, "{}: {} is singular (its reciprocal condition is {})", who, Which{i, shape},
         is_nan(rcond) ? T(0) : rcond);
  return lu;
}

template <class T>
Tensor<T> inverse(const char* who, const Tensor<T>& a) {
  expect_square(who, a.shape());
  const Index n = a.dim(-1);
  Tensor<T> y(a.shape());
  T* const out = y.mutable_data();
  each_matrix(who, a, [&](Index i, const auto& m) {
    matrix_in(out, i, n, n) = factorise<T>(who, m, i, a.shape()).inverse();
  });
  return record(
      who, {a}, std::move(y),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto inverted = s.out();
          return -matmul(matmul(inverted, dy, {true, false}), inverted, {false, true});
        });
      },
      Keep::output);
}

/// a^-1 b of the same leading axes.
template <class T>
Tensor<T> solve(const char* who, const Tensor<T>& a, const Tensor<T>& b) {
  const Index n = b.dim(-2), k = b.dim(-1);
  Tensor<T> y(b.shape());
  T* const out = y.mutable_data();
  each_matrix(who, a, [&](Index i, const auto& m) {
    matrix_in(out, i, n, k) = factorise<T>(who, m, i, a.shape()).solve(matrix_of(b, i));
  });
  return record(who, {a, b}, std::move(y), [who](auto& s, auto& dy, auto& dx) {
    Tensor<T> db;  // one factorisation for both
    const auto by_b = [&] { return db.defined() ? db : db = solve(who, transpose(s.in(0)), dy); };
    dx(0, [&] { return -matmul(by_b(), s.out(), {false, true}); });
    dx(1, by_b);
  });
}

template <class M, class B, class X>
void solve_triangle(const M& m, Triangle t, const B& b, X&& x) {
  const auto by = [&](const auto& a, auto mode) {
    x = a.template triangularView<decltype(mode)::value>().solve(b);
  };
  const auto run = [&](const auto& a) {
    if (t.upper != t.transpose)
      t.unit ? by(a, std::integral_constant<unsigned, Eigen::UnitUpper>{})
             : by(a, std::integral_constant<unsigned, Eigen::Upper>{});
    else
      t.unit ? by(a, std::integral_constant<unsigned, Eigen::UnitLower>{})
             : by(a, std::integral_constant<unsigned, Eigen::Lower>{});
  };
  if (t.transpose)
    run(m.transpose());
  else
    run(m);
}

template <class T>
Tensor<T> triangular_solve(const char* who, const Tensor<T>& a, const Tensor<T>& b, Triangle t) {
  const Index n = b.dim(-2), k = b.dim(-1);
  Tensor<T> y(b.shape());
  T* const out = y.mutable_data();
  each_matrix(who, a, [&](Index i, const auto& m) {
    for (Index d = 0; d < n && !t.unit; ++d)
      ensure(m(d, d) != 0, "{}: {} is singular (0 on its diagonal, at {})", who, Which{i, a.shape()}, d);
    solve_triangle(m, t, matrix_of(b, i), matrix_in(out, i, n, k));
  });
  return record(who, {a, b}, std::move(y), [who, t](auto& s, auto& dy, auto& dx) {
    const auto db = [&] { return triangular_solve(who, s.in(0), dy, {t.upper, !t.transpose, t.unit}); };
    dx(0, [&] {
      const auto g = db();
      const auto da = t.transpose ? matmul(s.out(), g, {false, true}) : matmul(g, s.out(), {false, true});
      return -triangle(da, t.upper, t.unit);
    });
    dx(1, db);
  });
}

/// f(a, b) of matrices b, or of vectors b if its shape is a's without the last extent.
template <class T, class F>
Tensor<T> with_sides(const char* who, const Tensor<T>& a, const Tensor<T>& b, F f) {
  expect_matrices(who, a.shape());
  const bool vector = b.shape() == Shape(std::span(a.shape().begin(), a.shape().end() - 1));
  ensure(vector || (b.rank() >= 2 && b.dim(-2) == a.dim(-2)), "{}: a {} and b {} do not fit", who, a.shape(),
         b.shape());
  const auto [left, right] = align_matrices(who, a, vector ? unsqueeze(b, -1) : b);
  const Tensor<T> x = f(left, right);
  return vector ? squeeze(x, -1) : x;
}

}  // namespace detail

/// The inverses of square matrices (…, n, n). Throws where one is singular. da = -y^T dy y^T.
template <detail::Real T>
Tensor<T> inverse(const Tensor<T>& a) {
  return detail::inverse("inverse", a);
}

/// x with a x = b: a (…, n, n) square, b (…, n, k), or vectors b (…, n) if its shape is a's without the last
/// extent; leading axes broadcast. Throws where a matrix is singular. db = a^-T dy, da = -db x^T.
template <detail::Real T>
Tensor<T> solve(const Tensor<T>& a, const Tensor<T>& b) {
  detail::expect_square("solve", a.shape());
  return detail::with_sides("solve", a, b,
                            [](const auto& l, const auto& r) { return detail::solve("solve", l, r); });
}

/// The same where a is triangular: its other half is not read, and has no gradient.
template <detail::Real T>
Tensor<T> triangular_solve(const Tensor<T>& a, const Tensor<T>& b, Triangle triangle = {}) {
  detail::expect_square("triangular_solve", a.shape());
  return detail::with_sides("triangular_solve", a, b, [&](const auto& l, const auto& r) {
    return detail::triangular_solve("triangular_solve", l, r, triangle);
  });
}

/// The determinants (…) of matrices (…, n, n); 0 of a singular one, of which the gradient throws.
/// da = dy y a^-T.
template <detail::Real T>
Tensor<T> det(const Tensor<T>& a) {
  detail::expect_square("det", a.shape());
  Tensor<T> y = Tensor<T>::ones(detail::leading(a.shape()));
  T* const out = y.mutable_data();
  detail::each_matrix("det", a, [&](Index i, const auto& m) {
    out[i] = Eigen::PartialPivLU<detail::Dense<T>>(m).determinant();
  });
  return record("det", {a}, std::move(y), [](auto& s, auto& dy, auto& dx) {
    dx(0, [&] {
      const auto scale = unsqueeze(unsqueeze(dy * s.out(), -1), -1);
      return transpose(detail::inverse("det", s.in(0))) * scale;
    });
  });
}

/// What slogdet gives.
template <class T>
struct SignedLogDet {
  Tensor<T> sign;     ///< 1, -1, or 0 of a singular matrix; without a gradient
  Tensor<T> log_abs;  ///< log |det|; -inf of a singular matrix
};

/// Sign and logarithm of the determinants of (…, n, n), which do not overflow. Of a singular matrix the
/// gradient throws. da = dy a^-T.
template <detail::Real T>
SignedLogDet<T> slogdet(const Tensor<T>& a) {
  detail::expect_square("slogdet", a.shape());
  const Shape shape = detail::leading(a.shape());
  std::array outputs{Tensor<T>::ones(shape), Tensor<T>::zeros(shape)};
  T *const sign = outputs[0].mutable_data(), *const log_abs = outputs[1].mutable_data();
  detail::each_matrix("slogdet", a, [&](Index i, const auto& m) {
    const Eigen::PartialPivLU<detail::Dense<T>> lu(m);
    sign[i] = static_cast<T>(lu.permutationP().determinant());
    for (Index d = 0; d < m.rows(); ++d) {
      const T pivot = lu.matrixLU()(d, d);
      sign[i] *= static_cast<T>((pivot > 0) - (pivot < 0));
      log_abs[i] += std::log(std::abs(pivot));
    }
  });
  auto y = record(
      "slogdet", {a}, std::move(outputs),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          if (!dy.has(1)) return Tensor<T>::zeros(s.in_shape(0));
          return transpose(detail::inverse("slogdet", s.in(0))) * unsqueeze(unsqueeze(dy[1], -1), -1);
        });
      },
      Keep::inputs);
  return {y[0], y[1]};
}

}  // namespace figment

// The kernels as callers see them: each picks its row of the table by the instruction set in use.
// Pointers and sizes only; shapes, scratch and threads are the business of ops/.
#pragma once

#include "figment/kernels/targets.hpp"

namespace figment::kernels {

/// y[i] = f(x[i]) for i < n; y may be x.
template <class Op, class T>
void unary(Op f, const T* x, T* y, Index n) {
  (*Row{reference::unary<Op, T>, avx2::unary<Op, T>})(f, x, y, n);
}

/// y[i] = f(a[i * a_step], b[i * b_step]) for i < n; a step is 1, or 0 for one value.
template <class Op, class T>
void binary(Op f, const T* a, Index a_step, const T* b, Index b_step, T* y, Index n) {
  (*Row{reference::binary<Op, T>, avx2::binary<Op, T>})(f, a, a_step, b, b_step, y, n);
}

/// The sum of f(x[i]).
template <class Op, class T>
T sum_unary(Op f, const T* x, Index n) {
  return (*Row{reference::sum_unary<Op, T>, avx2::sum_unary<Op, T>})(f, x, n);
}

/// The sum of f(a[i], b[i]).
template <class Op, class T>
T sum_binary(Op f, const T* a, const T* b, Index n) {
  return (*Row{reference::sum_binary<Op, T>, avx2::sum_binary<Op, T>})(f, a, b, n);
}

/// y[j] += the sum of column j of x (rows, columns), rows `stride` apart.
template <class T>
void sum_rows(const T* x, Index stride, T* y, Index rows, Index columns) {
  (*Row{reference::sum_rows<T>, avx2::sum_rows<T>})(x, stride, y, rows, columns);
}

/// One optimiser step over n elements: parameter w, gradient g, state arrays s, t, u (null where unused).
template <class Op, class T>
void update(const Op& f, T* w, const T* g, T* s, T* t, T* u, Index n) {
  (*Row{reference::update<Op, T>, avx2::update<Op, T>})(f, w, g, s, t, u, n);
}

/// Elements of scratch that matmul needs.
template <class T>
Index matmul_scratch(const MatmulArgs<T>& p) {
  return (*Row{reference::matmul_scratch<T>, avx2::matmul_scratch<T>})(p);
}

/// c = act(a b + bias).
template <class T>
void matmul(const MatmulArgs<T>& p) {
  (*Row{reference::matmul<T>, avx2::matmul<T>})(p);
}

}  // namespace figment::kernels

// The kernels as callers see them: each picks its row of the table by the instruction set in use.
// Pointers and sizes only; shapes, scratch and threads are the business of ops/.
#pragma once

#include "figment/kernels/targets.hpp"

// One kernel in each of all_isas, and the one of them to call.
#if FIGMENT_X86
#define FIGMENT_ROW(...) (*pick(reference::__VA_ARGS__, avx2::__VA_ARGS__, avx512::__VA_ARGS__))
#elif FIGMENT_ARM64
#define FIGMENT_ROW(...) (*pick(reference::__VA_ARGS__, neon::__VA_ARGS__))
#else
#define FIGMENT_ROW(...) reference::__VA_ARGS__
#endif

namespace figment::kernels {

/// y[i] = f(x[i]) for i < n; y may be x.
template <class Op, class T>
void unary(Op f, const T* x, T* y, Index n) {
  FIGMENT_ROW(unary<Op, T>)(f, x, y, n);
}

/// y[i] = f(a[i * a_step], b[i * b_step]) for i < n; a step is 1, or 0 for one value. y is
/// bytes for the formulas that give a mask.
template <class Op, class T, class To>
void binary(Op f, const T* a, Index a_step, const T* b, Index b_step, To* y, Index n) {
  FIGMENT_ROW(binary<Op, T, To>)(f, a, a_step, b, b_step, y, n);
}

/// y[r * columns + c] = f(a[r * a_row + c * a_step], b[r * b_row + c * b_step]); steps are 1 or 0.
template <class Op, class T, class To>
void binary_rows(Op f, const RowsOf<T>& a, const RowsOf<T>& b, To* y, Index rows, Index columns) {
  FIGMENT_ROW(binary_rows<Op, T, To>)(f, a, b, y, rows, columns);
}

/// out[r * out_row + c] = in[r * in_row + c], and of fill_rows in[r * in_row]; numbers of any type.
template <class T>
void copy_rows(const T* in, Index in_row, T* out, Index out_row, Index rows, Index columns) {
  if constexpr (std::is_floating_point_v<T>)
    FIGMENT_ROW(copy_rows<T>)(in, in_row, out, out_row, rows, columns);
  else
    reference::copy_rows(in, in_row, out, out_row, rows, columns);
}
template <class T>
void fill_rows(const T* in, Index in_row, T* out, Index out_row, Index rows, Index columns) {
  if constexpr (std::is_floating_point_v<T>)
    FIGMENT_ROW(fill_rows<T>)(in, in_row, out, out_row, rows, columns);
  else
    reference::fill_rows(in, in_row, out, out_row, rows, columns);
}
/// out[c * out_row + r] = in[r * in_row + c].
template <class T>
void transpose_rows(const T* in, Index in_row, T* out, Index out_row, Index rows, Index columns) {
  if constexpr (std::is_floating_point_v<T>)
    FIGMENT_ROW(transpose_rows<T>)(in, in_row, out, out_row, rows, columns);
  else
    reference::transpose_rows(in, in_row, out, out_row, rows, columns);
}

/// The sum of f(x[i]), in double.
template <class Op, class T>
double sum_unary(Op f, const T* x, Index n) {
  return FIGMENT_ROW(sum_unary<Op, T>)(f, x, n);
}

/// The sum of f(a[i], b[i]), in double.
template <class Op, class T>
double sum_binary(Op f, const T* a, const T* b, Index n) {
  return FIGMENT_ROW(sum_binary<Op, T>)(f, a, b, n);
}

/// No element of x is NaN or infinite.
template <class T>
bool all_finite(const T* x, Index n) {
  return FIGMENT_ROW(all_finite<T>)(x, n);
}

/// f folded over `start` and x: the largest element with op::Maximum.
template <class Op, class T>
T fold(Op f, T start, const T* x, Index n) {
  return FIGMENT_ROW(fold<Op, T>)(f, start, x, n);
}

/// y[r] = f folded over y[r] and row r of x, rows of contiguous columns.
template <class Op, class T>
void fold_each(Op f, const T* x, T* y, Index rows, Index columns) {
  FIGMENT_ROW(fold_each<Op, T>)(f, x, y, rows, columns);
}
/// y[j] = f folded over y[j] and column j of x, rows `stride` apart.
template <class Op, class T>
void fold_rows(Op f, const T* x, Index stride, T* y, Index rows, Index columns) {
  FIGMENT_ROW(fold_rows<Op, T>)(f, x, stride, y, rows, columns);
}

/// y[i] = mask[i * mask_step] ? a[i * a_step] : b[i * b_step] for i < n; steps are 1 or 0.
template <class T>
void choose(const std::uint8_t* mask, Index mask_step, const T* a, Index a_step, const T* b, Index b_step,
            T* y, Index n) {
  FIGMENT_ROW(choose<T>)(mask, mask_step, a, a_step, b, b_step, y, n);
}

/// Lines begin to end of (outer, extent, inner), and rows of contiguous columns: generic/softmax.inl has what
/// each computes.
template <class T>
void softmax(Softmax f, const T* x, T* y, Index extent, Index inner, Index begin, Index end) {
  FIGMENT_ROW(softmax<T>)(f, x, y, extent, inner, begin, end);
}
template <class T>
void softmax_gradient(Softmax f, const T* y, const T* dy, T* dx, Index extent, Index inner, Index begin,
                      Index end) {
  FIGMENT_ROW(softmax_gradient<T>)(f, y, dy, dx, extent, inner, begin, end);
}
template <class T>
void cross_entropy(const T* x, const std::int32_t* labels, T* loss, T* kept, Index rows, Index columns) {
  FIGMENT_ROW(cross_entropy<T>)(x, labels, loss, kept, rows, columns);
}
template <class T>
void cross_entropy_gradient(const T* x, const std::int32_t* labels, const T* kept, const T* dy, T* dx,
                            Index rows, Index columns) {
  FIGMENT_ROW(cross_entropy_gradient<T>)(x, labels, kept, dy, dx, rows, columns);
}

/// Batch norm over rows of channels: generic/statistics.inl has what each computes.
template <class T>
void moments(const T* x, Index rows, Index channels, T* mean, T* drift, T* squares) {
  FIGMENT_ROW(moments<T>)(x, rows, channels, mean, drift, squares);
}
template <class T>
void normalise(const NormArgs<T>& p, T* y) {
  FIGMENT_ROW(normalise<T>)(p, y);
}
template <class T>
void normalise_sums(const NormArgs<T>& p, const T* dy, T* sum_dz, T* sum_dz_x) {
  FIGMENT_ROW(normalise_sums<T>)(p, dy, sum_dz, sum_dz_x);
}
template <class T>
void normalise_gradient(const NormArgs<T>& p, const T* dy, const T* mean_dz, const T* along, T* dx) {
  FIGMENT_ROW(normalise_gradient<T>)(p, dy, mean_dz, along, dx);
}

/// A step of an LSTM or a GRU, forward and backward: generic/recurrent.inl has what each computes.
template <class T>
void lstm_step(const RecurrentStep<T>& s) {
  FIGMENT_ROW(lstm_step<T>)(s);
}
template <class T>
void lstm_step_gradient(const RecurrentStepGradient<T>& s) {
  FIGMENT_ROW(lstm_step_gradient<T>)(s);
}
template <class T>
void gru_step(const RecurrentStep<T>& s) {
  FIGMENT_ROW(gru_step<T>)(s);
}
template <class T>
void gru_step_gradient(const RecurrentStepGradient<T>& s) {
  FIGMENT_ROW(gru_step_gradient<T>)(s);
}

/// n random numbers, from block s.counter on.
template <class Op, class T>
void random(Op f, const RngState& s, T* y, Index n) {
  FIGMENT_ROW(random<Op, T>)(f, s, y, n);
}

/// y[i] = u[i] < keep ? scale x[i] : 0 with random u from block s.counter on; y may be x.
template <class T>
void dropout(const RngState& s, T keep, T scale, const T* x, T* y, Index n) {
  FIGMENT_ROW(dropout<T>)(s, keep, scale, x, y, n);
}

/// y[j] += the sum of column j of x (rows, columns), rows `stride` apart.
template <class T>
void sum_rows(const T* x, Index stride, double* y, Index rows, Index columns) {
  FIGMENT_ROW(sum_rows<T>)(x, stride, y, rows, columns);
}

/// One optimiser step over n elements: parameter w, gradient g, state arrays s, t, u (null where unused).
template <class Op, class T>
void update(const Op& f, T* w, const T* g, T* s, T* t, T* u, Index n) {
  FIGMENT_ROW(update<Op, T>)(f, w, g, s, t, u, n);
}

/// Elements of scratch that matmul needs.
template <class T>
Index matmul_scratch(const MatmulArgs<T>& p) {
  return FIGMENT_ROW(matmul_scratch<T>)(p);
}

/// c = act(a b + bias).
template <class T>
void matmul(const MatmulArgs<T>& p) {
  FIGMENT_ROW(matmul<T>)(p);
}

/// A row of outputs of a pooling or resampling: op::WindowSum, WindowMax, WindowPick, WindowRoute.
template <class Op, class T>
void window(Op f, const WindowRow<T>& row) {
  FIGMENT_ROW(window<Op, T>)(f, row);
}

/// A row of results of a depthwise convolution, and what a row adds to the gradient by its weights.
template <class T>
void depthwise(const DepthwiseRow<T>& row) {
  FIGMENT_ROW(depthwise<T>)(row);
}
template <class T>
void depthwise_sums(const DepthwiseSums<T>& row) {
  FIGMENT_ROW(depthwise_sums<T>)(row);
}

/// The columns that a panel of b should have, of n in all; 1 only if `dots` says that it may.
template <class T>
Index gather_width(Index n, bool dots = true) {
  return FIGMENT_ROW(gather_width<T>)(n, dots);
}

/// Packs b for gather.
template <class T>
void gather_pack(const PackArgs<T>& p) {
  FIGMENT_ROW(gather_pack<T>)(p);
}

/// c = or += a b, rows lying anywhere.
template <class T>
void gather(const GatherArgs<T>& p) {
  FIGMENT_ROW(gather<T>)(p);
}

/// y[i] = act(y[i]).
template <class T>
void apply_activation(Activation activation, double slope, T* y, Index n) {
  FIGMENT_ROW(activate<T>)(activation, slope, y, n);
}

}  // namespace figment::kernels

#undef FIGMENT_ROW

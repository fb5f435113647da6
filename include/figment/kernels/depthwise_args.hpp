// The operands of depthwise convolutions, for every instruction set.
#pragma once

#include <cstddef>

namespace figment::kernels {

/// The taps that one result takes along its row: `count` of them, from `tap` at position `source` on.
struct TapRun {
  std::ptrdiff_t tap, count, source;
};

/// One row of results of a depthwise convolution, or of its adjoint. Result o is bias + the sum over rows r
/// and taps k < columns[o].count of x[r x_row + columns[o].source channels + k x_step] w[r w_row +
/// columns[o].tap channels + k w_step], each channel by itself.
template <class T>
struct DepthwiseRow {
  const T *x, *w, *bias;  // no bias: null
  std::ptrdiff_t rows, x_row, w_row;
  const TapRun* columns;
  std::ptrdiff_t results, channels, x_step, w_step;
  std::ptrdiff_t period;  // results so far apart take the same taps, but at the borders
  T* y;
};

/// What one row of dy adds to the gradient by a row of weights: tap k of `taps` takes the positions of dy
/// from columns[k].tap on, columns[k].count of them, times those of x from columns[k].source on in steps of
/// `stride`.
template <class T>
struct DepthwiseSums {
  const T *x, *dy;
  const TapRun* columns;
  std::ptrdiff_t taps, channels, stride;
  T* dw;  // (taps, channels)
};

}  // namespace figment::kernels

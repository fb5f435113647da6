// The operands of a matrix product, for every instruction set.
#pragma once

#include <cstddef>

namespace figment::kernels {

/// What a layer's product ends with, applied as the result is written.
enum class Activation { none, relu, leaky_relu, sigmoid, tanh };

/// c = act(a b + bias), a (m, k), b (k, n), c (m, n). Element (i, j) of a lies at a[i * a_row + j * a_col],
/// so a transposed operand is one with its strides exchanged; rows of c are contiguous, c_row apart.
/// With segments, c = act(sum over s of a_s b_s + bias): the operands of segment s lie s * a_segment and
/// s * b_segment further on. A convolution is such a sum over the rows of its window.
template <class T>
struct MatmulArgs {
  std::ptrdiff_t m, n, k;
  const T* a;
  std::ptrdiff_t a_row, a_col;
  const T* b;
  std::ptrdiff_t b_row, b_col;
  T* c;
  std::ptrdiff_t c_row;
  std::ptrdiff_t segments = 1, a_segment = 0, b_segment = 0;
  bool accumulate = false;  ///< add to what c holds
  const T* bias = nullptr;  ///< n values, or null
  Activation activation = Activation::none;
  double slope = 0;  ///< of leaky_relu
  T* scratch = nullptr;
};

// How a product's depth, segments times k, is cut into blocks: all of it in one if that is short, else each
// segment by itself.
struct DepthBlocks {
  // A block's depth: a panel of b so deep stays in L1. And how many packed blocks of b are held, for the next
  // block of rows to use.
  static constexpr std::ptrdiff_t depth = 256, held = 16;

  std::ptrdiff_t segments, k, count;  // of one block; and how many blocks
  std::ptrdiff_t per_segment;

  template <class T>
  explicit DepthBlocks(const MatmulArgs<T>& p) noexcept {
    const bool whole = p.segments * p.k <= depth;
    segments = whole ? p.segments : 1;
    k = p.k < depth ? p.k : depth;
    per_segment = whole ? 1 : (p.k + depth - 1) / depth;
    count = whole ? 1 : p.segments * per_segment;
  }
};

}  // namespace figment::kernels

// The operands of a matrix product, for every instruction set.
#pragma once

#include <cstddef>

namespace figment::kernels {

/// What a layer's product ends with, applied as the result is written.
enum class Activation { none, relu, leaky_relu, sigmoid, tanh };

/// c = act(a b + bias), a (m, k), b (k, n), c (m, n). Element (i, j) of a lies at a[i * a_row + j * a_col],
/// so a transposed operand is one with its strides exchanged; rows of c are contiguous, c_row apart.
template <class T>
struct MatmulArgs {
  std::ptrdiff_t m, n, k;
  const T* a;
  std::ptrdiff_t a_row, a_col;
  const T* b;
  std::ptrdiff_t b_row, b_col;
  T* c;
  std::ptrdiff_t c_row;
  const T* bias = nullptr;  ///< n values, or null
  Activation activation = Activation::none;
  double slope = 0;  ///< of leaky_relu
  T* scratch = nullptr;
};

// A product's depth is cut into blocks as equal as can be.
struct DepthBlocks {
  // A panel of b this deep stays in L1. And how many packed blocks of b are held, for the next block of rows
  // to use.
  static constexpr std::ptrdiff_t most = 288, held = 16;

  std::ptrdiff_t count, k;  // of each but the last

  explicit DepthBlocks(std::ptrdiff_t depth) noexcept
      : count((depth + most - 1) / most), k(count > 0 ? ((depth + count - 1) / count + 7) / 8 * 8 : 0) {}
};

}  // namespace figment::kernels

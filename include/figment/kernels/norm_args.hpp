// The operands of a normalisation by channels, for every instruction set.
#pragma once

#include "figment/kernels/matmul_args.hpp"

namespace figment::kernels {

/// act((x - mean) * scale + shift): x (rows, channels), the others one value a channel; act is none, relu or
/// leaky_relu.
template <class T>
struct NormArgs {
  const T* x;
  const T *mean, *scale, *shift;
  std::ptrdiff_t rows, channels;
  Activation activation = Activation::none;
  double slope = 0;  ///< of leaky_relu
};

}  // namespace figment::kernels

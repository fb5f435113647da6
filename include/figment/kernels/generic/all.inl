// The kernels over Vec, each file after those it uses. Included inside an instruction set's namespace, after
// its Vec.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/vec.inl"  // opened alone
#define FIGMENT_KERNEL_REGION
#endif

// clang-format off
#include "figment/kernels/generic/portable_math.inl"
#include "figment/kernels/generic/math.inl"
#include "figment/kernels/generic/formulas.inl"
#include "figment/kernels/generic/copy.inl"
#include "figment/kernels/generic/elementwise.inl"
#include "figment/kernels/generic/activation.inl"
#include "figment/kernels/generic/product.inl"
#include "figment/kernels/generic/matmul.inl"
#include "figment/kernels/generic/gather.inl"
#include "figment/kernels/generic/optimizer.inl"
#include "figment/kernels/generic/random.inl"
#include "figment/kernels/generic/softmax.inl"
#include "figment/kernels/generic/statistics.inl"
#include "figment/kernels/generic/window.inl"
#include "figment/kernels/generic/recurrent.inl"
#include "figment/kernels/generic/depthwise.inl"
// clang-format on

// Every kernel, compiled once for each instruction set. The code in generic/ is written over Vec; here it
// is included again and again, each time in a namespace with another Vec and under another target.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

#include "figment/kernels/isa.hpp"
#include "figment/kernels/matmul_args.hpp"
#include "figment/kernels/op.hpp"

#if FIGMENT_X86
#include <immintrin.h>
#endif

// At -O2 g++ keeps loops rolled, and accumulators in memory; the register tile needs this.
#ifdef __clang__
#define FIGMENT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define FIGMENT_UNROLL _Pragma("GCC unroll 32")
#endif

// Each file uses the ones above it.
// clang-format off
namespace figment::kernels::reference {
#include "figment/kernels/simd/vec_scalar.hpp"
#include "figment/kernels/generic/formulas.inl"
#include "figment/kernels/generic/elementwise.inl"
#include "figment/kernels/generic/activation.inl"
#include "figment/kernels/reference/matmul.inl"
#include "figment/kernels/generic/optimizer.inl"
}  // namespace figment::kernels::reference

#if FIGMENT_X86
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // inside g++'s own intrinsics
#endif
namespace figment::kernels::avx2 {
#include "figment/kernels/simd/vec_avx2.hpp"
#include "figment/kernels/generic/math.inl"
#include "figment/kernels/generic/formulas.inl"
#include "figment/kernels/generic/elementwise.inl"
#include "figment/kernels/generic/activation.inl"
#include "figment/kernels/generic/matmul.inl"
#include "figment/kernels/generic/optimizer.inl"
}  // namespace figment::kernels::avx2
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC diagnostic pop
#pragma GCC pop_options
#endif
#else
namespace figment::kernels {
namespace avx2 = reference;
}
#endif

// clang-format on

#undef FIGMENT_UNROLL

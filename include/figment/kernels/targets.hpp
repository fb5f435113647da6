// Every kernel, compiled once for each instruction set. The code in generic/ is written over Vec; here it
// is included again and again, each time in a namespace with another Vec and under another target.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "figment/kernels/depthwise_args.hpp"
#include "figment/kernels/gather_args.hpp"
#include "figment/kernels/isa.hpp"
#include "figment/kernels/matmul_args.hpp"
#include "figment/kernels/norm_args.hpp"
#include "figment/kernels/op.hpp"
#include "figment/kernels/recurrent_args.hpp"
#include "figment/kernels/rng_state.hpp"
#include "figment/kernels/row_args.hpp"
#include "figment/kernels/window_args.hpp"

// -ffast-math in a user's file does not reach the kernels, in which NaN would then be compared away. For
// clang that takes in the intrinsics, unless the file has them already.
#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#ifdef __clang__
#pragma float_control(precise, on, push)
#else
#pragma GCC push_options
#pragma GCC optimize("no-fast-math")
#endif
#endif

#if FIGMENT_X86
#if defined(_IMMINTRIN_H_INCLUDED) || defined(__clang__) || __GNUC__ > 15
#include <immintrin.h>
#else
// g++'s <immintrin.h> is 73,000 lines, a quarter of what Eigen costs to compile. Its parts have guards of
// their own and ask only that it has begun; whoever includes it after us gets the others. Each needs those
// above it.
// clang-format off
#define _IMMINTRIN_H_INCLUDED
#include <emmintrin.h>
#include <smmintrin.h>
#include <avxintrin.h>
#include <avx2intrin.h>
#include <fmaintrin.h>
// clang-format on
#undef _IMMINTRIN_H_INCLUDED
#define FIGMENT_AVX512_BUILTINS
#endif
#elif FIGMENT_ARM64
#include <arm_neon.h>
#endif

// At -O2 g++ keeps loops rolled, and accumulators in memory; the register tile needs this.
#ifdef __clang__
#define FIGMENT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define FIGMENT_UNROLL _Pragma("GCC unroll 32")
#endif
// A loop's body that is called twice, for whole vectors and for the rest, is not inlined by itself.
#define FIGMENT_INLINE __attribute__((always_inline))

#define FIGMENT_KERNEL_REGION
// Each file uses the ones above it.
// clang-format off
namespace figment::kernels::reference {
#include "figment/kernels/simd/vec_scalar.hpp"
#include "figment/kernels/generic/portable_math.inl"
#include "figment/kernels/generic/formulas.inl"
#include "figment/kernels/generic/copy.inl"
#include "figment/kernels/generic/elementwise.inl"
#include "figment/kernels/generic/activation.inl"
#include "figment/kernels/reference/matmul.inl"
#include "figment/kernels/reference/gather.inl"
#include "figment/kernels/generic/optimizer.inl"
#include "figment/kernels/generic/random.inl"
#include "figment/kernels/generic/softmax.inl"
#include "figment/kernels/generic/statistics.inl"
#include "figment/kernels/generic/window.inl"
#include "figment/kernels/generic/recurrent.inl"
#include "figment/kernels/generic/depthwise.inl"
}  // namespace figment::kernels::reference

#if FIGMENT_X86
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // inside g++'s own intrinsics
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
namespace figment::kernels::avx2 {
#include "figment/kernels/simd/vec_avx2.hpp"
#include "figment/kernels/generic/all.inl"
}  // namespace figment::kernels::avx2
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")
#endif
namespace figment::kernels::avx512 {
using namespace avx2;  // for all but products: the others wait for memory
#include "figment/kernels/simd/vec_avx512.hpp"
#include "figment/kernels/generic/matmul.inl"
#include "figment/kernels/generic/gather.inl"
}  // namespace figment::kernels::avx512
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC diagnostic pop
#pragma GCC pop_options
#endif

#elif FIGMENT_ARM64
namespace figment::kernels::neon {
#include "figment/kernels/simd/vec_neon.hpp"
#include "figment/kernels/generic/all.inl"
}  // namespace figment::kernels::neon
#endif

// clang-format on

#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#ifdef __clang__
#pragma float_control(pop)
#else
#pragma GCC pop_options
#endif
#endif

#undef FIGMENT_AVX512_BUILTINS
#undef FIGMENT_KERNEL_REGION
#undef FIGMENT_UNROLL
#undef FIGMENT_INLINE

// The intrinsics of simd/vec_avx512.hpp for a CPU that has only AVX2, in halves: tests/isa.sh avx512 includes
// this before everything else.
#pragma once

#include <immintrin.h>

#include <cstring>

namespace emulated {

struct m512 {
  __m256 low, high;
};
struct m512d {
  __m256d low, high;
};

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

inline m512 set1_ps(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline m512 loadu_ps(const void* p) {
  m512 x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline m512 maskz_loadu_ps(unsigned mask, const void* p) {
  float lanes[16] = {};
  for (int i = 0; i < 16; ++i)
    if (mask >> i & 1) lanes[i] = static_cast<const float*>(p)[i];
  return loadu_ps(lanes);
}
inline void storeu_ps(void* p, m512 x) { std::memcpy(p, &x, sizeof x); }
inline void mask_storeu_ps(void* p, unsigned mask, m512 x) {
  float lanes[16];
  storeu_ps(lanes, x);
  for (int i = 0; i < 16; ++i)
    if (mask >> i & 1) static_cast<float*>(p)[i] = lanes[i];
}
inline m512 add_ps(m512 a, m512 b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
inline m512 fmadd_ps(m512 a, m512 b, m512 c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}

inline m512d set1_pd(double x) { return {_mm256_set1_pd(x), _mm256_set1_pd(x)}; }
inline m512d loadu_pd(const void* p) {
  m512d x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline m512d maskz_loadu_pd(unsigned mask, const void* p) {
  double lanes[8] = {};
  for (int i = 0; i < 8; ++i)
    if (mask >> i & 1) lanes[i] = static_cast<const double*>(p)[i];
  return loadu_pd(lanes);
}
inline void storeu_pd(void* p, m512d x) { std::memcpy(p, &x, sizeof x); }
inline void mask_storeu_pd(void* p, unsigned mask, m512d x) {
  double lanes[8];
  storeu_pd(lanes, x);
  for (int i = 0; i < 8; ++i)
    if (mask >> i & 1) static_cast<double*>(p)[i] = lanes[i];
}
inline m512d add_pd(m512d a, m512d b) { return {_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)}; }
inline m512d fmadd_pd(m512d a, m512d b, m512d c) {
  return {_mm256_fmadd_pd(a.low, b.low, c.low), _mm256_fmadd_pd(a.high, b.high, c.high)};
}

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

}  // namespace emulated

// Macros already in clang's own header.
#undef _mm512_extractf32x8_ps
#undef _mm512_extractf64x4_pd

#define __m512 emulated::m512
#define _mm512_set1_ps emulated::set1_ps
#define _mm512_loadu_ps emulated::loadu_ps
#define _mm512_maskz_loadu_ps emulated::maskz_loadu_ps
#define _mm512_storeu_ps emulated::storeu_ps
#define _mm512_mask_storeu_ps emulated::mask_storeu_ps
#define _mm512_add_ps emulated::add_ps
#define _mm512_fmadd_ps emulated::fmadd_ps
#define _mm512_castps512_ps256(x) ((x).low)
#define _mm512_extractf32x8_ps(x, half) ((half) ? (x).high : (x).low)

#define __m512d emulated::m512d
#define _mm512_set1_pd emulated::set1_pd
#define _mm512_loadu_pd emulated::loadu_pd
#define _mm512_maskz_loadu_pd emulated::maskz_loadu_pd
#define _mm512_storeu_pd emulated::storeu_pd
#define _mm512_mask_storeu_pd emulated::mask_storeu_pd
#define _mm512_add_pd emulated::add_pd
#define _mm512_fmadd_pd emulated::fmadd_pd
#define _mm512_castpd512_pd256(x) ((x).low)
#define _mm512_extractf64x4_pd(x, half) ((half) ? (x).high : (x).low)

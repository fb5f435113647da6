// Vec over AVX-512: 16 floats or 8 doubles, with what a product needs of it; the other kernels wait for
// memory, and are AVX2's. Included inside an instruction set's namespace. tests/kernels/emulated_avx512.hpp
// has every intrinsic used here.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/alone.inl"
#include "figment/kernels/targets.hpp"  // opened alone
#endif

#ifndef FIGMENT_AVX512_BUILTINS
using Floats = __m512;
using Doubles = __m512d;
#else
// The intrinsics by g++'s builtins, as they are in <avx512fintrin.h>: its 12,500 lines are a fifteenth of
// what Eigen costs to compile. Within this namespace, they do not meet those of who includes it.
using Floats = float __attribute__((vector_size(64)));
using Doubles = double __attribute__((vector_size(64)));

// The same anywhere in memory.
using FloatsAt = float __attribute__((vector_size(64), may_alias, aligned(4)));
using DoublesAt = double __attribute__((vector_size(64), may_alias, aligned(8)));

inline constexpr int present_rounding = 4;

inline Floats _mm512_set1_ps(float x) { return Floats{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
inline Floats _mm512_loadu_ps(const float* p) { return *reinterpret_cast<const FloatsAt*>(p); }
inline Floats _mm512_maskz_loadu_ps(std::uint16_t lanes, const float* p) {
  return __builtin_ia32_loadups512_mask(p, Floats{}, lanes);
}
inline void _mm512_storeu_ps(float* p, Floats x) { *reinterpret_cast<FloatsAt*>(p) = x; }
inline void _mm512_mask_storeu_ps(float* p, std::uint16_t lanes, Floats x) {
  __builtin_ia32_storeups512_mask(p, x, lanes);
}
inline Floats _mm512_add_ps(Floats a, Floats b) { return a + b; }
inline Floats _mm512_fmadd_ps(Floats a, Floats b, Floats c) {
  return __builtin_ia32_vfmaddps512_mask(a, b, c, -1, present_rounding);
}
inline __m256 _mm512_extractf32x8_ps(Floats x, int half) {
  return half == 0 ? __builtin_ia32_extractf32x8_mask(x, 0, __m256{}, -1)
                   : __builtin_ia32_extractf32x8_mask(x, 1, __m256{}, -1);
}
inline __m256 _mm512_castps512_ps256(Floats x) { return _mm512_extractf32x8_ps(x, 0); }

inline Doubles _mm512_set1_pd(double x) { return Doubles{x, x, x, x, x, x, x, x}; }
inline Doubles _mm512_loadu_pd(const double* p) { return *reinterpret_cast<const DoublesAt*>(p); }
inline Doubles _mm512_maskz_loadu_pd(std::uint8_t lanes, const double* p) {
  return __builtin_ia32_loadupd512_mask(p, Doubles{}, lanes);
}
inline void _mm512_storeu_pd(double* p, Doubles x) { *reinterpret_cast<DoublesAt*>(p) = x; }
inline void _mm512_mask_storeu_pd(double* p, std::uint8_t lanes, Doubles x) {
  __builtin_ia32_storeupd512_mask(p, x, lanes);
}
inline Doubles _mm512_add_pd(Doubles a, Doubles b) { return a + b; }
inline Doubles _mm512_fmadd_pd(Doubles a, Doubles b, Doubles c) {
  return __builtin_ia32_vfmaddpd512_mask(a, b, c, -1, present_rounding);
}
inline __m256d _mm512_extractf64x4_pd(Doubles x, int half) {
  return half == 0 ? __builtin_ia32_extractf64x4_mask(x, 0, __m256d{}, -1)
                   : __builtin_ia32_extractf64x4_mask(x, 1, __m256d{}, -1);
}
inline __m256d _mm512_castpd512_pd256(Doubles x) { return _mm512_extractf64x4_pd(x, 0); }
#endif

template <class T>
struct Vec;

// A product's tile: a step of 10 loads and 16 multiply-adds, on as many accumulators, is bound by the latter
// on every core with two of either a cycle, or one. Registers would do for 14 rows; but rows a power of two
// apart share a set of the first cache, which has places for 8 of them.
inline constexpr Index tile_rows = 8, tile_vecs = 2;

template <>
struct Vec<float> {
  static constexpr Index width = 16;
  Floats v;

  Vec() = default;
  Vec(Floats x) : v(x) {}  // NOLINT(google-explicit-constructor): as intrinsics give them
  explicit Vec(float x) : v(_mm512_set1_ps(x)) {}
  static std::uint16_t first_lanes(Index n) { return static_cast<std::uint16_t>((1u << n) - 1); }
  static Vec load(const float* p) { return _mm512_loadu_ps(p); }
  static Vec load(const float* p, Index n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void store(float* p, Index n) const { _mm512_mask_storeu_ps(p, first_lanes(n), v); }
};

inline Vec<float> operator+(Vec<float> a, Vec<float> b) { return _mm512_add_ps(a.v, b.v); }
inline Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return _mm512_fmadd_ps(a.v, b.v, c.v); }
inline float sum(Vec<float> a) {
  return sum(avx2::Vec<float>(_mm512_castps512_ps256(a.v)) +
             avx2::Vec<float>(_mm512_extractf32x8_ps(a.v, 1)));
}

template <>
struct Vec<double> {
  static constexpr Index width = 8;
  Doubles v;

  Vec() = default;
  Vec(Doubles x) : v(x) {}  // NOLINT(google-explicit-constructor): as intrinsics give them
  explicit Vec(double x) : v(_mm512_set1_pd(x)) {}
  static std::uint8_t first_lanes(Index n) { return static_cast<std::uint8_t>((1u << n) - 1); }
  static Vec load(const double* p) { return _mm512_loadu_pd(p); }
  static Vec load(const double* p, Index n) { return _mm512_maskz_loadu_pd(first_lanes(n), p); }
  void store(double* p) const { _mm512_storeu_pd(p, v); }
  void store(double* p, Index n) const { _mm512_mask_storeu_pd(p, first_lanes(n), v); }
};

inline Vec<double> operator+(Vec<double> a, Vec<double> b) { return _mm512_add_pd(a.v, b.v); }
inline Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return _mm512_fmadd_pd(a.v, b.v, c.v); }
inline double sum(Vec<double> a) {
  return sum(avx2::Vec<double>(_mm512_castpd512_pd256(a.v)) +
             avx2::Vec<double>(_mm512_extractf64x4_pd(a.v, 1)));
}

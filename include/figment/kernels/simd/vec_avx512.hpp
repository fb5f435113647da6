// Vec over AVX-512: 16 floats or 8 doubles, with what a product needs of it; the other kernels wait for
// memory, and are AVX2's. Included inside an instruction set's namespace. tests/kernels/emulated_avx512.hpp
// has every intrinsic used here.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/alone.inl"
#include "figment/kernels/targets.hpp"  // opened alone
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
  __m512 v;

  Vec() = default;
  Vec(__m512 x) : v(x) {}  // NOLINT(google-explicit-constructor): as intrinsics give them
  explicit Vec(float x) : v(_mm512_set1_ps(x)) {}
  static __mmask16 first_lanes(Index n) { return static_cast<__mmask16>((1u << n) - 1); }
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
  __m512d v;

  Vec() = default;
  Vec(__m512d x) : v(x) {}  // NOLINT(google-explicit-constructor): as intrinsics give them
  explicit Vec(double x) : v(_mm512_set1_pd(x)) {}
  static __mmask8 first_lanes(Index n) { return static_cast<__mmask8>((1u << n) - 1); }
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

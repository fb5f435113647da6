// Vec over AVX2 and FMA: 8 floats or 4 doubles. Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/alone.inl"  // opened alone
#endif

template <class T>
struct Vec;

// A product's tile: 12 accumulators, 2 vectors of b and 1 of a are 15 of the 16 registers.
inline constexpr Index tile_rows = 6, tile_vecs = 2;

// The first n lanes set, for masked loads and stores.
inline __m256i first_lanes_32(Index n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline __m256i first_lanes_64(Index n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}

template <>
struct Vec<float> {
  static constexpr Index width = 8;
  __m256 v;

  Vec() = default;
  Vec(__m256 x) : v(x) {}  // NOLINT(google-explicit-constructor): as intrinsics give them
  explicit Vec(float x) : v(_mm256_set1_ps(x)) {}
  static Vec load(const float* p) { return _mm256_loadu_ps(p); }
  static Vec load(const float* p, Index n) { return _mm256_maskload_ps(p, first_lanes_32(n)); }
  void store(float* p) const { _mm256_storeu_ps(p, v); }
  void store(float* p, Index n) const { _mm256_maskstore_ps(p, first_lanes_32(n), v); }
};

inline Vec<float> operator+(Vec<float> a, Vec<float> b) { return _mm256_add_ps(a.v, b.v); }
inline Vec<float> operator-(Vec<float> a, Vec<float> b) { return _mm256_sub_ps(a.v, b.v); }
inline Vec<float> operator*(Vec<float> a, Vec<float> b) { return _mm256_mul_ps(a.v, b.v); }
inline Vec<float> operator/(Vec<float> a, Vec<float> b) { return _mm256_div_ps(a.v, b.v); }
inline Vec<float> operator-(Vec<float> a) { return _mm256_xor_ps(a.v, _mm256_set1_ps(-0.0f)); }
inline Vec<float> operator<(Vec<float> a, Vec<float> b) { return _mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ); }
inline Vec<float> operator==(Vec<float> a, Vec<float> b) { return _mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ); }
inline Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return _mm256_fmadd_ps(a.v, b.v, c.v); }
inline Vec<float> exact_fma(Vec<float> a, Vec<float> b, Vec<float> c) { return fma(a, b, c); }
// NaN in the first argument comes out, NaN in the second does not: the instruction returns its second
// operand when either is NaN.
inline Vec<float>(max)(Vec<float> a, Vec<float> b) { return _mm256_max_ps(b.v, a.v); }
inline Vec<float>(min)(Vec<float> a, Vec<float> b) { return _mm256_min_ps(b.v, a.v); }
inline Vec<float> select(Vec<float> mask, Vec<float> a, Vec<float> b) {
  return _mm256_blendv_ps(b.v, a.v, mask.v);
}
inline bool any(Vec<float> mask) { return _mm256_movemask_ps(mask.v) != 0; }
inline bool all(Vec<float> mask) { return _mm256_movemask_ps(mask.v) == 0xff; }
inline Vec<float> abs(Vec<float> a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v); }
#if defined(__clang__) && defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
// clang would estimate it, as x times 1 / sqrt(x), and make 0 of NaN.
inline Vec<float> sqrt(Vec<float> a) {
  asm("vsqrtps %0, %0" : "+x"(a.v));
  return a;
}
#else
inline Vec<float> sqrt(Vec<float> a) { return _mm256_sqrt_ps(a.v); }
#endif
inline Vec<float> round(Vec<float> a) {
  return _mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Vec<float> floor(Vec<float> a) {
  return _mm256_round_ps(a.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
// 2^n for whole n within the exponent range.
inline Vec<float> pow2(Vec<float> n) {
  const __m256i e = _mm256_add_epi32(_mm256_cvtps_epi32(n.v), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(e, 23));
}
// The last bits become the exponent's.
inline Vec<float> bits_to_exponent(Vec<float> a) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(a.v), 23));
}
// x = mantissa * 2^exponent with mantissa in [0.5, 1), for positive normal x.
inline void split(Vec<float> x, Vec<float>& mantissa, Vec<float>& exponent) {
  const __m256i bits = _mm256_castps_si256(x.v);
  exponent = _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_srli_epi32(bits, 23), _mm256_set1_epi32(126)));
  mantissa = _mm256_castsi256_ps(
      _mm256_or_si256(_mm256_and_si256(bits, _mm256_set1_epi32(0x007fffff)), _mm256_set1_epi32(0x3f000000)));
}
// The same with mantissa in [sqrt(1/2), sqrt(2)).
inline void split_at_root(Vec<float> x, Vec<float>& mantissa, Vec<float>& exponent) {
  const __m256i bits = _mm256_castps_si256(x.v);
  const __m256i e = _mm256_srai_epi32(_mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f3504f3)), 23);
  exponent = _mm256_cvtepi32_ps(e);
  mantissa = _mm256_castsi256_ps(_mm256_sub_epi32(bits, _mm256_slli_epi32(e, 23)));
}
inline float first(Vec<float> a) { return _mm256_cvtss_f32(a.v); }
inline float sum(Vec<float> a) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
inline float largest(Vec<float> a) {
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}
// The lanes whose byte is not 0.
inline Vec<float> load_mask(const std::uint8_t* p, Vec<float>) {
  const __m256i bytes = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  return _mm256_castsi256_ps(_mm256_cmpgt_epi32(bytes, _mm256_setzero_si256()));
}
// A byte of 1 or 0 for each lane.
inline void store_mask(Vec<float> mask, std::uint8_t* p) {
  const __m256i m = _mm256_castps_si256(mask.v);
  __m128i bytes = _mm_packs_epi32(_mm256_castsi256_si128(m), _mm256_extracti128_si256(m, 1));
  bytes = _mm_and_si128(_mm_packs_epi16(bytes, bytes), _mm_set1_epi8(1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), bytes);
}
// Two vectors become the elements a b a b …, in memory's order.
inline void interleave(Vec<float>& a, Vec<float>& b) {
  const __m256 low = _mm256_unpacklo_ps(a.v, b.v), high = _mm256_unpackhi_ps(a.v, b.v);
  a = _mm256_permute2f128_ps(low, high, 0x20);
  b = _mm256_permute2f128_ps(low, high, 0x31);
}

template <>
struct Vec<double> {
  static constexpr Index width = 4;
  __m256d v;

  Vec() = default;
  Vec(__m256d x) : v(x) {}  // NOLINT(google-explicit-constructor): as intrinsics give them
  explicit Vec(double x) : v(_mm256_set1_pd(x)) {}
  static Vec load(const double* p) { return _mm256_loadu_pd(p); }
  static Vec load(const double* p, Index n) { return _mm256_maskload_pd(p, first_lanes_64(n)); }
  void store(double* p) const { _mm256_storeu_pd(p, v); }
  void store(double* p, Index n) const { _mm256_maskstore_pd(p, first_lanes_64(n), v); }
};

inline Vec<double> operator+(Vec<double> a, Vec<double> b) { return _mm256_add_pd(a.v, b.v); }
inline Vec<double> operator-(Vec<double> a, Vec<double> b) { return _mm256_sub_pd(a.v, b.v); }
inline Vec<double> operator*(Vec<double> a, Vec<double> b) { return _mm256_mul_pd(a.v, b.v); }
inline Vec<double> operator/(Vec<double> a, Vec<double> b) { return _mm256_div_pd(a.v, b.v); }
inline Vec<double> operator-(Vec<double> a) { return _mm256_xor_pd(a.v, _mm256_set1_pd(-0.0)); }
inline Vec<double> operator<(Vec<double> a, Vec<double> b) { return _mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ); }
inline Vec<double> operator==(Vec<double> a, Vec<double> b) { return _mm256_cmp_pd(a.v, b.v, _CMP_EQ_OQ); }
inline Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return _mm256_fmadd_pd(a.v, b.v, c.v); }
inline Vec<double> exact_fma(Vec<double> a, Vec<double> b, Vec<double> c) { return fma(a, b, c); }
inline Vec<double>(max)(Vec<double> a, Vec<double> b) { return _mm256_max_pd(b.v, a.v); }
inline Vec<double>(min)(Vec<double> a, Vec<double> b) { return _mm256_min_pd(b.v, a.v); }
inline Vec<double> select(Vec<double> mask, Vec<double> a, Vec<double> b) {
  return _mm256_blendv_pd(b.v, a.v, mask.v);
}
inline bool any(Vec<double> mask) { return _mm256_movemask_pd(mask.v) != 0; }
inline Vec<double> abs(Vec<double> a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a.v); }
inline Vec<double> sqrt(Vec<double> a) { return _mm256_sqrt_pd(a.v); }
inline Vec<double> round(Vec<double> a) {
  return _mm256_round_pd(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Vec<double> floor(Vec<double> a) {
  return _mm256_round_pd(a.v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
inline Vec<double> pow2(Vec<double> n) {
  const __m256i e = _mm256_cvtepi32_epi64(_mm256_cvtpd_epi32(n.v));
  return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_add_epi64(e, _mm256_set1_epi64x(1023)), 52));
}
inline Vec<double> bits_to_exponent(Vec<double> a) {
  return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(a.v), 52));
}
inline void split(Vec<double> x, Vec<double>& mantissa, Vec<double>& exponent) {
  const __m256i bits = _mm256_castpd_si256(x.v);
  const __m256i e = _mm256_sub_epi64(_mm256_srli_epi64(bits, 52), _mm256_set1_epi64x(1022));
  // Gathers the low halves of the four exponents, the only halves with bits in them.
  const __m256i packed = _mm256_permutevar8x32_epi32(e, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
  exponent = _mm256_cvtepi32_pd(_mm256_castsi256_si128(packed));
  mantissa =
      _mm256_castsi256_pd(_mm256_or_si256(_mm256_and_si256(bits, _mm256_set1_epi64x(0x000fffffffffffff)),
                                          _mm256_set1_epi64x(0x3fe0000000000000)));
}
inline double first(Vec<double> a) { return _mm256_cvtsd_f64(a.v); }
inline double sum(Vec<double> a) {
  const __m128d s = _mm_add_pd(_mm256_castpd256_pd128(a.v), _mm256_extractf128_pd(a.v, 1));
  return _mm_cvtsd_f64(_mm_add_sd(s, _mm_unpackhi_pd(s, s)));
}
inline double largest(Vec<double> a) {
  const __m128d m = _mm_max_pd(_mm256_castpd256_pd128(a.v), _mm256_extractf128_pd(a.v, 1));
  return _mm_cvtsd_f64(_mm_max_sd(m, _mm_unpackhi_pd(m, m)));
}
inline Vec<double> load_mask(const std::uint8_t* p, Vec<double>) {
  std::int32_t four;
  __builtin_memcpy(&four, p, sizeof four);
  const __m256i bytes = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four));
  return _mm256_castsi256_pd(_mm256_cmpgt_epi64(bytes, _mm256_setzero_si256()));
}
inline void store_mask(Vec<double> mask, std::uint8_t* p) {
  // The lower half of each lane, which is like the upper.
  const __m128 low = _mm256_castps256_ps128(_mm256_castpd_ps(mask.v));
  const __m128 high = _mm256_extractf128_ps(_mm256_castpd_ps(mask.v), 1);
  const __m128i lanes = _mm_srli_epi32(_mm_castps_si128(_mm_shuffle_ps(low, high, 0x88)), 31);
  const __m128i words = _mm_packs_epi32(lanes, lanes);
  const int bytes = _mm_cvtsi128_si32(_mm_packs_epi16(words, words));
  __builtin_memcpy(p, &bytes, sizeof bytes);
}
inline void interleave(Vec<double>& a, Vec<double>& b) {
  const __m256d low = _mm256_unpacklo_pd(a.v, b.v), high = _mm256_unpackhi_pd(a.v, b.v);
  a = _mm256_permute2f128_pd(low, high, 0x20);
  b = _mm256_permute2f128_pd(low, high, 0x31);
}

// As many elements as a Vec<double> has, in double.
inline Vec<double> load_wide(const float* p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
inline Vec<double> load_wide(const double* p) { return Vec<double>::load(p); }
// Of the n < 4 first, and 0.
inline Vec<double> load_wide(const float* p, Index n) {
  return _mm256_cvtps_pd(_mm_maskload_ps(p, _mm256_castsi256_si128(first_lanes_32(n))));
}
inline Vec<double> load_wide(const double* p, Index n) { return Vec<double>::load(p, n); }
// The lanes in double, the upper half added to the lower.
inline Vec<double> wide(Vec<float> a) {
  return _mm256_add_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(a.v)),
                       _mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1)));
}
inline Vec<double> wide(Vec<double> a) { return a; }

// The lanes in double, the lower half and the upper, and back.
inline void widen(Vec<float> a, Vec<double>& low, Vec<double>& high) {
  low = _mm256_cvtps_pd(_mm256_castps256_ps128(a.v));
  high = _mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1));
}
inline Vec<float> narrow(Vec<double> low, Vec<double> high) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(low.v)), _mm256_cvtpd_ps(high.v), 1);
}

/// Words of 32 bits, one in the low half of each 64-bit lane; what the high halves hold does not matter.
struct Words {
  static constexpr Index width = 4;
  __m256i v;

  Words() = default;
  Words(__m256i x) : v(x) {}  // NOLINT(google-explicit-constructor): as intrinsics give them
  explicit Words(std::uint64_t x) : v(_mm256_set1_epi64x(static_cast<long long>(x))) {}
  /// first, first + 1, … in all 64 bits.
  static Words counters(std::uint64_t first) {
    return _mm256_add_epi64(Words(first).v, _mm256_setr_epi64x(0, 1, 2, 3));
  }
};
inline Words operator^(Words a, Words b) { return _mm256_xor_si256(a.v, b.v); }
/// The 64 bits of the words' products.
inline Words multiply(Words a, Words b) { return _mm256_mul_epu32(a.v, b.v); }
inline Words high(Words a) { return _mm256_srli_epi64(a.v, 32); }
/// [0, 1) by 24 bits of each word, a's and b's in turn.
inline void unit(Words a, Words b, Vec<float>* u) {
  const __m256i bits = _mm256_blend_epi32(a.v, _mm256_slli_epi64(b.v, 32), 0xaa);
  *u = Vec<float>(_mm256_cvtepi32_ps(_mm256_srli_epi32(bits, 8))) * Vec<float>(0x1p-24f);
}
/// [0, 1) by 53 bits of the pairs of words.
inline void unit(Words upper, Words lower, Vec<double>* u) {
  const __m256i bits =
      _mm256_srli_epi64(_mm256_blend_epi32(lower.v, _mm256_slli_epi64(upper.v, 32), 0xaa), 11);
  // There is no conversion from 64 bits. Each half becomes the last bits of 2^84 or 2^52 instead, which are
  // then taken off; nothing is rounded.
  const __m256i h = _mm256_or_si256(_mm256_srli_epi64(bits, 32), _mm256_set1_epi64x(0x4530000000000000));
  const __m256i l = _mm256_blend_epi32(bits, _mm256_set1_epi64x(0x4330000000000000), 0xaa);
  const Vec<double> sum = (Vec<double>(_mm256_castsi256_pd(h)) - Vec<double>(0x1p84 + 0x1p52)) +
                          Vec<double>(_mm256_castsi256_pd(l));
  *u = sum * Vec<double>(0x1p-53);
}

// The square's rows become its columns.
inline void transpose(Vec<float> (&r)[8]) {
  __m256 pairs[8], quads[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(r[i].v, r[i + 1].v);
    pairs[i + 1] = _mm256_unpackhi_ps(r[i].v, r[i + 1].v);
  }
  for (int i = 0; i < 8; i += 4)
    for (int h = 0; h < 2; ++h) {
      quads[i + 2 * h] = _mm256_shuffle_ps(pairs[i + h], pairs[i + h + 2], 0x44);
      quads[i + 2 * h + 1] = _mm256_shuffle_ps(pairs[i + h], pairs[i + h + 2], 0xee);
    }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x31);
  }
}
inline void transpose(Vec<double> (&r)[4]) {
  const __m256d a = _mm256_unpacklo_pd(r[0].v, r[1].v), b = _mm256_unpackhi_pd(r[0].v, r[1].v);
  const __m256d c = _mm256_unpacklo_pd(r[2].v, r[3].v), d = _mm256_unpackhi_pd(r[2].v, r[3].v);
  r[0] = _mm256_permute2f128_pd(a, c, 0x20);
  r[1] = _mm256_permute2f128_pd(b, d, 0x20);
  r[2] = _mm256_permute2f128_pd(a, c, 0x31);
  r[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

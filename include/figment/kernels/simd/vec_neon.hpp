// Vec over NEON, the vectors of every 64-bit ARM: 4 floats or 2 doubles. Included inside an instruction set's
// namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/alone.inl"  // opened alone
#endif

template <class T>
struct Vec;

// A product's tile: 20 accumulators, 4 vectors of b and 5 of a, which g++ loads all at once, are 29 of the 32
// registers.
inline constexpr Index tile_rows = 5, tile_vecs = 4;

template <>
struct Vec<float> {
  static constexpr Index width = 4;
  float32x4_t v;

  Vec() = default;
  Vec(float32x4_t x) : v(x) {}  // NOLINT(google-explicit-constructor): as intrinsics give them
  explicit Vec(float x) : v(vdupq_n_f32(x)) {}
  static Vec load(const float* p) { return vld1q_f32(p); }
  // There are no masks: the first n lanes go one by one.
  static Vec load(const float* p, Index n) {
    float lanes[4] = {};
    for (Index i = 0; i < n; ++i) lanes[i] = p[i];
    return vld1q_f32(lanes);
  }
  void store(float* p) const { vst1q_f32(p, v); }
  void store(float* p, Index n) const {
    float lanes[4];
    vst1q_f32(lanes, v);
    for (Index i = 0; i < n; ++i) p[i] = lanes[i];
  }
};

inline Vec<float> operator+(Vec<float> a, Vec<float> b) { return vaddq_f32(a.v, b.v); }
inline Vec<float> operator-(Vec<float> a, Vec<float> b) { return vsubq_f32(a.v, b.v); }
inline Vec<float> operator*(Vec<float> a, Vec<float> b) { return vmulq_f32(a.v, b.v); }
inline Vec<float> operator/(Vec<float> a, Vec<float> b) { return vdivq_f32(a.v, b.v); }
inline Vec<float> operator-(Vec<float> a) { return vnegq_f32(a.v); }
inline Vec<float> operator<(Vec<float> a, Vec<float> b) { return vreinterpretq_f32_u32(vcltq_f32(a.v, b.v)); }
inline Vec<float> operator==(Vec<float> a, Vec<float> b) {
  return vreinterpretq_f32_u32(vceqq_f32(a.v, b.v));
}
inline Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) { return vfmaq_f32(c.v, a.v, b.v); }
inline Vec<float> exact_fma(Vec<float> a, Vec<float> b, Vec<float> c) { return fma(a, b, c); }
inline Vec<float> select(Vec<float> mask, Vec<float> a, Vec<float> b) {
  return vbslq_f32(vreinterpretq_u32_f32(mask.v), a.v, b.v);
}
// NaN in the first argument comes out, NaN in the second does not: the instructions give NaN for either.
inline Vec<float>(max)(Vec<float> a, Vec<float> b) { return select(a < b, b, a); }
inline Vec<float>(min)(Vec<float> a, Vec<float> b) { return select(b < a, b, a); }
inline bool any(Vec<float> mask) { return vmaxvq_u32(vreinterpretq_u32_f32(mask.v)) != 0; }
inline bool all(Vec<float> mask) { return vminvq_u32(vreinterpretq_u32_f32(mask.v)) != 0; }
inline Vec<float> abs(Vec<float> a) { return vabsq_f32(a.v); }
inline Vec<float> sqrt(Vec<float> a) { return vsqrtq_f32(a.v); }
inline Vec<float> round(Vec<float> a) { return vrndnq_f32(a.v); }
inline Vec<float> floor(Vec<float> a) { return vrndmq_f32(a.v); }
// 2^n for whole n within the exponent range.
inline Vec<float> pow2(Vec<float> n) {
  const int32x4_t e = vaddq_s32(vcvtq_s32_f32(n.v), vdupq_n_s32(127));
  return vreinterpretq_f32_s32(vshlq_n_s32(e, 23));
}
// The last bits become the exponent's.
inline Vec<float> bits_to_exponent(Vec<float> a) {
  return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(a.v), 23));
}
// x = mantissa * 2^exponent with mantissa in [0.5, 1), for positive normal x.
inline void split(Vec<float> x, Vec<float>& mantissa, Vec<float>& exponent) {
  const uint32x4_t bits = vreinterpretq_u32_f32(x.v);
  exponent = vcvtq_f32_s32(vsubq_s32(vreinterpretq_s32_u32(vshrq_n_u32(bits, 23)), vdupq_n_s32(126)));
  mantissa =
      vreinterpretq_f32_u32(vorrq_u32(vandq_u32(bits, vdupq_n_u32(0x007fffff)), vdupq_n_u32(0x3f000000)));
}
// The same with mantissa in [sqrt(1/2), sqrt(2)).
inline void split_at_root(Vec<float> x, Vec<float>& mantissa, Vec<float>& exponent) {
  const int32x4_t bits = vreinterpretq_s32_f32(x.v);
  const int32x4_t e = vshrq_n_s32(vsubq_s32(bits, vdupq_n_s32(0x3f3504f3)), 23);
  exponent = vcvtq_f32_s32(e);
  mantissa = vreinterpretq_f32_s32(vsubq_s32(bits, vshlq_n_s32(e, 23)));
}
inline float first(Vec<float> a) { return vgetq_lane_f32(a.v, 0); }
inline float sum(Vec<float> a) { return vaddvq_f32(a.v); }
inline float largest(Vec<float> a) { return vmaxvq_f32(a.v); }
// The lanes whose byte is not 0.
inline Vec<float> load_mask(const std::uint8_t* p, Vec<float>) {
  const std::uint32_t lanes[] = {p[0], p[1], p[2], p[3]};
  return vreinterpretq_f32_u32(vtstq_u32(vld1q_u32(lanes), vdupq_n_u32(0xff)));
}
// A byte of 1 or 0 for each lane.
inline void store_mask(Vec<float> mask, std::uint8_t* p) {
  const uint16x4_t lanes = vmovn_u32(vshrq_n_u32(vreinterpretq_u32_f32(mask.v), 31));
  const std::uint32_t bytes = vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(lanes, lanes))), 0);
  __builtin_memcpy(p, &bytes, sizeof bytes);
}
// Two vectors become the elements a b a b …, in memory's order.
inline void interleave(Vec<float>& a, Vec<float>& b) {
  const float32x4_t low = vzip1q_f32(a.v, b.v);
  b = vzip2q_f32(a.v, b.v);
  a = low;
}

template <>
struct Vec<double> {
  static constexpr Index width = 2;
  float64x2_t v;

  Vec() = default;
  Vec(float64x2_t x) : v(x) {}  // NOLINT(google-explicit-constructor): as intrinsics give them
  explicit Vec(double x) : v(vdupq_n_f64(x)) {}
  static Vec load(const double* p) { return vld1q_f64(p); }
  static Vec load(const double* p, Index n) {
    double lanes[2] = {};
    for (Index i = 0; i < n; ++i) lanes[i] = p[i];
    return vld1q_f64(lanes);
  }
  void store(double* p) const { vst1q_f64(p, v); }
  void store(double* p, Index n) const {
    double lanes[2];
    vst1q_f64(lanes, v);
    for (Index i = 0; i < n; ++i) p[i] = lanes[i];
  }
};

inline Vec<double> operator+(Vec<double> a, Vec<double> b) { return vaddq_f64(a.v, b.v); }
inline Vec<double> operator-(Vec<double> a, Vec<double> b) { return vsubq_f64(a.v, b.v); }
inline Vec<double> operator*(Vec<double> a, Vec<double> b) { return vmulq_f64(a.v, b.v); }
inline Vec<double> operator/(Vec<double> a, Vec<double> b) { return vdivq_f64(a.v, b.v); }
inline Vec<double> operator-(Vec<double> a) { return vnegq_f64(a.v); }
inline Vec<double> operator<(Vec<double> a, Vec<double> b) {
  return vreinterpretq_f64_u64(vcltq_f64(a.v, b.v));
}
inline Vec<double> operator==(Vec<double> a, Vec<double> b) {
  return vreinterpretq_f64_u64(vceqq_f64(a.v, b.v));
}
inline Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) { return vfmaq_f64(c.v, a.v, b.v); }
inline Vec<double> exact_fma(Vec<double> a, Vec<double> b, Vec<double> c) { return fma(a, b, c); }
inline Vec<double> select(Vec<double> mask, Vec<double> a, Vec<double> b) {
  return vbslq_f64(vreinterpretq_u64_f64(mask.v), a.v, b.v);
}
inline Vec<double>(max)(Vec<double> a, Vec<double> b) { return select(a < b, b, a); }
inline Vec<double>(min)(Vec<double> a, Vec<double> b) { return select(b < a, b, a); }
inline bool any(Vec<double> mask) { return vmaxvq_u32(vreinterpretq_u32_f64(mask.v)) != 0; }
inline Vec<double> abs(Vec<double> a) { return vabsq_f64(a.v); }
inline Vec<double> sqrt(Vec<double> a) { return vsqrtq_f64(a.v); }
inline Vec<double> round(Vec<double> a) { return vrndnq_f64(a.v); }
inline Vec<double> floor(Vec<double> a) { return vrndmq_f64(a.v); }
inline Vec<double> pow2(Vec<double> n) {
  const int64x2_t e = vaddq_s64(vcvtq_s64_f64(n.v), vdupq_n_s64(1023));
  return vreinterpretq_f64_s64(vshlq_n_s64(e, 52));
}
inline Vec<double> bits_to_exponent(Vec<double> a) {
  return vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(a.v), 52));
}
inline void split(Vec<double> x, Vec<double>& mantissa, Vec<double>& exponent) {
  const uint64x2_t bits = vreinterpretq_u64_f64(x.v);
  exponent = vcvtq_f64_s64(vsubq_s64(vreinterpretq_s64_u64(vshrq_n_u64(bits, 52)), vdupq_n_s64(1022)));
  mantissa = vreinterpretq_f64_u64(
      vorrq_u64(vandq_u64(bits, vdupq_n_u64(0x000fffffffffffff)), vdupq_n_u64(0x3fe0000000000000)));
}
inline double first(Vec<double> a) { return vgetq_lane_f64(a.v, 0); }
inline double sum(Vec<double> a) { return vaddvq_f64(a.v); }
inline double largest(Vec<double> a) { return vmaxvq_f64(a.v); }
inline Vec<double> load_mask(const std::uint8_t* p, Vec<double>) {
  const std::uint64_t lanes[] = {p[0], p[1]};
  return vreinterpretq_f64_u64(vtstq_u64(vld1q_u64(lanes), vdupq_n_u64(0xff)));
}
inline void store_mask(Vec<double> mask, std::uint8_t* p) {
  const uint64x2_t lanes = vshrq_n_u64(vreinterpretq_u64_f64(mask.v), 63);
  p[0] = static_cast<std::uint8_t>(vgetq_lane_u64(lanes, 0));
  p[1] = static_cast<std::uint8_t>(vgetq_lane_u64(lanes, 1));
}
inline void interleave(Vec<double>& a, Vec<double>& b) {
  const float64x2_t low = vzip1q_f64(a.v, b.v);
  b = vzip2q_f64(a.v, b.v);
  a = low;
}

// As many elements as a Vec<double> has, in double.
inline Vec<double> load_wide(const float* p) { return vcvt_f64_f32(vld1_f32(p)); }
inline Vec<double> load_wide(const double* p) { return Vec<double>::load(p); }
// Of the n < 2 first, and 0.
inline Vec<double> load_wide(const float* p, Index n) {
  const double lanes[2] = {n > 0 ? static_cast<double>(*p) : 0.0, 0.0};
  return Vec<double>::load(lanes);
}
inline Vec<double> load_wide(const double* p, Index n) { return Vec<double>::load(p, n); }
// The lanes in double, the upper half added to the lower.
inline Vec<double> wide(Vec<float> a) {
  return vaddq_f64(vcvt_f64_f32(vget_low_f32(a.v)), vcvt_high_f64_f32(a.v));
}
inline Vec<double> wide(Vec<double> a) { return a; }

// The lanes in double, the lower half and the upper, and back.
inline void widen(Vec<float> a, Vec<double>& low, Vec<double>& high) {
  low = vcvt_f64_f32(vget_low_f32(a.v));
  high = vcvt_high_f64_f32(a.v);
}
inline Vec<float> narrow(Vec<double> low, Vec<double> high) {
  return vcvt_high_f32_f64(vcvt_f32_f64(low.v), high.v);
}

/// Words of 32 bits, one in the low half of each 64-bit lane; what the high halves hold does not matter.
struct Words {
  static constexpr Index width = 2;
  uint64x2_t v;

  Words() = default;
  Words(uint64x2_t x) : v(x) {}  // NOLINT(google-explicit-constructor): as intrinsics give them
  explicit Words(std::uint64_t x) : v(vdupq_n_u64(x)) {}
  /// first, first + 1, … in all 64 bits.
  static Words counters(std::uint64_t first) { return vsetq_lane_u64(first + 1, vdupq_n_u64(first), 1); }
};
inline Words operator^(Words a, Words b) { return veorq_u64(a.v, b.v); }
/// The 64 bits of the words' products.
inline Words multiply(Words a, Words b) { return vmull_u32(vmovn_u64(a.v), vmovn_u64(b.v)); }
inline Words high(Words a) { return vshrq_n_u64(a.v, 32); }
/// [0, 1) by 24 bits of each word, a's and b's in turn.
inline void unit(Words a, Words b, Vec<float>* u) {
  const uint32x4_t bits = vreinterpretq_u32_u64(vsliq_n_u64(a.v, b.v, 32));
  *u = Vec<float>(vcvtq_f32_u32(vshrq_n_u32(bits, 8))) * Vec<float>(0x1p-24f);
}
/// [0, 1) by 53 bits of the pairs of words.
inline void unit(Words upper, Words lower, Vec<double>* u) {
  const uint64x2_t bits = vshrq_n_u64(vsliq_n_u64(lower.v, upper.v, 32), 11);
  *u = Vec<double>(vcvtq_f64_u64(bits)) * Vec<double>(0x1p-53);
}

// The square's rows become its columns.
inline void transpose(Vec<float> (&r)[4]) {
  interleave(r[0], r[2]);
  interleave(r[1], r[3]);
  interleave(r[0], r[1]);
  interleave(r[2], r[3]);
}
inline void transpose(Vec<double> (&r)[2]) { interleave(r[0], r[1]); }

// Vec of one element over the standard library: what the reference kernels compute with.
// Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/alone.inl"  // opened alone
#endif

template <class T>
struct Vec {
  static constexpr Index width = 1;
  T v;

  Vec() = default;
  explicit Vec(T x) : v(x) {}
  static Vec load(const T* p) { return Vec(*p); }
  static Vec load(const T* p, Index n) { return Vec(n > 0 ? *p : T(0)); }
  void store(T* p) const { *p = v; }
  void store(T* p, Index n) const {
    if (n > 0) *p = v;
  }
};

// Free functions: g++ compiles friends as the user's file is, not as the region they stand in.
template <class T>
Vec<T> operator+(Vec<T> a, Vec<T> b) {
  return Vec<T>(a.v + b.v);
}
template <class T>
Vec<T> operator-(Vec<T> a, Vec<T> b) {
  return Vec<T>(a.v - b.v);
}
template <class T>
Vec<T> operator*(Vec<T> a, Vec<T> b) {
  return Vec<T>(a.v * b.v);
}
template <class T>
Vec<T> operator/(Vec<T> a, Vec<T> b) {
  return Vec<T>(a.v / b.v);
}
template <class T>
Vec<T> operator-(Vec<T> a) {
  return Vec<T>(-a.v);
}
template <class T>
bool operator<(Vec<T> a, Vec<T> b) {
  return a.v < b.v;
}
template <class T>
bool operator==(Vec<T> a, Vec<T> b) {
  return a.v == b.v;
}

template <class T>
Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  return Vec<T>(a.v * b.v + c.v);
}
// Rounds once, whatever the machine; fma may round twice.
template <class T>
Vec<T> exact_fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  return Vec<T>(std::fma(a.v, b.v, c.v));
}
// NaN in the first argument comes out, NaN in the second does not.
template <class T>
Vec<T>(max)(Vec<T> a, Vec<T> b) {
  return b.v > a.v ? b : a;
}
template <class T>
Vec<T>(min)(Vec<T> a, Vec<T> b) {
  return b.v < a.v ? b : a;
}
template <class T>
Vec<T> select(bool mask, Vec<T> a, Vec<T> b) {
  return mask ? a : b;
}
template <class T>
Vec<T> abs(Vec<T> a) {
  return Vec<T>(std::abs(a.v));
}
template <class T>
Vec<T> sqrt(Vec<T> a) {
  return Vec<T>(std::sqrt(a.v));
}
template <class T>
Vec<T> floor(Vec<T> a) {
  return Vec<T>(std::floor(a.v));
}
template <class T>
Vec<T> round(Vec<T> a) {
  return Vec<T>(std::nearbyint(a.v));
}
template <class T>
Vec<T> exp(Vec<T> a) {
  return Vec<T>(std::exp(a.v));
}
template <class T>
Vec<T> exp_to_one(Vec<T> a) {
  return exp(a);
}
template <class T>
Vec<T> log(Vec<T> a) {
  return Vec<T>(std::log(a.v));
}
template <class T>
Vec<T> log1p(Vec<T> a) {
  return Vec<T>(std::log1p(a.v));
}
template <class T>
Vec<T> log1p_to_one(Vec<T> a) {
  return Vec<T>(std::log1p(a.v));
}
template <class T>
Vec<T> sin(Vec<T> a) {
  return Vec<T>(std::sin(a.v));
}
template <class T>
Vec<T> cos(Vec<T> a) {
  return Vec<T>(std::cos(a.v));
}
template <class T>
Vec<T> tanh(Vec<T> a) {
  return Vec<T>(std::tanh(a.v));
}
template <class T>
Vec<T> erf(Vec<T> a) {
  return Vec<T>(std::erf(a.v));
}
template <class T>
Vec<T> expm1(Vec<T> a) {
  return Vec<T>(std::expm1(a.v));
}
template <class T>
Vec<T> pow(Vec<T> a, Vec<T> b) {
  return Vec<T>(std::pow(a.v, b.v));
}
template <class T>
Vec<T> atan2(Vec<T> a, Vec<T> b) {
  return Vec<T>(std::atan2(a.v, b.v));
}
// x = mantissa * 2^exponent with mantissa in [0.5, 1).
template <class T>
void split(Vec<T> x, Vec<T>& mantissa, Vec<T>& exponent) {
  int e = 0;
  mantissa.v = std::frexp(x.v, &e);
  exponent.v = static_cast<T>(e);
}
// Two vectors become the elements a b a b …, in memory's order.
template <class T>
void interleave(Vec<T>&, Vec<T>&) {}
template <class T>
T first(Vec<T> a) {
  return a.v;
}
template <class T>
T sum(Vec<T> a) {
  return a.v;
}
template <class T>
T largest(Vec<T> a) {
  return a.v;
}

// As elements and lanes in double.
template <class T>
Vec<double> load_wide(const T* p) {
  return Vec<double>(static_cast<double>(*p));
}
template <class T>
Vec<double> load_wide(const T* p, Index n) {
  return Vec<double>(n > 0 ? static_cast<double>(*p) : 0.0);
}
template <class T>
Vec<double> wide(Vec<T> a) {
  return Vec<double>(static_cast<double>(a.v));
}

inline void store_mask(bool mask, std::uint8_t* p) { *p = mask; }
template <class T>
bool load_mask(const std::uint8_t* p, Vec<T>) {
  return *p != 0;
}

/// Words of 32 bits, one in the low half of each 64-bit lane; what the high halves hold does not matter.
struct Words {
  static constexpr Index width = 1;
  std::uint64_t v;

  Words() = default;
  explicit Words(std::uint64_t x) : v(x) {}
  /// first, first + 1, … in all 64 bits.
  static Words counters(std::uint64_t first) { return Words(first); }
};
inline Words operator^(Words a, Words b) { return Words(a.v ^ b.v); }
/// The 64 bits of the words' products.
inline Words multiply(Words a, Words b) { return Words((a.v & 0xffffffff) * (b.v & 0xffffffff)); }
inline Words high(Words a) { return Words(a.v >> 32); }
/// [0, 1) by 24 bits of each word, a's and b's in turn.
inline void unit(Words a, Words b, Vec<float>* u) {
  u[0] = Vec<float>(static_cast<float>((a.v & 0xffffffff) >> 8) * 0x1p-24f);
  u[1] = Vec<float>(static_cast<float>((b.v & 0xffffffff) >> 8) * 0x1p-24f);
}
/// [0, 1) by 53 bits of the pairs of words.
inline void unit(Words upper, Words lower, Vec<double>* u) {
  *u = Vec<double>(static_cast<double>((upper.v << 32 | (lower.v & 0xffffffff)) >> 11) * 0x1p-53);
}

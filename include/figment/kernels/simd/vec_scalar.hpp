// Vec of one element over the standard library: what the reference kernels compute with.
// Included inside an instruction set's namespace.

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

  friend Vec operator+(Vec a, Vec b) { return Vec(a.v + b.v); }
  friend Vec operator-(Vec a, Vec b) { return Vec(a.v - b.v); }
  friend Vec operator*(Vec a, Vec b) { return Vec(a.v * b.v); }
  friend Vec operator/(Vec a, Vec b) { return Vec(a.v / b.v); }
  friend Vec operator-(Vec a) { return Vec(-a.v); }
  friend bool operator<(Vec a, Vec b) { return a.v < b.v; }
  friend bool operator==(Vec a, Vec b) { return a.v == b.v; }

  friend Vec fma(Vec a, Vec b, Vec c) { return Vec(a.v * b.v + c.v); }
  // Rounds once, whatever the machine; fma may round twice.
  friend Vec exact_fma(Vec a, Vec b, Vec c) { return Vec(std::fma(a.v, b.v, c.v)); }
  // NaN in the first argument comes out, NaN in the second does not.
  friend Vec max(Vec a, Vec b) { return b.v > a.v ? b : a; }
  friend Vec min(Vec a, Vec b) { return b.v < a.v ? b : a; }
  friend Vec select(bool mask, Vec a, Vec b) { return mask ? a : b; }
  friend Vec abs(Vec a) { return Vec(std::abs(a.v)); }
  friend Vec sqrt(Vec a) { return Vec(std::sqrt(a.v)); }
  friend Vec exp(Vec a) { return Vec(std::exp(a.v)); }
  friend Vec log(Vec a) { return Vec(std::log(a.v)); }
  friend Vec log1p(Vec a) { return Vec(std::log1p(a.v)); }
  friend Vec log1p_to_one(Vec a) { return Vec(std::log1p(a.v)); }
  friend Vec tanh(Vec a) { return Vec(std::tanh(a.v)); }
  friend Vec erf(Vec a) { return Vec(std::erf(a.v)); }
  friend Vec expm1(Vec a) { return Vec(std::expm1(a.v)); }
  // x = mantissa * 2^exponent with mantissa in [0.5, 1).
  friend void split(Vec x, Vec& mantissa, Vec& exponent) {
    int e = 0;
    mantissa.v = std::frexp(x.v, &e);
    exponent.v = static_cast<T>(e);
  }
  // Two vectors become the elements a b a b …, in memory's order.
  friend void interleave(Vec&, Vec&) {}
  friend T first(Vec a) { return a.v; }
  friend T sum(Vec a) { return a.v; }
  friend T largest(Vec a) { return a.v; }
};

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

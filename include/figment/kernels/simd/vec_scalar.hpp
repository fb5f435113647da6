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
  // NaN in the first argument comes out, NaN in the second does not.
  friend Vec max(Vec a, Vec b) { return b.v > a.v ? b : a; }
  friend Vec min(Vec a, Vec b) { return b.v < a.v ? b : a; }
  friend Vec select(bool mask, Vec a, Vec b) { return mask ? a : b; }
  friend Vec abs(Vec a) { return Vec(std::abs(a.v)); }
  friend Vec sqrt(Vec a) { return Vec(std::sqrt(a.v)); }
  friend Vec exp(Vec a) { return Vec(std::exp(a.v)); }
  friend Vec log(Vec a) { return Vec(std::log(a.v)); }
  friend Vec log1p(Vec a) { return Vec(std::log1p(a.v)); }
  friend Vec tanh(Vec a) { return Vec(std::tanh(a.v)); }
  friend T first(Vec a) { return a.v; }
  friend T sum(Vec a) { return a.v; }
};

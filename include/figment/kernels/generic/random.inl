// Fills from Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), several
// counters at once. Every instruction set gives the same bits. Included inside an instruction set's
// namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/optimizer.inl"  // opened alone
#endif

class Philox {
 public:
  // Out of line: one copy for all fills.
  [[gnu::noinline]] explicit Philox(const RngState& s) : stream_low_(s.stream), stream_high_(s.stream >> 32) {
    auto k0 = static_cast<std::uint32_t>(s.seed), k1 = static_cast<std::uint32_t>(s.seed >> 32);
    for (auto& key : keys_) {
      key[0] = Words(k0), key[1] = Words(k1);
      k0 += 0x9E3779B9, k1 += 0xBB67AE85;
    }
  }

  /// The four words of each of Words::width blocks, from block `counter` on.
  void blocks(std::uint64_t counter, Words (&c)[4]) const {
    const Words m0(0xD2511F53), m1(0xCD9E8D57);
    c[0] = Words::counters(counter), c[1] = high(c[0]), c[2] = stream_low_, c[3] = stream_high_;
    FIGMENT_UNROLL for (const auto& key : keys_) {
      const Words p0 = multiply(c[0], m0), p1 = multiply(c[2], m1);
      c[0] = high(p1) ^ (c[1] ^ key[0]), c[1] = p1;
      c[2] = high(p0) ^ (c[3] ^ key[1]), c[3] = p0;
    }
  }

 private:
  Words stream_low_, stream_high_, keys_[10][2];
};

/// Values of T in Words::width blocks, as pairs of vectors.
template <class T>
inline constexpr Index random_group = Words::width * 16 / static_cast<Index>(sizeof(T));
template <class T>
inline constexpr Index random_pairs = random_group<T> / (2 * Vec<T>::width);

// What each draw makes of two vectors of numbers uniform in [0, 1). normal: Box and Muller (1958);
// 1 - a is in (0, 1], never log(0).
template <class V>
void draw(op::Uniform f, V& a, V& b) {
  a = exact_fma(a, constant(a, f.range), constant(a, f.low));
  b = exact_fma(b, constant(b, f.range), constant(b, f.low));
}
template <class V>
void draw(op::Normal f, V& a, V& b) {
  V mantissa, exponent, cosine, sine;
  split(constant(a, 1) - a, mantissa, exponent);
  const V radius = sqrt(log_of_parts(mantissa, exponent) * constant(a, -2));
  turn(b, cosine, sine);
  a = exact_fma(radius * cosine, constant(a, f.deviation), constant(a, f.mean));
  b = exact_fma(radius * sine, constant(a, f.deviation), constant(a, f.mean));
}
template <class V>
void draw(op::Bernoulli f, V& a, V& b) {
  a = select(a < constant(a, f.p), constant(a, 1), constant(a, 0));
  b = select(b < constant(b, f.p), constant(b, 1), constant(b, 0));
}

/// One group of values, in memory's order, from block `counter` on.
template <class Op, class T>
void random_values(Op f, const Philox& generator, std::uint64_t counter, Vec<T>* values) {
  Words c[4];
  generator.blocks(counter, c);
  constexpr Index pairs = random_pairs<T>;
  Vec<T> a[pairs], b[pairs];
  if constexpr (sizeof(T) == 4)
    unit(c[0], c[2], a), unit(c[1], c[3], b);
  else
    unit(c[0], c[1], a), unit(c[2], c[3], b);
  for (Index i = 0; i < pairs; ++i) {
    draw(f, a[i], b[i]);
    interleave(a[i], b[i]);
    values[2 * i] = a[i], values[2 * i + 1] = b[i];
  }
}

/// y = n values, from block s.counter on.
template <class Op, class T>
void random(Op f, const RngState& s, T* y, Index n) noexcept {
  using V = Vec<T>;
  constexpr Index count = 2 * random_pairs<T>;
  const Philox generator(s);
  std::uint64_t counter = s.counter;
  for (Index i = 0; i < n; counter += Words::width) {
    V values[count];
    random_values<Op, T>(f, generator, counter, values);
    for (Index v = 0; v < count && i < n; ++v, i += V::width)
      if (i + V::width <= n)
        values[v].store(y + i);
      else
        values[v].store(y + i, n - i);
  }
}

/// y = scale x where the number of that place in the fill is below `keep`, else 0; y may be x.
template <class T>
void dropout(const RngState& s, T keep, T scale, const T* x, T* y, Index n) noexcept {
  using V = Vec<T>;
  constexpr Index count = 2 * random_pairs<T>;
  const Philox generator(s);
  std::uint64_t counter = s.counter;
  for (Index i = 0; i < n; counter += Words::width) {
    V u[count];
    random_values<op::Uniform, T>({0, 1}, generator, counter, u);
    for (Index v = 0; v < count && i < n; ++v, i += V::width) {
      const bool whole = i + V::width <= n;
      const V in = whole ? V::load(x + i) : V::load(x + i, n - i);
      const V out = select(u[v] < V(keep), in * V(scale), V(T(0)));
      if (whole)
        out.store(y + i);
      else
        out.store(y + i, n - i);
    }
  }
}

// exp, log, log1p and tanh for a whole Vec. Range reduction and polynomials are those of the Cephes
// library (S. Moshier); the largest error of each, in units in the last place, is a row in
// tests/kernels/math_test.cpp. Included inside an instruction set's namespace.

template <class V>
V polynomial(V, V constant) {
  return constant;
}
/// Horner's rule, the highest coefficient first.
template <class V, class... C>
V polynomial(V x, V first, V second, C... rest) {
  return polynomial(x, fma(first, x, second), rest...);
}

inline Vec<float> exp(Vec<float> x) {
  using V = Vec<float>;
  // Beyond these the result is 0 or infinity; NaN passes through.
  const V c = min(max(x, V(-104.0f)), V(89.0f));
  const V n = round(c * V(1.44269504088896341f));
  V r = fma(n, V(-0.693359375f), c);
  r = fma(n, V(2.12194440e-4f), r);
  const V p = polynomial(r, V(1.9875691500e-4f), V(1.3981999507e-3f), V(8.3334519073e-3f),
                         V(4.1665795894e-2f), V(1.6666665459e-1f), V(5.0000001201e-1f));
  const V y = fma(p, r * r, r) + V(1.0f);
  // Two factors: one alone leaves the exponent's range at either end.
  const V half = floor(n * V(0.5f));
  return y * pow2(half) * pow2(n - half);
}

inline Vec<double> exp(Vec<double> x) {
  using V = Vec<double>;
  const V c = min(max(x, V(-746.0)), V(710.0));
  const V n = round(c * V(1.4426950408889634073599));
  V r = fma(n, V(-6.93145751953125e-1), c);
  r = fma(n, V(-1.42860682030941723212e-6), r);
  const V rr = r * r;
  const V p = r * polynomial(rr, V(1.26177193074810590878e-4), V(3.02994407707441961300e-2), V(1.0));
  const V q = polynomial(rr, V(3.00198505138664455042e-6), V(2.52448340349684104192e-3),
                         V(2.27265548208155028766e-1), V(2.0));
  const V y = fma(V(2.0), p / (q - p), V(1.0));
  const V half = floor(n * V(0.5));
  return y * pow2(half) * pow2(n - half);
}

// The part of log shared by both types: scales subnormals up, splits off the exponent, brings the
// mantissa to [sqrt(1/2), sqrt(2)) - 1.
template <class T>
void reduce_log(Vec<T> x, T tiny, T scale, T shift, Vec<T>& mantissa, Vec<T>& exponent) {
  using V = Vec<T>;
  const auto small = x < V(tiny);
  split(select(small, x * V(scale), x), mantissa, exponent);
  exponent = exponent - select(small, V(shift), V(T(0)));
  const auto low = mantissa < V(T(0.70710678118654752440));
  exponent = exponent - select(low, V(T(1)), V(T(0)));
  mantissa = select(low, mantissa + mantissa, mantissa) - V(T(1));
}

// log's values where the formula has none: -inf at 0, NaN below, infinity and NaN themselves.
template <class T>
Vec<T> log_edges(Vec<T> x, Vec<T> y) {
  using V = Vec<T>;
  constexpr T inf = std::numeric_limits<T>::infinity();
  y = select(V(T(0)) < x, y, select(x < V(T(0)), V(std::numeric_limits<T>::quiet_NaN()), V(-inf)));
  return select(x < V(inf), y, x);
}

inline Vec<float> log(Vec<float> x) {
  using V = Vec<float>;
  V m, e;
  reduce_log(x, 0x1p-126f, 0x1p25f, 25.0f, m, e);
  const V z = m * m;
  V y = m * z *
        polynomial(m, V(7.0376836292e-2f), V(-1.1514610310e-1f), V(1.1676998740e-1f), V(-1.2420140846e-1f),
                   V(1.4249322787e-1f), V(-1.6668057665e-1f), V(2.0000714765e-1f), V(-2.4999993993e-1f),
                   V(3.3333331174e-1f));
  y = fma(e, V(-2.12194440e-4f), y);
  y = fma(z, V(-0.5f), y);
  return log_edges(x, fma(e, V(0.693359375f), m + y));
}

inline Vec<double> log(Vec<double> x) {
  using V = Vec<double>;
  V m, e;
  reduce_log(x, 0x1p-1022, 0x1p54, 54.0, m, e);
  const V z = m * m;
  const V p =
      polynomial(m, V(1.01875663804580931796e-4), V(4.97494994976747001425e-1), V(4.70579119878881725854),
                 V(1.44989225341610930846e1), V(1.79368678507819816313e1), V(7.70838733755885391666));
  const V q =
      polynomial(m, V(1.0), V(1.12873587189167450590e1), V(4.52279145837532221105e1),
                 V(8.29875266912776603211e1), V(7.11544750618563894466e1), V(2.31251620126765340583e1));
  V y = m * (z * p / q);
  y = fma(e, V(-2.121944400546905827679e-4), y);
  y = fma(z, V(-0.5), y);
  return log_edges(x, fma(e, V(0.693359375), m + y));
}

// log(1 + x) without losing small x: the rounding of 1 + x is undone by the quotient (Kahan).
template <class T>
Vec<T> log1p(Vec<T> x) {
  const Vec<T> one(T(1)), u = one + x, d = u - one;
  return select(abs(d) < Vec<T>(std::numeric_limits<T>::min()), x, log(u) * (x / d));
}

inline Vec<float> tanh_near_zero(Vec<float> x) {
  using V = Vec<float>;
  const V z = x * x;
  const V p = polynomial(z, V(-5.70498872745e-3f), V(2.06390887954e-2f), V(-5.37397155531e-2f),
                         V(1.33314422036e-1f), V(-3.33332819422e-1f));
  return fma(p * z, x, x);
}
inline Vec<double> tanh_near_zero(Vec<double> x) {
  using V = Vec<double>;
  const V z = x * x;
  const V p = polynomial(z, V(-9.64399179425052238628e-1), V(-9.92877231001918586564e1),
                         V(-1.61468768441708447952e3));
  const V q = polynomial(z, V(1.0), V(1.12811678491632931402e2), V(2.23548839060100448583e3),
                         V(4.84406305325125486048e3));
  return fma(x * z, p / q, x);
}

template <class T>
Vec<T> tanh(Vec<T> x) {
  using V = Vec<T>;
  const V a = abs(x), one(T(1));
  const V far = one - V(T(2)) / (exp(a + a) + one);
  return select(a < V(T(0.625)), tanh_near_zero(x), select(x < V(T(0)), -far, far));
}

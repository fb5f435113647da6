// exp, expm1, log, log1p, tanh, erf, sin, cos and pow for a whole Vec. Range reduction and polynomials of all
// but erf are those of the Cephes library (S. Moshier). Largest errors in units in the last place, float and
// double, each a row of tests/kernels/math_test.cpp: exp 1.25 and 1.75, expm1 1.5 and 3.5, log 1 and 1,
// log1p 2.25 and 2.25, tanh 1.5 and 1.5, erf 1.25 and 1.25; of the formulas over them sigmoid 2.25 and 2.25,
// softplus 2.5 and 2.5, sin and cos 2.5 and 2, pow 0.55 and the C library's. Included inside an instruction
// set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/portable_math.inl"  // opened alone
#endif

// e^x - 1 for x = n log(2) + r, |r| hardly more than half of log(2), of r alone.
inline Vec<float> exp_tail(Vec<float> x, Vec<float> n) {
  using V = Vec<float>;
  V r = fma(n, V(-0.693359375f), x);
  r = fma(n, V(2.12194440e-4f), r);
  // Least maximum error, relative to the result: 2^-25.8. In two branches: additions that wait for each other
  // keep the next vector from beginning.
  const V rr = r * r, low = fma(V(1.6666543484e-1f), r, V(4.999999702e-1f));
  const V high = fma(fma(V(1.3882521307e-3f), r, V(8.3665205166e-3f)), r, V(4.1667200625e-2f));
  return fma(fma(high, rr, low), rr, r);
}
inline Vec<double> exp_tail(Vec<double> x, Vec<double> n) {
  using V = Vec<double>;
  V r = fma(n, V(-6.93145751953125e-1), x);
  r = fma(n, V(-1.42860682030941723212e-6), r);
  const V rr = r * r;
  const V p = r * polynomial(rr, V(1.26177193074810590878e-4), V(3.02994407707441961300e-2), V(1.0));
  const V q = polynomial(rr, V(3.00198505138664455042e-6), V(2.52448340349684104192e-3),
                         V(2.27265548208155028766e-1), V(2.0));
  return V(2.0) * (p / (q - p));
}

// e^x = 2^n (1 + tail). Beyond the clamps the result is 0 or infinity; NaN passes through.
template <class T>
void exp_parts(Vec<T> x, Vec<T>& n, Vec<T>& tail) {
  using V = Vec<T>;
  constexpr bool single = sizeof(T) == 4;
  const V c = (min)((max)(x, V(T(single ? -104 : -746))), V(T(single ? 89 : 710)));
  n = round(c * V(T(1.4426950408889634073599)));
  tail = exp_tail(c, n);
}

// e^x for x <= 0, in two thirds of exp's time: one power of 2 does. What would be below the normal numbers
// is 0.
template <class T>
Vec<T> exp_to_one(Vec<T> x) {
  using V = Vec<T>;
  constexpr bool single = sizeof(T) == 4;
  // Whose last bits are those of n, with the exponent's bias.
  constexpr T whole = single ? T(0x1.8p23 + 127) : T(0x1.8p52 + 1023);
  const V c = (max)(x, V(T(single ? -88 : -709)));
  const V t = fma(c, V(T(1.4426950408889634073599)), V(whole));
  const V power = bits_to_exponent(t);
  return fma(exp_tail(c, t - V(whole)), power, power);
}

template <class T>
Vec<T> exp(Vec<T> x) {
  Vec<T> n, tail;
  exp_parts(x, n, tail);
  // Two factors: one alone leaves the exponent's range at either end.
  const Vec<T> half = floor(n * Vec<T>(T(0.5)));
  return (tail + Vec<T>(T(1))) * pow2(half) * pow2(n - half);
}

// e^x - 1 without losing small x.
template <class T>
Vec<T> expm1(Vec<T> x) {
  using V = Vec<T>;
  V n, tail;
  exp_parts(x, n, tail);
  // Half of 2^n, which alone may be infinite; below 2^-60 the result is -1.
  const V scale = pow2((max)(n, V(T(-60))) - V(T(1)));
  return V(T(2)) * fma(scale, tail, scale - V(T(0.5)));
}

// log's values where the formula has none: -inf at 0, NaN below, infinity and NaN themselves.
template <class T>
Vec<T> log_edges(Vec<T> x, Vec<T> y) {
  using V = Vec<T>;
  constexpr T inf = std::numeric_limits<T>::infinity();
  y = select(V(T(0)) < x, y, select(x < V(T(0)), V(std::numeric_limits<T>::quiet_NaN()), V(-inf)));
  return select(x < V(inf), y, x);
}

template <class T>
Vec<T> log(Vec<T> x) {
  using V = Vec<T>;
  // Subnormal numbers are scaled up first.
  constexpr int digits = std::numeric_limits<T>::digits + 1;
  const auto tiny = x < V((std::numeric_limits<T>::min)());
  V mantissa, exponent;
  split(select(tiny, x * V(static_cast<T>(std::int64_t{1} << digits)), x), mantissa, exponent);
  exponent = exponent - select(tiny, V(T(digits)), V(T(0)));
  return log_edges(x, log_of_parts(mantissa, exponent));
}

// log(1 + x) without losing small x: the rounding of 1 + x is undone by the quotient (Kahan).
template <class T>
Vec<T> log1p(Vec<T> x) {
  const Vec<T> one(T(1)), u = one + x, d = u - one;
  return select(abs(d) < Vec<T>((std::numeric_limits<T>::min)()), x, log(u) * (x / d));
}

// log(1 + x) for x in [0, 1]: with s = x / (2 + x), 2 atanh(s) = 2 s (1 + s^2 Q(s^2)). Least maximum relative
// error: 2^-33 in float, 2^-59 in double.
inline Vec<float> atanh_tail(Vec<float> w) {
  using V = Vec<float>;
  return polynomial(w, V(1.214478284e-1f), V(1.0715369897e-1f), V(1.4308298347e-1f), V(1.9999444181e-1f),
                    V(3.333333775e-1f));
}
inline Vec<double> atanh_tail(Vec<double> w) {
  using V = Vec<double>;
  return polynomial(w, V(0.085048781849834199217), V(0.041724862822462129837), V(0.060524722308888069207),
                    V(0.066505607276937394645), V(0.07693274193038159289), V(0.090908722396772242059),
                    V(0.11111111976821391306), V(0.14285714274058948522), V(0.20000000000077559752),
                    V(0.33333333333333154841));
}
template <class T>
Vec<T> log1p_to_one(Vec<T> x) {
  const Vec<T> s = x / (Vec<T>(T(2)) + x), twice = s + s, w = s * s;
  return fma(twice * w, atanh_tail(w), twice);
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
  const V limit = one - V(T(2)) / (exp(a + a) + one);
  return select(a < V(T(0.625)), tanh_near_zero(x), select(x < V(T(0)), -limit, limit));
}

// x + x P(x^2): the sum rounds last, and P is small.
inline Vec<float> erf_near_zero(Vec<float> x) {
  using V = Vec<float>;
  const V p = polynomial(x * x, V(7.8538775316e-5f), V(-8.0101982624e-4f), V(5.1883281864e-3f),
                         V(-2.6853812191e-2f), V(1.1283585155e-1f), V(-3.7612625825e-1f), V(1.283791657e-1f));
  return fma(p, x, x);
}
inline Vec<double> erf_near_zero(Vec<double> x) {
  using V = Vec<double>;
  const V p =
      polynomial(x * x, V(5.9452900310372855025e-11), V(-1.1365683248456952565e-9),
                 V(1.4657884472637241672e-8), V(-1.6350025936209924798e-7), V(1.6460972886829844585e-6),
                 V(-1.4925593511401866208e-5), V(1.205533103709396452e-4), V(-8.5483269787477019676e-4),
                 V(5.2239776247809648915e-3), V(-2.6866170645072905183e-2), V(1.1283791670954857548e-1),
                 V(-3.7612638903183747605e-1), V(1.283791670955125737e-1));
  return fma(p, x, x);
}
// -log(1 - erf(a)) for a >= 1 and up to where erf rounds to 1.
inline Vec<float> minus_log_erfc(Vec<float> a) {
  using V = Vec<float>;
  return polynomial((min)(a, V(3.92f)), V(-1.863784948e-4f), V(2.9476515506e-3f), V(-2.1838037295e-2f),
                    V(1.0310669948e-1f), V(6.3814489514e-1f), V(1.1270891535f), V(3.4153177665e-4f));
}
inline Vec<double> minus_log_erfc(Vec<double> a) {
  using V = Vec<double>;
  return polynomial((min)(a, V(5.93)), V(4.9282833546443529228e-12), V(-2.0448470684805615996e-10),
                    V(3.9340812226746930363e-9), V(-4.6421243142173502091e-8), V(3.7329284268415608533e-7),
                    V(-2.1356347664189498014e-6), V(8.6670374091218144153e-6), V(-2.2822258264784574771e-5),
                    V(2.0266463552042545477e-5), V(1.3504992154721357454e-4), V(-7.7064121903306094103e-4),
                    V(1.9159393874801670862e-3), V(-4.1062280587022074337e-4), V(-1.8990183434001660642e-2),
                    V(1.0270344239356604258e-1), V(6.3664362687742370918e-1), V(1.1283740897841437385),
                    V(5.0281393805450665511e-7));
}

// Polynomials of least maximum relative error, 2^-29 in float and 2^-55 in double.
template <class T>
Vec<T> erf(Vec<T> x) {
  using V = Vec<T>;
  const V a = abs(x), one(T(1)), limit = one - exp(-minus_log_erfc(a));
  return select(a < one, erf_near_zero(x), select(x < V(T(0)), -limit, limit));
}

// pi/2 in three parts of all a number's digits, and how far a multiple of it may be taken off by them: whole
// numbers of quarters are exact, and wherever x is close to one, so is the difference of its first two parts.
template <class T>
struct QuarterTurn {
  static constexpr bool single = sizeof(T) == 4;
  static constexpr T first = single ? T(1.57079637f) : T(1.5707963267948966);
  static constexpr T second = single ? T(-4.37113883e-8f) : T(6.123233995736766e-17);
  static constexpr T third = single ? T(-1.71512451e-15f) : T(-1.4973849048591698e-33);
  static constexpr T farthest = single ? T(65536) : T(1 << 30);
};

// (sin(x) - x) / x^3 by x^2, |x| <= 1.58, of least maximum relative error in the sine: 2^-27 in float, 2^-61
// in double.
inline Vec<float> sine_tail(Vec<float> z) {
  using V = Vec<float>;
  return polynomial(z, V(2.6021029751e-6f), V(-1.98080110664e-4f), V(8.33304567304e-3f),
                    V(-1.66666588037e-1f));
}
inline Vec<double> sine_tail(Vec<double> z) {
  using V = Vec<double>;
  return polynomial(z, V(2.720116529047937807e-15), V(-7.6428924785837764097e-13),
                    V(1.6058935963574533151e-10), V(-2.5052106799684656157e-8), V(2.7557319210354355952e-6),
                    V(-1.9841269841204748793e-4), V(8.3333333333331822407e-3), V(-1.666666666666666546e-1));
}

// Arguments of any size, one by one by the C library.
template <class T>
[[gnu::noinline]] Vec<T> far_sine(Vec<T> x, bool cosine) noexcept {
  T values[Vec<T>::width];
  x.store(values);
  for (T& v : values) v = cosine ? std::cos(v) : std::sin(v);
  return Vec<T>::load(values);
}

// Of r = x - quarters pi/2, |r| <= pi/2, the sine; minus it if half_turns is odd.
template <class T>
Vec<T> sine_of_rest(Vec<T> x, Vec<T> quarters, Vec<T> half_turns) {
  using V = Vec<T>;
  V r = fma(quarters, V(-QuarterTurn<T>::first), x);
  r = fma(quarters, V(-QuarterTurn<T>::second), r);
  r = fma(quarters, V(-QuarterTurn<T>::third), r);
  const V z = r * r, y = fma(r * z, sine_tail(z), r), turns = half_turns * V(T(0.5));
  return select(floor(turns) < turns, -y, y);
}
template <class T>
Vec<T> sin(Vec<T> x) {
  using V = Vec<T>;
  if (any(V(QuarterTurn<T>::farthest) < abs(x))) return far_sine(x, false);
  const V n = round(x * V(T(0.31830988618379067154)));
  return select(x == V(T(0)), x, sine_of_rest(x, n + n, n));  // the sum would lose the sign of -0
}
// By the odd number of quarters next to x: cos(x) = -sin(x - (2n + 1) pi/2) if n is even.
template <class T>
Vec<T> cos(Vec<T> x) {
  using V = Vec<T>;
  if (any(V(QuarterTurn<T>::farthest) < abs(x))) return far_sine(x, true);
  const V one(T(1)), n = round(fma(x, V(T(0.31830988618379067154)), V(T(-0.5))));
  return sine_of_rest(x, n + n + one, n + one);
}

// (atan(x) - x) / x^3 by x^2, Cephes' (S. Moshier): |x| up to tan(pi/8) in float, 0.66 in double.
inline Vec<float> atan_tail(Vec<float> z) {
  using V = Vec<float>;
  return polynomial(z, V(8.05374449538e-2f), V(-1.38776856032e-1f), V(1.99777106478e-1f),
                    V(-3.33329491539e-1f));
}
inline Vec<double> atan_tail(Vec<double> z) {
  using V = Vec<double>;
  const V p =
      polynomial(z, V(-8.750608600031904122785e-1), V(-1.615753718733365076637e1),
                 V(-7.500855792314704667340e1), V(-1.228866684490136173410e2), V(-6.485021904942025371773e1));
  const V q =
      polynomial(z, V(1.0), V(2.485846490142306297962e1), V(1.650270098316988542046e2),
                 V(4.328810604912902668951e2), V(4.853903996359136964868e2), V(1.945506571482613964425e2));
  return p / q;
}
// The angle of (b, a): of the lesser side by the larger, at most pi/4, then mirrored into its octant.
template <class T>
Vec<T> atan2(Vec<T> a, Vec<T> b) {
  using V = Vec<T>;
  const V zero(T(0)), one(T(1)), u = abs(a), v = abs(b);
  const auto steep = v < u;
  const V longer = select(steep, u, v), shorter = select(steep, v, u);
  // Both 0, or both infinite.
  const V x = select(shorter == longer, select(longer == zero, zero, one), shorter / longer);
  const auto upper = V(T(sizeof(T) == 4 ? 0.41421356237309505 : 0.66)) < x;
  const V r = select(upper, (x - one) / (x + one), x), z = r * r;
  V y = fma(r * z, atan_tail(z), r);
  // Half of pi is rounded as much as y: in two parts.
  const auto from_quarters = [](T quarters, V angle) FIGMENT_INLINE {
    return V(quarters * QuarterTurn<T>::first) - (angle - V(quarters * QuarterTurn<T>::second));
  };
  y = select(upper, from_quarters(T(0.5), -y), y);
  y = select(steep, from_quarters(T(1), y), y);
  // The sign of 0 counts.
  y = select(select(b == zero, one / b, b) < zero, from_quarters(T(2), y), y);
  return select(select(a == zero, one / a, a) < zero, -y, y);
}

// log2(m) for m in [sqrt(1/2), sqrt(2)), to 2^-37 of what it is.
inline Vec<double> short_log2(Vec<double> m) {
  using V = Vec<double>;
  const V s = (m - V(1.0)) / (m + V(1.0)), z = s * s;
  return s * polynomial(z, V(0.3407280082596890922), V(0.411672826895144172), V(0.5770835832694418742),
                        V(0.9617966733500601358), V(2.885390081790080172));
}
// 2^x to 2^-29; beyond float's range it is 0 or infinity in float.
inline Vec<double> short_exp2(Vec<double> x) {
  using V = Vec<double>;
  // Added to it, a number is rounded to a whole one, whose exponent is in the sum's last bits.
  const V whole(0x1.8p52 + 1023);
  const V c = (min)((max)(x, V(-200.0)), V(200.0)), n = c + whole;
  return bits_to_exponent(n) * polynomial(c - (n - whole), V(1.534581215874018248e-4),
                                          V(1.339993120947414049e-3), V(9.618488956522791571e-3),
                                          V(5.550328776997663764e-2), V(2.402264689063957213e-1),
                                          V(6.931472057372526754e-1), V(1.000000000554166299));
}
// pow's values where the formula, which is of |a|, has none.
[[gnu::noinline]] inline Vec<float> pow_edges(Vec<float> a, Vec<float> b, Vec<float> y) noexcept {
  using V = Vec<float>;
  const V zero(0.0f), one(1.0f), inf(std::numeric_limits<float>::infinity()), x = abs(a), half = b * V(0.5f);
  y = select(x == zero, select(b < zero, inf, zero), y);
  y = select(x == inf, select(b < zero, zero, inf), y);
  y = select(x == x, select(b == b, y, b), x);
  // Of a negative a, -0 among them: a sign for odd b, and nothing for b that is not whole.
  const V unsign = select(x == zero, y, select(x == inf, y, V(std::numeric_limits<float>::quiet_NaN())));
  const V signed_y = select(floor(b) == b, select(floor(half) < half, -y, y), unsign);
  y = select(select(x == zero, one / a, a) < zero, signed_y, y);
  // 1 of whatever the other is, and for -1 of an infinite b.
  y = select(b == zero, one, select(a == one, one, y));
  return select(x == one, select(abs(b) == inf, one, y), y);
}
// a^b = 2^(b log2 a), where an error of the logarithm is multiplied by up to 128: in double, half of whose
// digits are enough.
inline Vec<float> pow(Vec<float> a, Vec<float> b) {
  using V = Vec<float>;
  using Limits = std::numeric_limits<float>;
  V x = abs(a), m, e, y;
  // b - b is NaN of what is not finite.
  const V least((Limits::min)()), normal = (min)((max)(a, least), V((Limits::max)()));
  const bool plain = all(select(normal == a, b - b, V(1.0f)) == V(0.0f));
  if (!plain) x = x * select(x < least, V(0x1p24f), V(1.0f));
  split_at_root(x, m, e);
  if (!plain) e = e - select(abs(a) < least, V(24.0f), V(0.0f));
  Vec<double> m0, m1, e0, e1, b0, b1;
  widen(m, m0, m1);
  widen(e, e0, e1);
  widen(b, b0, b1);
  y = narrow(short_exp2(b0 * (e0 + short_log2(m0))), short_exp2(b1 * (e1 + short_log2(m1))));
  return plain ? y : pow_edges(a, b, y);
}
// To double's last digit by the C library, one by one.
[[gnu::noinline]] inline Vec<double> pow(Vec<double> a, Vec<double> b) noexcept {
  double base[Vec<double>::width], exponent[Vec<double>::width];
  a.store(base);
  b.store(exponent);
  for (Index i = 0; i < Vec<double>::width; ++i) base[i] = std::pow(base[i], exponent[i]);
  return Vec<double>::load(base);
}

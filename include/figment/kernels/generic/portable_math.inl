// Mathematics with the same bits on every instruction set, for random numbers: each operation rounds once,
// and no product is the operand of a sum, which a compiler may contract. Included inside an instruction
// set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/vec.inl"  // opened alone
#endif

template <class V>
V polynomial(V, V constant) {
  return constant;
}
/// Horner's rule, the highest coefficient first.
template <class V, class... C>
V polynomial(V x, V first, V second, C... rest) {
  return polynomial(x, exact_fma(first, x, second), rest...);
}

// The logarithm of mantissa * 2^exponent, mantissa in [0.5, 1): Cephes' logf and log (S. Moshier), on the
// mantissa brought to [sqrt(1/2), sqrt(2)) - 1.
template <class T>
Vec<T> log_of_parts(Vec<T> mantissa, Vec<T> exponent) {
  using V = Vec<T>;
  const auto low = mantissa < V(T(0.70710678118654752440));
  const V e = exponent - select(low, V(T(1)), V(T(0)));
  const V m = select(low, mantissa + mantissa, mantissa) - V(T(1)), z = m * m;
  V y;
  if constexpr (sizeof(T) == 4) {
    y = m * z *
        polynomial(m, V(7.0376836292e-2f), V(-1.1514610310e-1f), V(1.1676998740e-1f), V(-1.2420140846e-1f),
                   V(1.4249322787e-1f), V(-1.6668057665e-1f), V(2.0000714765e-1f), V(-2.4999993993e-1f),
                   V(3.3333331174e-1f));
  } else {
    const V p =
        polynomial(m, V(1.01875663804580931796e-4), V(4.97494994976747001425e-1), V(4.70579119878881725854),
                   V(1.44989225341610930846e1), V(1.79368678507819816313e1), V(7.70838733755885391666));
    const V q =
        polynomial(m, V(1.0), V(1.12873587189167450590e1), V(4.52279145837532221105e1),
                   V(8.29875266912776603211e1), V(7.11544750618563894466e1), V(2.31251620126765340583e1));
    y = m * (z * p / q);
  }
  y = exact_fma(e, V(T(-2.121944400546905827679e-4)), y);
  y = exact_fma(z, V(T(-0.5)), y);
  return exact_fma(e, V(T(0.693359375)), m + y);
}

// cos and sin of v turns, v in [0, 1): with w = 4v - 2 in [-2, 2) and x = 1 - |w|, all exact,
// cos = -sin(x pi/2) = -x P(x^2) and sin = -sign(w) cos(x pi/2) = -w (2 - |w|) Q(x^2). Least maximum relative
// error: 2^-27 and 2^-30 in float, 2^-62 and 2^-65 in double.
template <class T>
void turn(Vec<T> v, Vec<T>& cosine, Vec<T>& sine) {
  using V = Vec<T>;
  const V w = exact_fma(v, V(T(4)), V(T(-2))), a = abs(w), x = V(T(1)) - a, z = x * x;
  V p, q;
  if constexpr (sizeof(T) == 4) {
    p = polynomial(z, V(1.5148513943e-4f), V(-4.6737666352e-3f), V(7.9689678967e-2f), V(-6.4596371061e-1f),
                   V(1.5707963184f));
    q = polynomial(z, V(2.3587985003e-5f), V(-8.9350992941e-4f), V(1.9968590081e-2f), V(-2.3370050299e-1f),
                   V(1.0f));
  } else {
    p = polynomial(z, V(5.8706110598043750733e-12), V(-6.6843217226578908608e-10),
                   V(5.6921348727194037512e-8), V(-3.5988430072082329075e-6), V(1.6044118470682150297e-4),
                   V(-4.6817541353026423149e-3), V(7.9692626246165435568e-2), V(-6.4596409750624619108e-1),
                   V(1.5707963267948966188));
    q = polynomial(z, V(5.107486932499205477e-13), V(-6.5104897217910566156e-11), V(6.3214402610820928933e-9),
                   V(-4.647659910487555257e-7), V(2.4737276358579245724e-5), V(-8.9452299847357849528e-4),
                   V(1.9968957764878067934e-2), V(-2.3370055013616982283e-1), V(1.0));
  }
  cosine = -(x * p);
  sine = -(w * (V(T(2)) - a) * q);
}

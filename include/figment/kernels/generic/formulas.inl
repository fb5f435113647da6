// What each tag of kernels/op.hpp computes, for any Vec. Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/math.inl"  // opened alone
#endif

template <class T>
Vec<T> constant(const Vec<T>&, double c) {
  return Vec<T>(static_cast<T>(c));
}

template <class V>
V apply(op::Identity, V x) {
  return x;
}
template <class V>
V apply(op::Affine f, V x) {
  return fma(x, constant(x, f.scale), constant(x, f.shift));
}
template <class V>
V apply(op::Square, V x) {
  return x * x;
}
template <class V>
V apply(op::Exp, V x) {
  return exp(x);
}
template <class V>
V apply(op::Log, V x) {
  return log(x);
}
template <class V>
V apply(op::Sqrt, V x) {
  return sqrt(x);
}
template <class V>
V apply(op::Cube, V x) {
  return x * x * x;
}
// As C's pow has it: infinity of either infinity, and 0 of either 0.
template <class V>
V apply(op::PowHalf, V x) {
  const V root = sqrt(x + constant(x, 0)), infinity = constant(x, std::numeric_limits<double>::infinity());
  return select(x == -infinity, infinity, root);
}
template <class V>
V apply(op::PowMinusHalf, V x) {
  return constant(x, 1) / apply(op::PowHalf{}, x);
}
// The square of the quotient: that of x may overflow where this one does not.
template <class V>
V apply(op::PowMinusTwo, V x) {
  const V inverse = constant(x, 1) / x;
  return inverse * inverse;
}
template <class V>
V apply(op::Tanh, V x) {
  return tanh(x);
}
template <class V>
V apply(op::Sigmoid, V x) {
  return constant(x, 1) / (constant(x, 1) + exp(-x));
}
template <class V>
V apply(op::Softplus, V x) {
  return (max)(x, constant(x, 0)) + log1p_to_one(exp(-abs(x)));
}
template <class V>
V apply(op::Relu, V x) {
  return (max)(x, constant(x, 0));
}
template <class V>
V apply(op::LeakyRelu f, V x) {
  return select(x < constant(x, 0), x * constant(x, f.slope), x);
}
template <class V>
V apply(op::Log1p, V x) {
  // Its quotient is NaN at infinity.
  return select(x < constant(x, std::numeric_limits<double>::infinity()), log1p(x), x);
}
template <class V>
V apply(op::Expm1, V x) {
  return expm1(x);
}
template <class V>
V apply(op::Erf, V x) {
  return erf(x);
}
template <class V>
V apply(op::Sin, V x) {
  return sin(x);
}
template <class V>
V apply(op::Cos, V x) {
  return cos(x);
}
// A NaN stays, and so does 0.
template <class V>
V apply(op::Sign, V x) {
  const V zero = constant(x, 0);
  return select(zero < x, constant(x, 1), select(x < zero, constant(x, -1), x * zero));
}
template <class V>
V apply(op::Abs, V x) {
  return abs(x);
}
template <class V>
V apply(op::Clamp f, V x) {
  return (min)((max)(x, constant(x, f.low)), constant(x, f.high));
}
template <class V>
V apply(op::Elu f, V x) {
  return select(x < constant(x, 0), constant(x, f.alpha) * expm1(x), x);
}
// The functions below are straight where x is beyond these bounds, to the last digit. Infinite x would be
// multiplied by a factor that is 0 there.
template <class V>
V curved_below(V x) {
  return (max)(x, constant(x, -1e4));
}
template <class V>
V curved(V x) {
  return (min)(curved_below(x), constant(x, 1e4));
}
template <class V>
V apply(op::Silu, V x) {
  const V c = curved_below(x);
  return c / (constant(x, 1) + exp(-c));
}
// The normal distribution function.
template <class V>
V normal_below(V x) {
  return fma(constant(x, 0.5), erf(x * constant(x, 0.70710678118654752440)), constant(x, 0.5));
}
template <class V>
V apply(op::Gelu, V x) {
  const V c = curved_below(x);
  return c * normal_below(c);
}
// tanh's argument in gelu's approximation: sqrt(2 / pi) (x + 0.044715 x^3).
template <class V>
V gelu_inner(V x) {
  return x * fma(constant(x, 0.7978845608028653559 * 0.044715), x * x, constant(x, 0.7978845608028653559));
}
template <class V>
V apply(op::GeluTanh, V x) {
  const V c = curved_below(x);
  return constant(x, 0.5) * c * (constant(x, 1) + tanh(gelu_inner(c)));
}

template <class V>
V apply(op::LogSigmoid, V x) {
  return (min)(x, constant(x, 0)) - log1p_to_one(exp(-abs(x)));
}
template <class V>
V apply(op::Tan, V x) {
  return sin(x) / cos(x);
}
template <class V>
V apply(op::Floor, V x) {
  return floor(x);
}
template <class V>
V apply(op::Ceil, V x) {
  return -floor(-x);
}
template <class V>
V apply(op::Round, V x) {
  return round(x);
}

template <class V>
V apply(op::Add, V a, V b) {
  return a + b;
}
template <class V>
V apply(op::Sub, V a, V b) {
  return a - b;
}
template <class V>
V apply(op::Mul, V a, V b) {
  return a * b;
}
template <class V>
V apply(op::Div, V a, V b) {
  return a / b;
}
template <class V>
V apply(op::Pow, V a, V b) {
  return pow(a, b);
}
template <class V>
V apply(op::Atan2, V a, V b) {
  return atan2(a, b);
}
// A NaN in b stays.
template <class V>
V apply(op::XLogY, V a, V b) {
  const V zero = constant(a, 0);
  return select(a == zero, select(b == b, zero, b), a * log(b));
}
// Infinite 0^-1 times 0, where both are 0, would be no number, and an infinite b times a power of 0 is 0 in
// the limit.
template <class V>
V apply(op::PowSlope, V a, V b) {
  const V zero = constant(a, 0), one = constant(a, 1),
          infinity = constant(a, std::numeric_limits<double>::infinity());
  const V power = pow(a, b - select(a == zero, select(b == zero, zero, one), one));
  return power * select(power == zero, select(abs(b) == infinity, zero, b), b);
}
// Where y is 0 its product with the logarithm is 0 in the limit, and at 0^0 it is as PyTorch has it.
template <class V>
V apply(op::PowSlopeByExponent, V y, V a) {
  const V zero = constant(a, 0), slope = y * log(a);
  return select(y == zero, select(a < zero, slope, zero),
                select(a == zero, select(y == constant(a, 1), zero, slope), slope));
}
// max and min alone would drop a NaN in b.
template <class V>
V apply(op::Maximum, V a, V b) {
  return select(b == b, (max)(a, b), b);
}
template <class V>
V apply(op::Minimum, V a, V b) {
  return select(b == b, (min)(a, b), b);
}
template <class V>
V apply(op::Equal, V a, V b) {
  const V one = constant(a, 1), zero = constant(a, 0);
  return select(a == b, one, select(a == a, zero, select(b == b, zero, one)));
}
template <class V>
auto apply(op::Greater, V a, V b) {
  return b < a;
}
template <class V>
auto apply(op::Less, V a, V b) {
  return a < b;
}
template <class V>
auto apply(op::Same, V a, V b) {
  return a == b;
}
template <class V>
V apply(op::Share, V dy, V share) {
  const V zero = constant(share, 0);
  return select(share == zero, zero, dy * share);
}
template <class V>
V apply(op::Lerp f, V a, V b) {
  // From the nearer end: exact at both.
  return f.weight < 0.5 ? fma(constant(a, f.weight), b - a, a) : fma(constant(a, f.weight - 1), b - a, b);
}

template <class V>
V apply(op::TanhGrad, V dy, V y) {
  return dy * (constant(y, 1) - y * y);
}
template <class V>
V apply(op::SigmoidGrad, V dy, V y) {
  return dy * y * (constant(y, 1) - y);
}
template <class V>
V apply(op::ReluGrad, V dy, V y) {
  return select(constant(y, 0) < y, dy, constant(y, 0));
}
template <class V>
V apply(op::LeakyReluGrad f, V dy, V y) {
  return select(constant(y, 0) < y, dy, dy * constant(y, f.slope));
}
template <class V>
V apply(op::SoftplusGrad, V dy, V x) {
  return dy * apply(op::Sigmoid{}, x);
}
template <class V>
V apply(op::LogSigmoidGrad, V dy, V x) {
  return dy * apply(op::Sigmoid{}, -x);
}
template <class V>
V apply(op::AbsGrad, V dy, V x) {
  const V zero = constant(x, 0);
  return select(zero < x, dy, select(x < zero, -dy, x));  // 0, or NaN
}
// Written so that a NaN in x passes nothing.
template <class V>
V apply(op::ClampGrad f, V dy, V x) {
  const V zero = constant(x, 0), low = constant(x, f.low), high = constant(x, f.high);
  return select(x < low, zero, select(high < x, zero, select(x == x, dy, zero)));
}
template <class V>
V apply(op::EluGrad f, V dy, V x) {
  return select(constant(x, 0) < x, dy, dy * constant(x, f.alpha) * exp(x));
}
// s + x s (1 - s), s = sigmoid(x).
template <class V>
V apply(op::SiluGrad, V dy, V x) {
  const V c = curved(x), s = apply(op::Sigmoid{}, c);
  return dy * fma(c * s, constant(x, 1) - s, s);
}
template <class V>
V apply(op::GeluGrad, V dy, V x) {
  const V c = curved(x), density = constant(x, 0.39894228040143267794) * exp(constant(x, -0.5) * c * c);
  return dy * fma(c, density, normal_below(c));
}
template <class V>
V apply(op::GeluTanhGrad, V dy, V x) {
  const V c = curved(x), one = constant(x, 1), half = constant(x, 0.5), t = tanh(gelu_inner(c));
  const V inner =
      fma(constant(x, 0.7978845608028653559 * 0.134145), c * c, constant(x, 0.7978845608028653559));
  return dy * half * fma(c * (one - t * t), inner, one + t);
}

// With u the part of the target that x speaks against, 1 - t for a positive x and else t, the loss is
// |x| u + log(1 + e^-|x|): no overflow, and nothing is taken from what is nearly it, so that (x, 1) is (-x,
// 0) to the last digit. An infinite x speaks against nothing where u is 0.
template <class V>
V apply(op::BceWithLogits, V x, V t) {
  const V zero = constant(x, 0), a = abs(x), u = select(zero < x, constant(x, 1) - t, t);
  return select(u == zero, zero, a * u) + log1p_to_one(exp(-a));
}
// sigmoid(x) - t as u sigmoid(|x|) - (1 - u) sigmoid(-|x|), or less that.
template <class V>
V apply(op::BceWithLogitsGrad f, V x, V t) {
  const V one = constant(x, 1), e = exp(-abs(x)), q = one / (one + e), rest = one - t;
  const auto positive = constant(x, 0) < x;
  const V g = select(positive, rest, t) * q - select(positive, t, rest) * (q * e);
  return constant(x, f.scale) * select(positive, g, -g);
}
template <class V>
V apply(op::GaussianKl, V mean, V log_var) {
  return constant(mean, 0.5) * (exp(log_var) + mean * mean - constant(mean, 1) - log_var);
}
template <class V>
V apply(op::GaussianKlGradLogVar f, V log_var) {
  return constant(log_var, 0.5 * f.scale) * (exp(log_var) - constant(log_var, 1));
}

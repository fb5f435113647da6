// The elementwise formulas that have kernels, as tags; generic/formulas.inl says what each computes.
#pragma once

namespace figment::kernels::op {

// One operand.
struct Identity {};
struct Affine {
  double scale, shift;
};
struct Square {};
struct Exp {};
struct Log {};
struct Sqrt {};
struct Cube {};
struct PowHalf {};  // a square root but for the infinity and the 0 below it
struct PowMinusHalf {};
struct PowMinusTwo {};
struct Tanh {};
struct Sigmoid {};
struct Softplus {};
struct Relu {};
struct LeakyRelu {
  double slope;
};
struct Log1p {};
struct Expm1 {};
struct Erf {};
struct Sin {};
struct Cos {};
struct Abs {};
struct Sign {};
struct Clamp {
  double low, high;
};
struct Elu {
  double alpha;
};
struct Silu {};
struct Gelu {};
struct GeluTanh {};
struct LogSigmoid {};
struct Tan {};
struct Floor {};
struct Ceil {};
struct Round {};  // halves to the even neighbour

// Two operands.
struct Add {};
struct Sub {};
struct Mul {};
struct Div {};
struct Pow {};
struct Atan2 {};
struct XLogY {};  // 0 where x is 0
struct Maximum {};
struct Minimum {};
struct Equal {};    // 1 or 0; NaN equals NaN
struct Greater {};  // it and the next two give a mask, bytes of 1 and 0
struct Less {};
struct Same {};
struct Share {};  // (dy, share): dy share, and 0 where share is 0 even if dy is infinite
struct Lerp {     // from a the part `weight` of the way to b
  double weight;
};

/// Formulas of sums and products alone. A sum of these takes its elements to double first: nothing overflows
/// that the sum itself does not.
template <class Op>
inline constexpr bool is_arithmetic = false;
template <>
inline constexpr bool is_arithmetic<Identity> = true;
template <>
inline constexpr bool is_arithmetic<Affine> = true;
template <>
inline constexpr bool is_arithmetic<Square> = true;
template <>
inline constexpr bool is_arithmetic<Mul> = true;

// Gradients by one pass: (dy, y) -> dx.
struct TanhGrad {};
struct SigmoidGrad {};
struct ReluGrad {};
struct LeakyReluGrad {
  double slope;
};
// (dy, x) -> dx.
struct SoftplusGrad {};
struct LogSigmoidGrad {};
struct AbsGrad {};
struct ClampGrad {
  double low, high;
};
struct EluGrad {
  double alpha;
};
struct SiluGrad {};
struct GeluGrad {};
struct GeluTanhGrad {};

// a^b by a and b: (a, b) -> b a^(b-1), (y, a) -> y log(a).
struct PowSlope {};
struct PowSlopeByExponent {};

// Losses: (prediction, target) -> loss of one element, and scale * its derivative by the prediction.
struct BceWithLogits {};
struct BceWithLogitsGrad {
  double scale;
};
// KL(N(mean, exp(log_var)) || N(0, 1)): (mean, log_var) -> one element, and log_var -> scale * its derivative
// by that.
struct GaussianKl {};
struct GaussianKlGradLogVar {
  double scale;
};

// Draws; generic/random.inl has what each makes of uniform numbers.
struct Uniform {
  double low, range;
};
struct Normal {
  double mean, deviation;
};
struct Bernoulli {
  double p;
};

// Optimiser steps; generic/optimizer.inl has the update of each.
struct Sgd {
  double rate, momentum, weight_decay;
  bool nesterov;
};
struct RmsProp {
  double rate, rho, epsilon, momentum, weight_decay;
  bool centered;
};
struct Adam {
  double rate, beta1, beta2, epsilon;
  double weight_decay, shrink;       // of the gradient, 0 or more, and of the parameter, 1 or less
  double first_scale, second_scale;  // 1 / (1 - beta1^t), 1 / sqrt(1 - beta2^t)
  bool amsgrad;
};
struct Adadelta {
  double rate, rho, epsilon, weight_decay;
};
struct Adagrad {
  double rate, epsilon, most, weight_decay;
};
struct NAdam {
  double beta1, beta2, epsilon;
  double weight_decay, shrink;  // of the gradient, 0 or more, and of the parameter, 1 or less
  double of_gradient, of_mean;  // the rate's parts
  double second_scale;          // 1 / sqrt(1 - beta2^t)
};
struct RAdam {
  double rate, beta1, beta2, epsilon;  // the rate times what corrects both moments
  double weight_decay, shrink;         // as NAdam's
  bool rectified;                      // or the variance is not known yet
};
struct Lion {
  double rate, beta1, beta2, shrink;
};

}  // namespace figment::kernels::op

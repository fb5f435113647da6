// What each tag of kernels/op.hpp computes, for any Vec. Included inside an instruction set's namespace.

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
V apply(op::Tanh, V x) {
  return tanh(x);
}
template <class V>
V apply(op::Sigmoid, V x) {
  return constant(x, 1) / (constant(x, 1) + exp(-x));
}
template <class V>
V apply(op::Softplus, V x) {
  return max(x, constant(x, 0)) + log1p(exp(-abs(x)));
}
template <class V>
V apply(op::Relu, V x) {
  return max(x, constant(x, 0));
}
template <class V>
V apply(op::LeakyRelu f, V x) {
  return select(x < constant(x, 0), x * constant(x, f.slope), x);
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
// max and min alone would drop a NaN in b.
template <class V>
V apply(op::Maximum, V a, V b) {
  return select(b == b, max(a, b), b);
}
template <class V>
V apply(op::Minimum, V a, V b) {
  return select(b == b, min(a, b), b);
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

// max(x, 0) - x t + log(1 + exp(-|x|)): no overflow at either end.
template <class V>
V apply(op::BceWithLogits, V x, V t) {
  return apply(op::Softplus{}, x) - x * t;
}
template <class V>
V apply(op::BceWithLogitsGrad f, V x, V t) {
  return constant(x, f.scale) * (apply(op::Sigmoid{}, x) - t);
}
template <class V>
V apply(op::GaussianKl, V mean, V log_var) {
  return constant(mean, 0.5) * (exp(log_var) + mean * mean - constant(mean, 1) - log_var);
}
template <class V>
V apply(op::GaussianKlGradLogVar f, V, V log_var) {
  return constant(log_var, 0.5 * f.scale) * (exp(log_var) - constant(log_var, 1));
}

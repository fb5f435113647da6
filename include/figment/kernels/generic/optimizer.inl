// Optimiser steps: one pass over a parameter, its gradient and up to three arrays of state.
// Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/gather.inl"  // opened alone
#endif

/// g, kept where its square and a few of them are finite: an infinite mean of squares would stop its
/// parameter for good. What is not finite becomes NaN.
template <class T>
Vec<T> squarable(Vec<T> g) {
  const Vec<T> limit(sizeof(T) == 4 ? static_cast<T>(0x1p63) : static_cast<T>(0x1p511));
  return (min)((max)(g, -limit), limit) + (g - g);
}

/// w -= lr g; s: momentum's running sum.
template <class V>
void step(const op::Sgd& f, V& w, V g, V& s, V&, V&) {
  g = fma(constant(w, f.weight_decay), w, g);
  s = fma(constant(w, f.momentum), s, g);
  w = w - constant(w, f.rate) * (f.nesterov ? fma(constant(w, f.momentum), s, g) : s);
}

/// s: mean of g^2, t: momentum's running sum, u: mean of g (centred).
template <class V>
void step(const op::RmsProp& f, V& w, V g, V& s, V& t, V& u) {
  const V keep = constant(w, f.rho), add = constant(w, 1 - f.rho);
  g = squarable(fma(constant(w, f.weight_decay), w, g));
  s = keep * s + add * (g * g);
  V variance = s;
  if (f.centered) {
    u = keep * u + add * g;
    variance = (max)(variance - u * u, constant(w, 0));  // which rounding may take below 0
  }
  t = fma(constant(w, f.momentum), t, g / (sqrt(variance) + constant(w, f.epsilon)));
  w = w - constant(w, f.rate) * t;
}

/// s: mean of g, t: mean of g^2, u: the largest t so far (AMSGrad).
template <class V>
void step(const op::Adam& f, V& w, V g, V& s, V& t, V& u) {
  w = w * constant(w, f.shrink);
  g = fma(constant(w, f.weight_decay), w, g);
  g = squarable(g);
  s = constant(w, f.beta1) * s + constant(w, 1 - f.beta1) * g;
  t = constant(w, f.beta2) * t + constant(w, 1 - f.beta2) * (g * g);
  V second = t;
  if (f.amsgrad) second = u = (max)(u, t);
  const V deviation = fma(sqrt(second), constant(w, f.second_scale), constant(w, f.epsilon));
  w = w - constant(w, f.rate * f.first_scale) * (s / deviation);
}

/// s: mean of g^2, t: mean of squared steps.
template <class V>
void step(const op::Adadelta& f, V& w, V g, V& s, V& t, V&) {
  const V keep = constant(w, f.rho), add = constant(w, 1 - f.rho), epsilon = constant(w, f.epsilon);
  g = squarable(fma(constant(w, f.weight_decay), w, g));
  s = keep * s + add * (g * g);
  const V delta = sqrt(t + epsilon) / sqrt(s + epsilon) * g;
  t = keep * t + add * (delta * delta);
  w = w - constant(w, f.rate) * delta;
}

/// s: sum of g^2, up to the largest finite number.
template <class V>
void step(const op::Adagrad& f, V& w, V g, V& s, V&, V&) {
  g = squarable(fma(constant(w, f.weight_decay), w, g));
  s = (min)(s + g * g, constant(w, f.most));
  w = w - constant(w, f.rate) * (g / (sqrt(s) + constant(w, f.epsilon)));
}

/// s: mean of g, t: mean of g^2.
template <class V>
void step(const op::NAdam& f, V& w, V g, V& s, V& t, V&) {
  w = w * constant(w, f.shrink);
  g = squarable(fma(constant(w, f.weight_decay), w, g));
  s = constant(w, f.beta1) * s + constant(w, 1 - f.beta1) * g;
  t = constant(w, f.beta2) * t + constant(w, 1 - f.beta2) * (g * g);
  const V deviation = fma(sqrt(t), constant(w, f.second_scale), constant(w, f.epsilon));
  w = w - fma(constant(w, f.of_gradient), g, constant(w, f.of_mean) * s) / deviation;
}

/// s: mean of g, t: mean of g^2.
template <class V>
void step(const op::RAdam& f, V& w, V g, V& s, V& t, V&) {
  w = w * constant(w, f.shrink);
  g = squarable(fma(constant(w, f.weight_decay), w, g));
  s = constant(w, f.beta1) * s + constant(w, 1 - f.beta1) * g;
  t = constant(w, f.beta2) * t + constant(w, 1 - f.beta2) * (g * g);
  const V along = constant(w, f.rate) * s;
  w = w - (f.rectified ? along / (sqrt(t) + constant(w, f.epsilon)) : along);
}

/// s: mean of g, which the step looks ahead of.
template <class V>
void step(const op::Lion& f, V& w, V g, V& s, V&, V&) {
  const V c = constant(w, f.beta1) * s + constant(w, 1 - f.beta1) * g;
  s = constant(w, f.beta2) * s + constant(w, 1 - f.beta2) * g;
  // The sign of what is not finite is the parameter's end too, as with the others.
  w = constant(w, f.shrink) * w - constant(w, f.rate) * (apply(op::Sign{}, c) + (g - g));
}

/// Absent state arrays are null: their values start at 0 and are not kept.
template <class Op, class T>
void update(const Op& f, T* w, const T* g, T* s, T* t, T* u, Index n) noexcept {
  using V = Vec<T>;
  const bool stateful = s || t || u;
  Index i = 0;
  for (; i + V::width <= n; i += V::width) {
    V vw = V::load(w + i), vs(T(0)), vt = vs, vu = vs;
    if (stateful) {
      if (s) vs = V::load(s + i);
      if (t) vt = V::load(t + i);
      if (u) vu = V::load(u + i);
    }
    step(f, vw, V::load(g + i), vs, vt, vu);
    vw.store(w + i);
    if (stateful) {
      if (s) vs.store(s + i);
      if (t) vt.store(t + i);
      if (u) vu.store(u + i);
    }
  }
  if constexpr (V::width > 1)
    if (i < n) {  // what is left by way of memory: once for a parameter, and a step is long to compile
      T rest[5][V::width] = {};
      T* const from[] = {w, s, t, u};
      const auto in_rest = [&](int k) { return from[k] ? rest[k] : nullptr; };
      for (Index j = 0; i + j < n; ++j) {
        for (int k = 0; k < 4; ++k) rest[k][j] = from[k] ? from[k][i + j] : T(0);
        rest[4][j] = g[i + j];
      }
      update(f, rest[0], rest[4], in_rest(1), in_rest(2), in_rest(3), V::width);
      for (int k = 0; k < 4; ++k)
        for (Index j = 0; from[k] && i + j < n; ++j) from[k][i + j] = rest[k][j];
    }
}

// Initial weights. Values are drawn in double and rounded, so that a float and a double network of one
// seed begin alike.
#pragma once

#include <cmath>

#include "figment/autograd/record.hpp"
#include "figment/core/random.hpp"

namespace figment {

/// How many inputs reach one output of a layer, and how many outputs one input reaches.
struct Fans {
  Index in = 1, out = 1;  ///< of a dense layer its features, of a convolution its taps times its channels
};

/// A way to fill a new weight: a plain function and its two settings.
struct Initializer {
  /// The function: values of a shape, by the two settings a and b.
  using Fill = Tensor<double> (*)(const Shape& shape, Fans fans, Rng& rng, double a, double b);
  Fill fill;            ///< how the values are drawn
  double a = 0, b = 0;  ///< its settings

  /// A new parameter.
  template <class T>
  Tensor<T> make(const Shape& shape, Fans fans, Rng& rng) const {
    return parameter(cast<T>(fill(shape, fans, rng, a, b)));
  }
};

namespace detail {

enum class Fan { in, average };

/// rng's fill in double. By the plain kernel, whose bits are those of every instruction set: each program
/// with a layer compiles it, and draws its weights but once.
template <class Op>
Tensor<double> draw(const Shape& shape, Rng& rng, Op f) {
  Tensor<double> values(shape);
  kernels::reference::random(f, rng.reserve<double>(values.size()), values.mutable_data(), values.size());
  return values;
}

/// Uniform in ±sqrt(3 a / fan), or normal with variance a / fan.
template <bool uniform, Fan fan>
Tensor<double> scaled_by_fan(const Shape& shape, Fans fans, Rng& rng, double a, double) {
  const double n = fan == Fan::in ? static_cast<double>(fans.in)
                                  : 0.5 * (static_cast<double>(fans.in) + static_cast<double>(fans.out));
  const double limit = std::sqrt((uniform ? 3 : 1) * a / n);
  if constexpr (uniform)
    return draw(shape, rng, kernels::op::Uniform{-limit, 2 * limit});
  else
    return draw(shape, rng, kernels::op::Normal{0, limit});
}

}  // namespace detail

namespace init {

/// One value everywhere; nothing is drawn.
inline Initializer constant(double value) {
  return {[](const Shape& s, Fans, Rng&, double a, double) { return Tensor<double>::full(s, a); }, value};
}
/// Zeros: the default of biases.
inline Initializer zeros() { return constant(0); }
/// N(mean, deviation^2).
inline Initializer normal(double mean, double deviation) {
  return {[](const Shape& s, Fans, Rng& rng, double a, double b) {
            return detail::draw(s, rng, kernels::op::Normal{a, b});
          },
          mean, deviation};
}
/// Uniform in [low, high).
inline Initializer uniform(double low, double high) {
  return {[](const Shape& s, Fans, Rng& rng, double a, double b) {
            return detail::draw(s, rng, kernels::op::Uniform{a, b - a});
          },
          low, high};
}
/// Uniform in ±sqrt(6 / (in + out)) (Glorot and Bengio, 2010): the default of dense layers, as in Keras.
inline Initializer glorot_uniform() { return {detail::scaled_by_fan<true, detail::Fan::average>, 1}; }
/// Normal of variance 2 / (in + out), not truncated (Keras truncates, PyTorch does not).
inline Initializer glorot_normal() { return {detail::scaled_by_fan<false, detail::Fan::average>, 1}; }
/// Uniform in ±sqrt(6 / in) (He et al., 2015), for relu.
inline Initializer he_uniform() { return {detail::scaled_by_fan<true, detail::Fan::in>, 2}; }
/// Normal of variance 2 / in (He et al., 2015), for relu.
inline Initializer he_normal() { return {detail::scaled_by_fan<false, detail::Fan::in>, 2}; }
/// Uniform in ±sqrt(3 / in) (LeCun et al., 1998).
inline Initializer lecun_uniform() { return {detail::scaled_by_fan<true, detail::Fan::in>, 1}; }
/// Normal of variance 1 / in (LeCun et al., 1998).
inline Initializer lecun_normal() { return {detail::scaled_by_fan<false, detail::Fan::in>, 1}; }

}  // namespace init

}  // namespace figment

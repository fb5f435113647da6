// What the training steps share: data that stands in for digits, and the checks before the clock starts.
#pragma once

#include <cmath>
#include <figment/figment.hpp>
#include <span>

namespace benchmarks {

using figment::Index;
using figment::Shape;
using figment::Tensor;

/// n images (n, 28, 28, 1) of one bright disc each, its place and size at random, from `low` to 1: smooth
/// and mostly background as digits are, so that a few steps learn something. A step's time does not depend on
/// them.
inline Tensor<float> discs(Index n, figment::Rng& rng, float low = 0) {
  Tensor<float> images(Shape{n, 28, 28, 1});
  float* pixel = images.mutable_data();
  for (Index i = 0; i < n; ++i) {
    const double row = 8 + 12 * rng.uniform(), column = 8 + 12 * rng.uniform(),
                 radius = 3 + 4 * rng.uniform();
    for (Index r = 0; r < 28; ++r)
      for (Index c = 0; c < 28; ++c) {
        const double inside =
            radius - std::hypot(static_cast<double>(r) - row, static_cast<double>(c) - column);
        *pixel++ = low + (1 - low) * static_cast<float>(std::clamp(inside + 0.5, 0.0, 1.0));
      }
  }
  return images;
}

/// The loss as the gradient says: moved along it by a small step either way, the loss changes by the
/// gradient's square. `loss` must give the same value whenever it is called with the same parameters.
template <class Loss>
void check_gradient(const std::string& what, const figment::TensorList<float>& parameters, Loss loss) {
  const auto gradients = figment::grad(loss(), parameters);
  double square = 0;
  for (const auto& g : gradients) square += static_cast<double>(figment::sum(figment::square(g)).item());
  const double before = static_cast<double>(figment::no_grad(loss).item());
  // A change of a thousandth of the loss: far above the roundings of a float sum, well below curvature.
  const double step = 1e-3 * std::abs(before) / square;
  const auto moved = [&](double by) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      Tensor<float> handle = parameters[i];
      float* w = handle.mutable_data();
      for (Index j = 0; j < handle.size(); ++j) w[j] += static_cast<float>(by) * gradients[i].data()[j];
    }
    return static_cast<double>(figment::no_grad(loss).item());
  };
  const double up = moved(step), down = moved(-2 * step);
  moved(step);
  const double ratio = (up - down) / (2 * step * square);
  figment::ensure(std::abs(ratio - 1) < 0.05, "{}: along its gradient the loss changes {} times as it should",
                  what, ratio);
}

/// Takes steps and throws unless every loss is finite and the last ones are below the first.
template <class Step>
void check_learning(const std::string& what, int steps, Step step) {
  double first = 0, last = 0;
  for (int i = 0; i < steps; ++i) {
    last = step();
    figment::ensure(std::isfinite(last), "{}: the loss of step {} is {}", what, i + 1, last);
    if (i == 0) first = last;
  }
  figment::ensure(last < first, "{}: the loss was {} and {} after {} steps", what, first, last, steps);
}

}  // namespace benchmarks

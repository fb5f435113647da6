// Figures that say how good a result is and are not trained on.
#pragma once

#include <cmath>

#include "figment/core/finite.hpp"
#include "figment/ops/index.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

/// The share of rows of logits or probabilities (…, C) whose largest is at the label, of labels (…).
template <class T>
double accuracy(const Tensor<T>& logits, const Indices& labels) {
  detail::check_last_axis(logits.shape(), labels.shape(), "accuracy");
  ensure(labels.size() > 0, "accuracy: no labels in shape {}", labels.shape());
  const Indices guess = argmax(logits, -1);
  Index right = 0;
  for (Index i = 0; i < labels.size(); ++i) right += guess.data()[i] == labels.data()[i];
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

/// The mean over images (N, …) of the peak signal-to-noise ratio in dB, 10 log10(peak^2 / mean squared
/// error); an image that equals its original would be infinite, and counts as 100 dB. NaN where a
/// pixel is.
template <class T>
double psnr(const Tensor<T>& images, const Tensor<T>& originals, double peak = 1) {
  ensure(images.shape() == originals.shape() && images.size() > 0 && images.rank() >= 1,
         "psnr: expected two equal shapes, found {} and {}", images.shape(), originals.shape());
  ensure(!detail::is_nan(peak) && peak > 0, "psnr: expected a peak above 0, found {}", peak);
  const Index n = images.dim(0), pixels = images.size() / n;
  double total = 0;
  for (Index i = 0; i < n; ++i) {
    double squares = 0;
    for (Index k = i * pixels; k < (i + 1) * pixels; ++k) {
      const double d = static_cast<double>(images.data()[k]) - static_cast<double>(originals.data()[k]);
      squares += d * d;
    }
    const double error = squares / static_cast<double>(pixels);
    if (detail::is_nan(error)) return error;
    total += error > 0 ? (std::min)(100.0, 10 * std::log10(peak * peak / error)) : 100.0;
  }
  return total / static_cast<double>(n);
}

}  // namespace figment

// What a training step does to gradients before an optimiser has them.
#pragma once

#include <string>

#include "figment/core/finite.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/arithmetic.hpp"
#include "figment/optim/clip.hpp"
#include "figment/optim/optimizer.hpp"

namespace figment::detail {

/// Which gradient is not finite, by its parameter's path in the model if there is one, and what it is.
template <class T>
[[gnu::cold, gnu::noinline]] std::string lost_gradient(const Optimizer<T>& optimizer,
                                                       const TensorList<T>& gradients,
                                                       const Description& model) {
  const std::size_t at = first_non_finite<T>(gradients);
  if (at == gradients.size()) return "the norm of the gradients is inf";
  std::string name = figment::format("parameter {}", at);
  if (model.layer)
    for (const NamedMemory& t : model.tensors())
      if (t.memory == optimizer.parameters()[at].data()) {
        name = t.name;
        break;
      }
  const T* value = gradients[at].data();
  while (is_finite(*value)) ++value;
  return figment::format("the gradient of {} {} is {}", name, gradients[at].shape(), *value);
}

/// Scales gradients of a norm above clip_norm down to it; 0 leaves them. Of those that are not finite it says
/// what is wrong, of others nothing.
template <class T>
[[gnu::noinline]] std::string limit_gradients(const Optimizer<T>& optimizer, TensorList<T>& gradients,
                                              double clip_norm, const Description& model) {
  // A norm is finite only where all that it is made of is.
  const bool good = clip_norm > 0 ? is_finite(clip_by_norm(gradients, clip_norm))
                                  : first_non_finite<T>(gradients) == gradients.size();
  return good ? std::string() : lost_gradient(optimizer, gradients, model);
}

/// The mean of the gradients of several batches, each weighted by its size: those of one batch of all, where
/// the loss is a mean.
template <class T>
class GradientMean {
 public:
  [[gnu::noinline]] void add(TensorList<T> gradients, Index size) {
    samples_ += size;
    if (mean_.empty()) {
      mean_ = std::move(gradients);
      return;
    }
    const double part = static_cast<double>(size) / static_cast<double>((std::max)(samples_, Index{1}));
    // Into memory of its own: gradients may share theirs.
    for (std::size_t i = 0; i < mean_.size(); ++i) mean_[i] = mean_[i] * (1 - part) + gradients[i] * part;
  }
  /// What it came to; the next one begins.
  TensorList<T> take() {
    samples_ = 0;
    return std::exchange(mean_, {});
  }

 private:
  TensorList<T> mean_;
  Index samples_ = 0;
};

}  // namespace figment::detail

// What a training step does to gradients before an optimiser has them.
#pragma once

#include <algorithm>
#include <string>

#include "figment/core/finite.hpp"
#include "figment/nn/report.hpp"
#include "figment/optim/clip.hpp"
#include "figment/optim/optimizer.hpp"

namespace figment::detail {

/// No model, whose tensors have no paths.
struct NoModel {};

/// Its tensors can be named.
template <class M>
inline constexpr bool is_module = requires(M& m, Visitor<module_value_t<M>>& v) {
  m.visit(v);
};

/// Which gradient is not finite, by its parameter's path in the model, and what it is.
template <class T, class Model>
[[gnu::cold, gnu::noinline]] std::string lost_gradient(const Optimizer<T>& optimizer,
                                                       const TensorList<T>& gradients, Model* model) {
  const std::size_t at = first_non_finite<T>(gradients);
  if (at == gradients.size()) return "the norm of the gradients is inf";
  std::string name = figment::format("parameter {}", at);
  if constexpr (!std::is_same_v<Model, NoModel>)
    for (const NamedMemory& t : description_of(*model).tensors())
      if (t.memory == optimizer.parameters()[at].data()) {
        name = t.name;
        break;
      }
  const auto values = gradients[at].values();
  const T value = *std::find_if(values.begin(), values.end(), [](T v) { return !is_finite(v); });
  return figment::format("the gradient of {} {} is {}", name, gradients[at].shape(), value);
}

/// Scales gradients of a norm above clip_norm down to it; 0 leaves them. Of those that are not finite it says
/// what is wrong, of others nothing.
template <class T, class Model>
std::string limit_gradients(const Optimizer<T>& optimizer, TensorList<T>& gradients, double clip_norm,
                            Model* model) {
  // A norm is finite only where all that it is made of is.
  const bool good = clip_norm > 0 ? is_finite(clip_by_norm(gradients, clip_norm))
                                  : first_non_finite<T>(gradients) == gradients.size();
  return good ? std::string() : lost_gradient(optimizer, gradients, model);
}

}  // namespace figment::detail

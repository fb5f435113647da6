// What a forward pass is told besides its input.
#pragma once

#include "figment/core/random.hpp"

namespace figment {

class Penalties;

/// An argument that a layer's forward may take: never hidden state.
struct Context {
  bool training = false;           ///< dropout drops, batch norm uses the batch
  Rng* rng = nullptr;              ///< for layers and models that draw random numbers
  Penalties* penalties = nullptr;  ///< takes what layers add to the loss (nn/penalty.hpp)

  /// The generator, or an error that names who needed it.
  Rng& generator(const char* who) const {
    ensure(rng != nullptr, "{}: needs a random generator in its Context", who);
    return *rng;
  }
};

}  // namespace figment

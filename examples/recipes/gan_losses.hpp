// The losses of adversarial training by name.
#pragma once

#include <figment/models/gan_loss.hpp>
#include <string>
#include <vector>

namespace recipes {

inline const std::vector<std::string> gan_loss_names{"non_saturating", "minimax", "least_squares", "hinge",
                                                     "wasserstein"};

/// Of one of the names.
inline figment::GanLoss gan_loss(const std::string& name) {
  using enum figment::GanLoss;
  for (const auto kind : {non_saturating, minimax, least_squares, hinge, wasserstein})
    if (figment::name(kind) == name) return kind;
  figment::fail("expected the name of a GAN's loss, found '{}'", name);
}

}  // namespace recipes

// vae-256: 784-256-{2, 2}-256-784, RMSprop, batches of 100.
#pragma once

#include "recipes/find.hpp"
#include "recipes/vaes.hpp"
#include "steps/common.hpp"

namespace benchmarks {

class Vae256 {
 public:
  static constexpr const char* name = "vae-256";

  double step() {
    const auto loss = vae_.loss(x_, {.training = true, .rng = &rng_}).total();
    optimizer_.step(grad(loss, optimizer_.parameters()));
    return static_cast<double>(loss.item());
  }

  void verify() {
    const figment::Rng before = rng_;
    check_gradient(name, optimizer_.parameters(), [&] {
      rng_ = before;  // the same noise
      return vae_.loss(x_, {.training = true, .rng = &rng_}).total();
    });
    check_learning(name, 30, [&] { return step(); });
  }

 private:
  figment::Rng rng_{1};
  Tensor<float> x_ = discs(100, rng_);
  recipes::VaeModel vae_ = recipes::make_vae(recipes::find(recipes::vaes(), name), rng_);
  figment::RmsProp<float> optimizer_{parameters(vae_)};
};

}  // namespace benchmarks

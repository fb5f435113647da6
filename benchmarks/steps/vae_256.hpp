// vae-256: 784-256-{2, 2}-256-784, RMSprop, batches of 100.
#pragma once

#include "steps/common.hpp"

namespace benchmarks {

inline auto make_vae_256(figment::Rng& rng) {
  using namespace figment;
  const LinearOptions relu{.activation = Activation::relu};
  GaussianEncoder encoder(Sequential{Flatten{}, Linear(784, 256, rng, relu)}, 256, 2, rng);
  Sequential decoder{Linear(2, 256, rng, relu), Linear(256, 784, rng)};
  return Vae(std::move(encoder), std::move(decoder));
}

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
  decltype(make_vae_256(rng_)) vae_ = make_vae_256(rng_);
  figment::RmsProp<float> optimizer_{parameters(vae_)};
};

}  // namespace benchmarks

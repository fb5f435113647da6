// dcgan-tf: transposed convolutions to 28x28, convolutions back to one logit, batches of 256.
#pragma once

#include "recipes/find.hpp"
#include "recipes/gans.hpp"
#include "steps/common.hpp"

namespace benchmarks {

class DcganTf {
 public:
  static constexpr const char* name = "dcgan-tf";

  /// One generated batch, and one pass of the discriminator over it, serve both updates; both gradients are
  /// taken before either is applied. Returns the discriminator's loss.
  double step() {
    const Losses losses = forward();
    const auto for_generator = grad(losses.generator, generator_optimizer_.parameters());
    const auto for_discriminator = grad(losses.discriminator, discriminator_optimizer_.parameters());
    generator_optimizer_.step(for_generator);
    discriminator_optimizer_.step(for_discriminator);
    return static_cast<double>(losses.discriminator.item());
  }

  void verify() {
    const figment::Rng before = rng_;
    const auto again = [&] {
      rng_ = before;  // the same noise and dropout
      return forward();
    };
    check_gradient("dcgan-tf's discriminator", discriminator_optimizer_.parameters(),
                   [&] { return again().discriminator; });
    check_gradient("dcgan-tf's generator", generator_optimizer_.parameters(),
                   [&] { return again().generator; });
    check_learning(name, 5, [&] { return step(); });
  }

 private:
  static constexpr Index batch = 256;
  struct Losses {
    Tensor<float> generator, discriminator;
  };

  Losses forward() {
    const figment::Context training{.training = true, .rng = &rng_};
    const auto fake =
        discriminator_.forward(generator_.forward(rng_.normal({batch, 100}), training), training);
    const auto real = discriminator_.forward(real_, training);
    return {bce_with_logits(fake, ones_), bce_with_logits(real, ones_) + bce_with_logits(fake, zeros_)};
  }

  figment::Rng rng_{1};
  Tensor<float> real_ = discs(batch, rng_, -1);
  Tensor<float> ones_ = Tensor<float>::ones({batch, 1}), zeros_ = Tensor<float>::zeros({batch, 1});
  recipes::GanModel gan_ = recipes::make_gan(recipes::find(recipes::dcgans(), name), rng_);
  figment::Sequential<float>&generator_ = gan_.generator, &discriminator_ = gan_.discriminator;
  figment::Adam<float> generator_optimizer_{parameters(generator_), {.rate = 1e-4}};
  figment::Adam<float> discriminator_optimizer_{parameters(discriminator_), {.rate = 1e-4}};
};

}  // namespace benchmarks

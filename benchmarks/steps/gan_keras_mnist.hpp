// gan-keras-mnist: generator 100-256-512-1024-784, discriminator 784-1024-512-256-1, batches of 128.
#pragma once

#include "recipes/find.hpp"
#include "recipes/gans.hpp"
#include "steps/common.hpp"

namespace benchmarks {

class GanKerasMnist {
 public:
  static constexpr const char* name = "gan-keras-mnist";

  /// The discriminator's step on real and fake joined, then the generator's through it on new noise. Returns
  /// the discriminator's loss.
  double step() {
    const auto loss = discriminator_loss();
    discriminator_optimizer_.step(grad(loss, discriminator_optimizer_.parameters()));
    generator_optimizer_.step(grad(generator_loss(), generator_optimizer_.parameters()));
    return static_cast<double>(loss.item());
  }

  void verify() {
    const figment::Rng before = rng_;
    check_gradient("gan-keras-mnist's discriminator", discriminator_optimizer_.parameters(), [&] {
      rng_ = before;  // the same noise and dropout
      return discriminator_loss();
    });
    check_gradient("gan-keras-mnist's generator", generator_optimizer_.parameters(), [&] {
      rng_ = before;
      return generator_loss();
    });
    check_learning(name, 10, [&] { return step(); });
  }

 private:
  static constexpr Index batch = 128;

  figment::Context training() { return {.training = true, .rng = &rng_}; }
  Tensor<float> fakes() { return generator_.forward(rng_.normal({batch, 100}), training()); }
  Tensor<float> discriminator_loss() {
    const auto x = figment::concat({real_, figment::no_grad([&] { return fakes(); })});
    return bce_with_logits(discriminator_.forward(x, training()), labels_);
  }
  Tensor<float> generator_loss() {
    return bce_with_logits(discriminator_.forward(fakes(), training()), ones_);
  }

  figment::Rng rng_{1};
  Tensor<float> real_ = flatten(discs(batch, rng_, -1));
  Tensor<float> ones_ = Tensor<float>::ones({batch, 1});
  // One-sided smoothing.
  Tensor<float> labels_ =
      figment::concat({Tensor<float>::full({batch, 1}, 0.9f), Tensor<float>::zeros({batch, 1})});
  recipes::GanModel gan_ = recipes::make_gan(recipes::find(recipes::gans(), name), rng_);
  figment::Sequential<float>&generator_ = gan_.generator, &discriminator_ = gan_.discriminator;
  figment::Adam<float> generator_optimizer_{parameters(generator_), {.rate = 2e-4, .beta1 = 0.5}};
  figment::Adam<float> discriminator_optimizer_{parameters(discriminator_), {.rate = 2e-4, .beta1 = 0.5}};
};

}  // namespace benchmarks

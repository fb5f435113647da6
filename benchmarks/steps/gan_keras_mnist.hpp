// gan-keras-mnist: generator 100-256-512-1024-784, discriminator 784-1024-512-256-1, batches of 128.
#pragma once

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

  static figment::LinearOptions leaky() {
    return {.activation = figment::Activation::leaky_relu, .slope = 0.2};
  }
  static figment::LinearOptions first() {
    auto options = leaky();
    options.init = figment::init::normal(0, 0.02);
    return options;
  }
  static figment::Sequential<float> make_generator(figment::Rng& rng) {
    using namespace figment;
    return Sequential{Linear(100, 256, rng, first()), Linear(256, 512, rng, leaky()),
                      Linear(512, 1024, rng, leaky()),
                      Linear(1024, 784, rng, {.activation = Activation::tanh})};
  }
  static figment::Sequential<float> make_discriminator(figment::Rng& rng) {
    using namespace figment;
    return Sequential{Linear(784, 1024, rng, first()),
                      Dropout(0.3),
                      Linear(1024, 512, rng, leaky()),
                      Dropout(0.3),
                      Linear(512, 256, rng, leaky()),
                      Dropout(0.3),
                      Linear(256, 1, rng)};
  }

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
  figment::Sequential<float> generator_ = make_generator(rng_), discriminator_ = make_discriminator(rng_);
  figment::Adam<float> generator_optimizer_{parameters(generator_), {.rate = 2e-4, .beta1 = 0.5}};
  figment::Adam<float> discriminator_optimizer_{parameters(discriminator_), {.rate = 2e-4, .beta1 = 0.5}};
};

}  // namespace benchmarks

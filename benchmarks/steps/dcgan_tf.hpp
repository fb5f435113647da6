// dcgan-tf: transposed convolutions to 28x28, convolutions back to one logit, batches of 256.
#pragma once

#include "figment/nn/batch_norm.hpp"
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

  static figment::Sequential<float> make_generator(figment::Rng& rng) {
    using namespace figment;
    const BatchNormOptions leaky{.activation = Activation::leaky_relu, .slope = 0.3};
    const auto up = [&](Index in, Index out, Index stride, Activation activation = Activation::none) {
      return ConvTranspose2d(in, out,
                             {.kernel = 5,
                              .stride = stride,
                              .padding = Padding::same(),
                              .activation = activation,
                              .bias = false},
                             rng);
    };
    return Sequential{Linear(100, 7 * 7 * 256, rng, {.bias = false}),
                      BatchNorm(7 * 7 * 256, leaky),
                      Reshape{{7, 7, 256}},
                      up(256, 128, 1),
                      BatchNorm(128, leaky),
                      up(128, 64, 2),
                      BatchNorm(64, leaky),
                      up(64, 1, 2, Activation::tanh)};
  }
  static figment::Sequential<float> make_discriminator(figment::Rng& rng) {
    using namespace figment;
    const Conv2dOptions down{.kernel = 5,
                             .stride = 2,
                             .padding = Padding::same(),
                             .activation = Activation::leaky_relu,
                             .slope = 0.3};
    return Sequential{
        Conv2d(1, 64, down, rng),   Dropout(0.3), Conv2d(64, 128, down, rng), Dropout(0.3), Flatten{},
        Linear(7 * 7 * 128, 1, rng)};
  }

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
  figment::Sequential<float> generator_ = make_generator(rng_), discriminator_ = make_discriminator(rng_);
  figment::Adam<float> generator_optimizer_{parameters(generator_), {.rate = 1e-4}};
  figment::Adam<float> discriminator_optimizer_{parameters(discriminator_), {.rate = 1e-4}};
};

}  // namespace benchmarks

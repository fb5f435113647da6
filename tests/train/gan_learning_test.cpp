// Adversarial runs on Gaussians that must find every one of them.
#include "recipes/mixtures.hpp"

#include "figment/data/loader.hpp"
#include "support/catch.hpp"

using namespace figment;

TEST_CASE("points of the mixture itself cover it", "[train]") {
  Rng rng(1);
  for (const auto& mixture : {recipes::ring(), recipes::grid()}) {
    const auto found = recipes::coverage(mixture, mixture.draw(20000, rng));
    CHECK(found.modes == mixture.centers.dim(0));
    // 1 - exp(-9 / 2); the deviation of such a share is 0.0007.
    CHECK_THAT(found.high_quality, WithinAbs(0.98889, 0.003));
  }
  // On a center, 2.9 and 3.1 deviations from it, and on another center.
  const Tensor<float> points({4, 2}, {2, 0, 2.058f, 0, 2, 0.062f, 0, 2});
  const auto found = recipes::coverage(recipes::ring(), points);
  CHECK(found.modes == 2);
  CHECK(found.high_quality == 0.75);
  CHECK(recipes::coverage(recipes::ring(), Tensor<float>::zeros({5, 2})).modes == 0);
}

namespace {

/// What the average of a small generator has found after some steps on the ring.
recipes::Coverage found_on_ring(std::uint64_t seed, Index steps) {
  const auto mixture = recipes::ring();
  const recipes::MixtureSettings s{.hidden = 64, .steps = steps};
  Rng rng(seed);
  auto gan = recipes::make_mixture_gan(s, rng);
  Averaged average(gan.generator, {.decay = s.ema, .warm_up = true});
  EveryStep follow([&](TrainState&) { average.update(); });
  data::Loader batches(data::Dataset{mixture.draw(20000, rng)},
                       {.batch = s.batch, .batches = s.steps, .seed = seed});
  Adam generator(parameters(gan.generator), {.rate = s.rate, .beta1 = s.beta1});
  Adam discriminator(parameters(gan.discriminator), {.rate = s.discriminator_rate, .beta1 = s.beta1});
  fit(gan, generator, discriminator, batches, {.seed = seed, .callbacks = {&follow}});
  return recipes::coverage(mixture, average.module.forward(gan.noise(2500, rng)));
}

}  // namespace

TEST_CASE("a small GAN finds all of a ring's Gaussians", "[train]") {
  const auto found = found_on_ring(1, 5000);
  CHECK(found.modes == 8);
  CHECK(found.high_quality > 0.8);  // seeds 1 to 8 find all 8 modes, and 0.85 to 0.93
  CHECK(found_on_ring(1, 100).high_quality < 0.05);
}

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

TEST_CASE("a small GAN finds all of a ring's Gaussians", "[train]") {
  const auto mixture = recipes::ring();
  recipes::MixtureSettings s;
  s.hidden = 64, s.steps = 3000;
  Rng rng(1);
  auto gan = recipes::make_mixture_gan(s, rng);
  Rng points(2);
  data::Loader batches(data::Dataset{mixture.draw(20000, points)}, {.batch = s.batch, .batches = s.steps});
  Adam generator(parameters(gan.generator), {.rate = s.rate, .beta1 = s.beta1});
  Adam discriminator(parameters(gan.discriminator), {.rate = s.discriminator_rate, .beta1 = s.beta1});
  const auto before = recipes::coverage(mixture, gan.sample(2500, points));
  fit(gan, generator, discriminator, batches);
  const auto found = recipes::coverage(mixture, gan.sample(2500, points));
  CHECK(before.modes <= 1);
  CHECK(before.high_quality < 0.01);
  WARN(found.modes << " " << found.high_quality);
  CHECK(found.modes == 8);
  CHECK(found.high_quality > 0.5);
}

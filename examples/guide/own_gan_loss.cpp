// A GAN with a loss of one's own: least squares by which the generator minimises Pearson's chi^2 divergence.
#include <figment/data/loader.hpp>
#include <figment/figment.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

using namespace figment;

/// Mao et al., 2017, equation 8: D aims at 1 for real and -1 for generated samples, G at 0, where D cannot
/// tell. (figment's own least_squares lets G aim at D's 1 for real ones.)
struct PearsonLoss {};

Tensor<float> squared_distance(const Tensor<float>& logits, float aim) {
  return mean(square(logits - aim)) * 0.5f;
}
Tensor<float> real_loss(const Tensor<float>& logits, PearsonLoss) { return squared_distance(logits, 1); }
Tensor<float> fake_loss(const Tensor<float>& logits, PearsonLoss) { return squared_distance(logits, -1); }
Tensor<float> generator_loss(const Tensor<float>& logits, PearsonLoss) { return squared_distance(logits, 0); }

/// Points (n, 2) near the unit circle.
Tensor<float> circle(Index n, Rng& rng) {
  const auto angle = rng.uniform<float>({n, 1}, 0, 6.2832f), radius = rng.normal<float>({n, 1}, 1, 0.05f);
  return concat({radius * cos(angle), radius * sin(angle)}, 1);
}

int main() {
  Rng rng(1);
  const LinearOptions leaky{.activation = Activation::leaky_relu, .slope = 0.2};
  Sequential generator{Linear(4, 64, rng, leaky), Linear(64, 64, rng, leaky), Linear(64, 2, rng)};
  Sequential discriminator{Linear(2, 64, rng, leaky), Linear(64, 64, rng, leaky), Linear(64, 1, rng)};
  Gan gan(generator, discriminator, 4, GanOptionsWith<PearsonLoss>{.r1 = 0.1});

  Adam g_adam(parameters(gan.generator), {.rate = 1e-3, .beta1 = 0.5});
  Adam d_adam(parameters(gan.discriminator), {.rate = 1e-3, .beta1 = 0.5});
  data::Loader batches(data::Dataset{circle(12800, rng)}, {.batch = 128});
  fit(gan, g_adam, d_adam, batches, {.epochs = 20});

  // How far the samples are from the circle, and whether they are all around it.
  const auto points = gan.sample(2000, rng);
  double distance = 0;
  std::array<int, 8> octants{};
  for (Index i = 0; i < points.dim(0); ++i) {
    distance += std::abs(std::hypot(points(i, 0), points(i, 1)) - 1) / static_cast<double>(points.dim(0));
    ++octants[static_cast<std::size_t>((std::atan2(points(i, 1), points(i, 0)) + 3.1416) / 0.7855)];
  }
  const int fewest = *std::min_element(octants.begin(), octants.end());
  std::printf("mean distance from the circle %.3f; of 2000 points at least %d in each octant\n", distance,
              fewest);
  return distance < 0.15 && fewest > 50 ? 0 : 1;
}

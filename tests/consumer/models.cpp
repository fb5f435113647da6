// A user's file with a good part of the library in it: layers, a VAE, a classifier, a GAN, optimisers and
// fit. It must compile without a warning.
#include "models.hpp"

#include <cmath>

using namespace figment;

namespace {

// Eight images of 8x8 pixels, one batch. A range that knows its batches is all that fit asks for.
struct Batch {
  Tensor<float> x;
  Indices labels;
  Index size() const { return x.dim(0); }
};
struct Batches {
  std::vector<Batch> all;
  Index batches() const { return static_cast<Index>(all.size()); }
  auto begin() const { return all.begin(); }
  auto end() const { return all.end(); }
};
Batches images() {
  Rng rng(7);
  return {{Batch{rng.uniform({8, 8, 8, 1}), Indices({8}, {0, 1, 2, 0, 1, 2, 0, 1})}}};
}

}  // namespace

namespace UNIT {

Models make() {
  Rng rng(1);
  Sequential features{
      Conv2d(1, 4, rng,
             {.kernel = 3, .stride = 2, .padding = Padding::same(), .activation = Activation::relu}),
      BatchNorm(4), Flatten{}};
  Sequential decoder{Linear(3, 4 * 4 * 4, rng, {.activation = Activation::tanh}), Reshape{{4, 4, 4}},
                     ConvTranspose2d(4, 1, rng, {.kernel = 3, .stride = 2, .padding = Padding::same()})};
  Sequential net{Conv2d(1, 4, rng, {.kernel = 3, .activation = Activation::leaky_relu}),
                 MaxPool2d(2),
                 Flatten{},
                 LayerNorm(36),
                 Dropout(0.2),
                 Linear(36, 3, rng)};
  return {GaussianEncoder(std::move(features), 64, 3, rng), std::move(decoder), std::move(net)};
}

void learn(Models& models) {
  auto batches = images();
  fit(models.vae, models.vae_adam, batches, {.epochs = 5, .seed = 3, .clip_norm = 1});
  fit(models.classifier, models.classifier_sgd, batches, {.epochs = 5, .seed = 4});
}

std::vector<float> figures(const Models& models) {
  const auto batches = images();
  auto vae = clone(models.vae);
  const Context context{};
  const auto loss = bce_with_logits(vae.forward(batches.all[0].x, context), batches.all[0].x);
  const auto gradients = grad(loss, parameters(vae));
  Rng rng(5);

  // An own GAN, so that this file has one.
  Gan gan{Sequential{Linear(2, 8, rng, {.activation = Activation::relu}), Linear(8, 2, rng)},
          Sequential{Linear(2, 8, rng, {.activation = Activation::relu}), Linear(8, 1, rng)},
          2,
          {.gradient_penalty = 10}};
  Adam g(parameters(gan.generator)), d(parameters(gan.discriminator));
  Batches points{{Batch{rng.normal({16, 2}), {}}, Batch{rng.normal({16, 2}), {}}}};
  const History history = fit(gan, g, d, points, {.epochs = 2});

  std::vector<float> all{loss.item(), static_cast<float>(history.last("d_loss"))};
  const auto add = [&](const Tensor<float>& t) { all.insert(all.end(), t.data(), t.data() + t.size()); };
  for (const auto& gradient : gradients) add(gradient);
  for (const auto& p : parameters(vae)) add(p);
  for (const auto& p : parameters(gan.generator)) add(p);
  add(models.classifier.probabilities(batches.all[0].x));
  add(models.vae.sample(2, rng));
  return all;
}

}  // namespace UNIT

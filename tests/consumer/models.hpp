// What the two files of the program mixed_flags exchange: models of the library's layers.
#pragma once

#include <figment/figment.hpp>

#include <vector>

/// A convolutional VAE and a classifier, each with its optimiser; small enough to train in a blink.
struct Models {
  using Net = figment::Sequential<float>;
  figment::Vae<figment::GaussianEncoder<float>, Net> vae;
  figment::Classifier<Net> classifier;
  figment::Adam<float> vae_adam;
  figment::Sgd<float> classifier_sgd;

  Models(figment::GaussianEncoder<float> encoder, Net decoder, Net net)
      : vae(std::move(encoder), std::move(decoder)),
        classifier(std::move(net)),
        vae_adam(parameters(vae), {.rate = 1e-2}),
        classifier_sgd(parameters(classifier), {.rate = 0.1, .momentum = 0.9, .weight_decay = 1e-3}) {}
};

// models.cpp, compiled twice: UNIT is one or two.
namespace one {
Models make();
void learn(Models& models);
std::vector<float> figures(const Models& models);
}  // namespace one
namespace two {
Models make();
void learn(Models& models);
std::vector<float> figures(const Models& models);
}  // namespace two

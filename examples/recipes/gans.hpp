// Adversarial networks of the tutorials, each a configuration of one template.
#pragma once

#include <cmath>
#include <figment/figment.hpp>

namespace recipes {

using namespace figment;

using GanModel = Gan<Sequential<float>, Sequential<float>>;

/// How labels reach both networks, whose inputs they are joined to: not at all, as one-hot columns, or as
/// learned vectors.
enum class Labels { none, joined, embedded };

/// What defines a generator and a discriminator of 28x28 images and their training.
struct GanSettings {
  std::string name, about;
  Index latent = 100;
  GanOptions options{};
  Labels labels = Labels::none;
  bool spectral_norm = false;  ///< of the discriminator's dense layers
  double width = 1;            ///< of a DCGAN's layers, as a part of the published
  bool signed_range = true;    ///< pixels from -1 to 1, not from 0
  std::string dataset = "mnist";
  double rate = 2e-4, discriminator_rate = 2e-4, beta1 = 0.5;
  Index batch = 128, batches = 0;  ///< of an epoch; 0: once through the data
  bool replacement = false;        ///< real images drawn with replacement
  Index epochs = 20;
  Index shown = 100;      ///< images in the pictures of the run
  bool enlarged = false;  ///< a sample of 256x256 and a real image of 14x14, 56x56 and 448x448 too
  GanModel (*make)(const GanSettings& settings, Rng& rng) = nullptr;
};

namespace detail {

inline constexpr Index classes = 10, embedding = 50;

inline LinearOptions leaky(double slope, Initializer weights = init::glorot_uniform()) {
  return {.activation = Activation::leaky_relu, .slope = slope, .init = weights};
}

/// The settings' options, which know of labels what the networks are built for.
inline GanOptions options_of(const GanSettings& s) {
  GanOptions o = s.options;
  o.classes = s.labels == Labels::none ? 0 : classes;
  return o;
}

/// Appends what becomes of labels joined to `features` columns, and returns the columns there are then.
inline Index add_labels(Sequential<float>& net, const GanSettings& s, Index features, Rng& rng) {
  if (s.labels == Labels::none) return features;
  if (s.labels == Labels::joined) return features + classes;
  net.add(LabelEmbedding(classes, embedding, rng));
  return features + embedding;
}

/// Leaky layers of these units, each followed by dropout unless it is 0, and a logit.
inline Sequential<float> dense_discriminator(const GanSettings& s, const std::vector<Index>& units,
                                             double slope, double dropout, Initializer first, Rng& rng) {
  Sequential<float> net{Flatten{}};
  Index inputs = add_labels(net, s, 784, rng);
  const auto add = [&](Index out, const LinearOptions& options) {
    Linear layer(std::exchange(inputs, out), out, rng, options);
    if (s.spectral_norm)
      net.add(SpectralNorm(std::move(layer), rng));
    else
      net.add(std::move(layer));
  };
  for (std::size_t i = 0; i < units.size(); ++i) {
    add(units[i], leaky(slope, i == 0 ? first : init::glorot_uniform()));
    if (dropout > 0) net.add(Dropout(dropout));
  }
  add(1, {});
  return net;
}

/// Leaky layers of these units, each followed by batch norm if there are options for it, and 784 tanh.
inline Sequential<float> dense_generator(const GanSettings& s, const std::vector<Index>& units, double slope,
                                         const BatchNormOptions* norm, Initializer first, Rng& rng) {
  Sequential<float> net;
  Index inputs = add_labels(net, s, s.latent, rng);
  for (std::size_t i = 0; i < units.size(); ++i) {
    net.add(Linear(std::exchange(inputs, units[i]), units[i], rng,
                   leaky(slope, i == 0 ? first : init::glorot_uniform())));
    if (norm) net.add(BatchNorm(units[i], *norm));
  }
  net.add(Linear(inputs, 784, rng, {.activation = Activation::tanh}));
  return net;
}

inline GanModel keras_mnist(const GanSettings& s, Rng& rng) {
  const auto narrow = init::normal(0, 0.02);
  auto generator = dense_generator(s, {256, 512, 1024}, 0.2, nullptr, narrow, rng);
  auto discriminator = dense_discriminator(s, {1024, 512, 256}, 0.2, 0.3, narrow, rng);
  return {std::move(generator), std::move(discriminator), s.latent, options_of(s)};
}

inline GanModel linder_noren(const GanSettings& s, Rng& rng) {
  const BatchNormOptions norm{.momentum = 0.8};
  auto generator = dense_generator(s, {256, 512, 1024}, 0.2, &norm, init::glorot_uniform(), rng);
  auto discriminator = dense_discriminator(s, {512, 256}, 0.2, 0, init::glorot_uniform(), rng);
  return {std::move(generator), std::move(discriminator), s.latent, options_of(s)};
}

inline GanModel in_action(const GanSettings& s, Rng& rng) {
  auto generator = dense_generator(s, {128}, 0.01, nullptr, init::glorot_uniform(), rng);
  auto discriminator = dense_discriminator(s, {128}, 0.01, 0, init::glorot_uniform(), rng);
  return {std::move(generator), std::move(discriminator), s.latent, options_of(s)};
}

/// N(0, 2 / n) for every variable, n being its own first dimension; of a bias that is its size.
inline Initializer by_first_dimension() {
  return {[](const Shape& s, Fans, Rng& rng, double, double) {
    return rng.normal<double>(s, 0, 1 / std::sqrt(static_cast<double>(s[0]) / 2));
  }};
}

inline void refuse_labels(const GanSettings& s) {
  ensure(s.labels == Labels::none && !s.spectral_norm, "{}: has no room for labels and spectral norm",
         s.name);
}

inline GanModel tf1_fashion(const GanSettings& s, Rng& rng) {
  refuse_labels(s);
  const auto layer = [&](Index in, Index out, Activation activation) {
    const auto drawn = by_first_dimension();
    return Linear(in, out, rng, {.activation = activation, .init = drawn, .bias_init = drawn});
  };
  Sequential generator{layer(s.latent, 256, Activation::relu), layer(256, 784, Activation::sigmoid)};
  Sequential discriminator{Flatten{}, layer(784, 256, Activation::relu), layer(256, 1, Activation::none)};
  return {std::move(generator), std::move(discriminator), s.latent, s.options};
}

inline GanModel dcgan(const GanSettings& s, Rng& rng) {
  refuse_labels(s);
  const auto wide = [&](Index channels) {
    return std::max<Index>(1, std::lround(static_cast<double>(channels) * s.width));
  };
  const Index a = wide(256), b = wide(128), c = wide(64);
  const BatchNormOptions norm{.activation = Activation::leaky_relu, .slope = 0.3};
  const auto up = [&](Index in, Index out, Index stride, Activation activation = Activation::none) {
    return ConvTranspose2d(
        in, out, rng,
        {.kernel = 5, .stride = stride, .padding = Padding::same(), .activation = activation, .bias = false});
  };
  Sequential generator{Linear(s.latent, 7 * 7 * a, rng, {.bias = false}),
                       BatchNorm(7 * 7 * a, norm),
                       Reshape{{7, 7, a}},
                       up(a, b, 1),
                       BatchNorm(b, norm),
                       up(b, c, 2),
                       BatchNorm(c, norm),
                       up(c, 1, 2, Activation::tanh)};
  const Conv2dOptions down{.kernel = 5,
                           .stride = 2,
                           .padding = Padding::same(),
                           .activation = Activation::leaky_relu,
                           .slope = 0.3};
  Sequential discriminator{
      Conv2d(1, c, rng, down),  Dropout(0.3), Conv2d(c, b, rng, down), Dropout(0.3), Flatten{},
      Linear(7 * 7 * b, 1, rng)};
  return {std::move(generator), std::move(discriminator), s.latent, s.options};
}

}  // namespace detail

inline const std::vector<GanSettings>& gans() {
  static const std::vector<GanSettings> all{
      {.name = "gan-keras-mnist",
       .about = "100-256-512-1024-784 against 784-1024-512-256-1 with dropout, smoothed labels",
       .options = {.loss = {.real_label = 0.9}, .batches = RealAndFake::joined},
       .batches = 468,
       .replacement = true,
       .make = detail::keras_mnist},
      {.name = "gan-linder-noren",
       .about = "batch norm in the generator, batches of 32, 30,000 iterations",
       .options = {.batches = RealAndFake::apart, .fakes_in_use = true},
       .batch = 32,
       .batches = 1000,
       .replacement = true,
       .epochs = 30,
       .shown = 25,
       .make = detail::linder_noren},
      {.name = "gan-in-action",
       .about = "100-128-784 against 784-128-1, 20,000 iterations",
       .options = {.batches = RealAndFake::apart, .fakes_in_use = true},
       .rate = 1e-3,
       .discriminator_rate = 1e-3,
       .beta1 = 0.9,
       .batches = 1000,
       .replacement = true,
       .shown = 16,
       .make = detail::in_action},
      {.name = "gan-tf1-fashion",
       .about = "uniform noise, one batch for both updates, Fashion-MNIST, 100,000 iterations",
       .options = {.loss = {.log_offset = 1e-4}, .noise = Noise::uniform, .simultaneous = true},
       .signed_range = false,
       .dataset = "fashion",
       .beta1 = 0.9,
       .batches = 2000,
       .epochs = 50,
       .shown = 25,
       .enlarged = true,
       .make = detail::tf1_fashion},
  };
  return all;
}

inline const std::vector<GanSettings>& dcgans() {
  static const std::vector<GanSettings> all{
      {.name = "dcgan-tf",
       .about = "transposed convolutions from 7x7x256, convolutions back, batches of 256",
       .options = {.simultaneous = true, .generated = 256},
       .rate = 1e-4,
       .discriminator_rate = 1e-4,
       .beta1 = 0.9,
       .batch = 256,
       .epochs = 30,
       .shown = 16,
       .make = detail::dcgan},
  };
  return all;
}

/// The networks of the settings; real images are (N, 28, 28, 1).
inline GanModel make_gan(const GanSettings& s, Rng& rng) { return s.make(s, rng); }

}  // namespace recipes

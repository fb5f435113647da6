// Autoencoders of the tutorials, each a configuration of one template.
#pragma once

#include <figment/figment.hpp>

namespace recipes {

using namespace figment;

/// What defines an autoencoder of 28x28 images and its training.
struct AutoencoderSettings {
  std::string name, about;
  /// Units of the dense layers between image and code, or channels of the convolutions.
  std::vector<Index> hidden{};
  Index latent = 32;  ///< units of the code; 0 for convolutions, whose code is a small image
  AutoencoderOptions options{};
  double l1 = 0;  ///< activity penalty on the code: summed over its units, averaged over the batch
  Initializer init = init::glorot_uniform();
  bool raw = false;     ///< pixels from 0 to 255, not to 1
  double held_out = 0;  ///< share of the training data that validates; 0: the test data do
  std::string optimizer = "adam";
  double rate = 1e-3;
  Index batch = 256, epochs = 50;
};

inline const std::vector<AutoencoderSettings>& autoencoders() {
  static const std::vector<AutoencoderSettings> all{
      {.name = "ae-30",
       .about = "784-30-784, relu, squared error of pixels from 0 to 255",
       .latent = 30,
       .options = {.reconstruction = Reconstruction::mse, .output = Activation::relu, .both = true},
       .init = init::normal(0, 0.05),
       .raw = true,
       .held_out = 0.1,
       .batch = 100,
       .epochs = 5},
      {.name = "ae-simple", .about = "784-32-784, cross-entropy"},
      {.name = "ae-deep", .about = "784-128-64-32 and back", .hidden = {128, 64}, .epochs = 100},
      {.name = "ae-sparse", .about = "ae-simple with an L1 penalty on its code", .l1 = 1e-4, .epochs = 100},
      {.name = "ae-conv",
       .about = "three convolutions to a code of 4x4x8, and back",
       .hidden = {16, 8, 8},
       .latent = 0,
       .batch = 128},
      {.name = "ae-denoise",
       .about = "two convolutions and back, given images with noise",
       .hidden = {32, 32},
       .latent = 0,
       .options = {.noise = 0.5},
       .batch = 128,
       .epochs = 20},
  };
  return all;
}

using AutoencoderModel = Autoencoder<Sequential<float>, Sequential<float>>;

namespace detail {

inline AutoencoderModel dense_autoencoder(const AutoencoderSettings& s, Rng& rng) {
  const auto layer = [&](Index in, Index out, Activation activation) {
    return Linear(in, out, rng, {.activation = activation, .init = s.init});
  };
  Sequential<float> encoder{Flatten{}}, decoder;
  Index units = 784;
  for (Index h : s.hidden) encoder.add(layer(std::exchange(units, h), h, Activation::relu));
  encoder.add(layer(units, s.latent, Activation::relu));
  if (s.l1 > 0) encoder.add(ActivityPenalty({.l1 = s.l1}));
  units = s.latent;
  for (std::size_t i = s.hidden.size(); i-- > 0;)
    decoder.add(layer(std::exchange(units, s.hidden[i]), s.hidden[i], Activation::relu));
  decoder.add(layer(units, 784, Activation::none));
  return {std::move(encoder), std::move(decoder), s.options};
}

/// Each convolution is followed by pooling to half the size, on the way back by up-sampling. Three levels go
/// 28, 14, 7, 4 and back 8, 16: there a convolution without padding makes 14 of 16.
inline AutoencoderModel conv_autoencoder(const AutoencoderSettings& s, Rng& rng) {
  ensure(s.hidden.size() >= 1 && s.hidden.size() <= 3, "{}: expected 1 to 3 convolutions, found {}", s.name,
         s.hidden.size());
  const Conv2dOptions same{.padding = Padding::same(), .activation = Activation::relu, .init = s.init};
  Sequential<float> encoder, decoder;
  Index channels = 1;
  for (Index h : s.hidden) {
    encoder.add(Conv2d(std::exchange(channels, h), h, rng, same));
    encoder.add(MaxPool2d({.window = 2, .padding = Padding::same()}));
  }
  if (s.l1 > 0) encoder.add(ActivityPenalty({.l1 = s.l1}));
  for (std::size_t i = s.hidden.size(); i-- > 0;) {
    Conv2dOptions conv = same;
    if (s.hidden.size() == 3 && i == 0) conv.padding = {};
    decoder.add(Conv2d(std::exchange(channels, s.hidden[i]), s.hidden[i], rng, conv));
    decoder.add(UpSample2d(2));
  }
  decoder.add(Conv2d(channels, 1, rng, {.padding = Padding::same(), .init = s.init}));
  return {std::move(encoder), std::move(decoder), s.options};
}

}  // namespace detail

/// The network of the settings, on images (N, 28, 28, 1).
inline AutoencoderModel make_autoencoder(const AutoencoderSettings& s, Rng& rng) {
  return s.latent > 0 ? detail::dense_autoencoder(s, rng) : detail::conv_autoencoder(s, rng);
}

}  // namespace recipes

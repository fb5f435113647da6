// Variational autoencoders of the tutorials, each a configuration of one template.
#pragma once

#include <figment/figment.hpp>

namespace recipes {

using namespace figment;

enum class VaeKind { dense, convolutional, conditional };

/// What defines a variational autoencoder of 28x28 images and its training.
struct VaeSettings {
  std::string name, about;
  VaeKind kind = VaeKind::dense;
  /// Units of the dense layers between image and code; for convolutions the channels of two of them and the
  /// units of the dense layer after.
  std::vector<Index> hidden{256};
  Index latent = 2;
  VaeOptions options{};
  bool all_data = false;  ///< train on the test data too, and so validate on none
  std::string optimizer = "adam";
  double rate = 1e-3;
  Index batch = 100, epochs = 50;
};

inline const std::vector<VaeSettings>& vaes() {
  static const std::vector<VaeSettings> all{
      {.name = "vae-256", .about = "784-256-2 and back, RMSprop", .optimizer = "rmsprop"},
      {.name = "vae-512", .about = "784-512-2 and back", .hidden = {512}},
      {.name = "vae-conv",
       .about = "two convolutions to a code of 2 and back, trained on all 70,000",
       .kind = VaeKind::convolutional,
       .hidden = {32, 64, 128},
       .all_data = true,
       .batch = 128,
       .epochs = 30},
      {.name = "cvae",
       .about = "784-512-2 and back, both told the digit's class",
       .kind = VaeKind::conditional,
       .hidden = {512}},
  };
  return all;
}

inline constexpr Index classes = 10;

using VaeModel = Vae<GaussianEncoder<float>, Sequential<float>>;
using ConditionalVaeModel = ConditionalVae<GaussianEncoder<float>, Sequential<float>>;

namespace detail {

inline GaussianEncoder<float> dense_encoder(const VaeSettings& s, Index inputs, Rng& rng) {
  Sequential<float> body{Flatten{}};
  for (Index h : s.hidden)
    body.add(Linear(std::exchange(inputs, h), h, rng, {.activation = Activation::relu}));
  return {std::move(body), inputs, s.latent, rng};
}

inline Sequential<float> dense_decoder(const VaeSettings& s, Index inputs, Rng& rng) {
  Sequential<float> net;
  for (std::size_t i = s.hidden.size(); i-- > 0;)
    net.add(Linear(std::exchange(inputs, s.hidden[i]), s.hidden[i], rng, {.activation = Activation::relu}));
  net.add(Linear(inputs, 784, rng));
  return net;
}

inline VaeModel conv_vae(const VaeSettings& s, Rng& rng) {
  ensure(s.hidden.size() == 3, "{}: expected two numbers of channels and one of units, found {} numbers",
         s.name, s.hidden.size());
  const Index inner = s.hidden[0], outer = s.hidden[1], units = s.hidden[2], area = 7 * 7;
  const LinearOptions relu{.activation = Activation::relu};
  const Conv2dOptions down{.stride = 2, .padding = Padding::same(), .activation = Activation::relu};
  const ConvTranspose2dOptions up{.stride = 2, .padding = Padding::same(), .activation = Activation::relu};
  GaussianEncoder<float> encoder(Sequential{Conv2d(1, inner, rng, down), Conv2d(inner, outer, rng, down),
                                            Flatten{}, Linear(area * outer, units, rng, relu)},
                                 units, s.latent, rng);
  Sequential decoder{Linear(s.latent, area * outer, rng, relu), Reshape{{7, 7, outer}},
                     ConvTranspose2d(outer, outer, rng, up), ConvTranspose2d(outer, inner, rng, up),
                     ConvTranspose2d(inner, 1, rng, {.padding = Padding::same()})};
  return {std::move(encoder), std::move(decoder), s.options};
}

}  // namespace detail

/// The network of the settings, on images (N, 28, 28, 1).
inline VaeModel make_vae(const VaeSettings& s, Rng& rng) {
  ensure(s.kind != VaeKind::conditional, "{}: is conditional", s.name);
  if (s.kind == VaeKind::convolutional) return detail::conv_vae(s, rng);
  auto encoder = detail::dense_encoder(s, 784, rng);
  return {std::move(encoder), detail::dense_decoder(s, s.latent, rng), s.options};
}

inline ConditionalVaeModel make_conditional_vae(const VaeSettings& s, Rng& rng) {
  auto encoder = detail::dense_encoder(s, 784 + classes, rng);
  return {std::move(encoder), detail::dense_decoder(s, s.latent + classes, rng), classes, s.options};
}

}  // namespace recipes

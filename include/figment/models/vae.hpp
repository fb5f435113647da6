// The variational autoencoder (Kingma and Welling, 2013).
#pragma once

#include "figment/models/latent.hpp"
#include "figment/models/vae_loss.hpp"

namespace figment {

/// An encoder to a Gaussian over codes, and a decoder from codes to logits; any two modules of that kind.
template <class Encoder, class Decoder>
struct Vae {
  using value_type = module_value_t<Encoder>;
  using T = value_type;
  static_assert(detail::check_encoder<Encoder, T>());

  Encoder encoder;     ///< from images to a Gaussian over codes
  Decoder decoder;     ///< from codes to logits
  VaeOptions options;  ///< may change between steps

  /// Handles to the networks' tensors: the model trains them.
  Vae(Encoder e, Decoder d, VaeOptions o = {}) : encoder(std::move(e)), decoder(std::move(d)), options(o) {}

  /// The loss of a batch, from samples of each image's code; the noise is the Context's, or given as
  /// (samples N, latent).
  VaeLoss<T> loss(const Tensor<T>& x, const Context& context) const {
    const Gaussian<T> code = figment::forward("encoder", encoder, x, context);
    return loss_of(x, code, detail::code_noise(options, code, context.generator("Vae")), context);
  }
  /// With given noise (samples N, latent).
  VaeLoss<T> loss(const Tensor<T>& x, const Tensor<T>& noise, const Context& context) const {
    return loss_of(x, figment::forward("encoder", encoder, x, context), noise, context);
  }

  /// The decoder's logits for x's mean code.
  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return figment::forward("decoder", decoder, figment::forward("encoder", encoder, x, context).mean,
                            context);
  }

  // For use, not training: nothing below is recorded, inputs of any number are taken in batches, and pixels
  // are probabilities in [0, 1].

  /// The distribution of each image's code.
  Gaussian<T> encode(const Tensor<T>& x) const {
    return detail::encode_in_batches(
        x, [&](const Tensor<T>& part, Index) { return figment::forward("encoder", encoder, part, {}); });
  }
  /// Codes (N, latent) to images.
  Tensor<T> decode(const Tensor<T>& code) const {
    return detail::in_batches(code, [&](const Tensor<T>& part, Index) {
      return sigmoid(figment::forward("decoder", decoder, part, {}));
    });
  }
  /// The images of the mean codes, in x's shape.
  Tensor<T> reconstruct(const Tensor<T>& x) const { return decode(encode(x).mean).view_as(x.shape()); }
  /// n images of codes drawn from N(0, 1).
  Tensor<T> sample(Index n, Rng& rng) const { return decode(rng.normal<T>({n, encoder.latent()})); }
  /// n images of codes on the straight line between the mean codes of two images; a and b are (1, …).
  Tensor<T> interpolate(const Tensor<T>& a, const Tensor<T>& b, Index n) const {
    return decode(figment::interpolate(encode(a).mean, encode(b).mean, n));
  }

  void visit(auto&& v) {
    v("encoder", encoder);
    v("decoder", decoder);
  }

 private:
  VaeLoss<T> loss_of(const Tensor<T>& x, const Gaussian<T>& code, const Tensor<T>& noise,
                     const Context& context) const {
    return detail::vae_loss(options, x, code, noise, [&](const Tensor<T>& z) {
      return figment::forward("decoder", decoder, z, context);
    });
  }
};

}  // namespace figment

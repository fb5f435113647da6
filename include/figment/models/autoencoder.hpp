// The autoencoder: a network to a code, and one back.
#pragma once

#include "figment/core/finite.hpp"
#include "figment/models/batched.hpp"
#include "figment/models/latent.hpp"
#include "figment/models/reconstruction.hpp"
#include "figment/nn/layer.hpp"

namespace figment {

/// Of Autoencoder.
struct AutoencoderOptions {
  Reconstruction reconstruction = Reconstruction::bce;  ///< what is trained on
  Activation output = Activation::sigmoid;              ///< from the decoder's logits to pixels
  /// A denoising autoencoder (Vincent et al., 2008): N(0, noise^2) is added to the encoder's input, which is
  /// clipped to [0, 1] again; the target stays clean.
  double noise = 0;
  bool both = false;  ///< also report the loss that is not trained on
};

/// The reconstruction's error, averaged over pixels and batch.
template <class T>
struct AutoencoderLoss {
  Reconstruction kind;       ///< the measure that is trained on
  Tensor<T> reconstruction;  ///< by that measure
  Tensor<T> other;           ///< by the other measure, not to be trained on; undefined unless asked for

  /// What training minimises.
  Tensor<T> total() const { return reconstruction; }
  /// Calls f("bce" or "mse", value).
  void terms(auto&& f) const {
    f(name(kind), reconstruction);
    if (other.defined())
      f(name(kind == Reconstruction::bce ? Reconstruction::mse : Reconstruction::bce), other);
  }
};

/// An encoder from images to codes and a decoder from codes to logits; any two modules of that kind. The code
/// is a tensor of any shape (N, …).
template <class Encoder, class Decoder>
struct Autoencoder {
  using value_type = module_value_t<Encoder>;
  using T = value_type;

  Encoder encoder;             ///< from images to codes
  Decoder decoder;             ///< from codes to logits
  AutoencoderOptions options;  ///< may change between steps

  /// Handles to the networks' tensors: the model trains them.
  Autoencoder(Encoder e, Decoder d, AutoencoderOptions o = {})
      : encoder(std::move(e)), decoder(std::move(d)), options(o) {}

  /// The loss of a batch; noise, if the options say so, is the Context's.
  AutoencoderLoss<T> loss(const Tensor<T>& x, const Context& context) const {
    ensure(detail::not_negative(options.noise), "Autoencoder: expected noise of 0 or more, found {}",
           options.noise);
    return loss(options.noise > 0 ? corrupt(x, context.generator("Autoencoder")) : x, x, context);
  }
  /// The loss of what the network makes of `input` against `target`, of as many elements.
  AutoencoderLoss<T> loss(const Tensor<T>& input, const Tensor<T>& target, const Context& context) const {
    const Tensor<T> logits = forward(input, context), wanted = reshape(target, logits.shape());
    const auto measure = [&](Reconstruction kind) {
      return detail::reconstruction_loss(kind, logits, wanted, Reduction::mean, options.output);
    };
    const bool bce = options.reconstruction == Reconstruction::bce;
    return {options.reconstruction, measure(options.reconstruction),
            options.both ? no_grad([&] { return measure(bce ? Reconstruction::mse : Reconstruction::bce); })
                         : Tensor<T>()};
  }

  /// The decoder's logits for x's code.
  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return figment::forward("decoder", decoder, figment::forward("encoder", encoder, x, context), context);
  }

  /// x as a denoising autoencoder is given it while training: noise added, clipped to [0, 1].
  Tensor<T> corrupt(const Tensor<T>& x, Rng& rng) const {
    return clamp(x + rng.normal<T>(x.shape(), 0, static_cast<T>(options.noise)), 0, 1);
  }

  // For use, not training: nothing below is recorded, and inputs of any number are taken in batches.

  /// Images to codes.
  Tensor<T> encode(const Tensor<T>& x) const {
    return detail::in_batches(
        x, [&](const Tensor<T>& part, Index) { return figment::forward("encoder", encoder, part, {}); });
  }
  /// Codes to pixels.
  Tensor<T> decode(const Tensor<T>& code) const {
    return detail::in_batches(code, [&](const Tensor<T>& part, Index) {
      return detail::pixels_of(figment::forward("decoder", decoder, part, {}), options.output);
    });
  }
  /// What the network makes of x, in x's shape.
  Tensor<T> reconstruct(const Tensor<T>& x) const {
    return detail::in_batches(x, [&](const Tensor<T>& part, Index) { return decode(encode(part)); })
        .view_as(x.shape());
  }
  /// n images of codes on the straight line from one image's code to another's; a and b are (1, …).
  Tensor<T> interpolate(const Tensor<T>& a, const Tensor<T>& b, Index n) const {
    return decode(figment::interpolate(encode(a), encode(b), n));
  }

  void visit(auto&& v) {
    v("encoder", encoder);
    v("decoder", decoder);
  }
};

}  // namespace figment

// The variational autoencoder (Kingma and Welling, 2013).
#pragma once

#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/ops/loss.hpp"

namespace figment {

/// A diagonal normal distribution over codes: mean and log-variance, both (N, latent).
template <class T>
struct Gaussian {
  Tensor<T> mean, log_var;

  /// mean + exp(log_var / 2) noise: a sample that gradients flow through (the reparameterization trick).
  Tensor<T> sample(Rng& rng) const { return sample(rng.normal<T>(mean.shape())); }
  /// The sample for given standard normal noise.
  Tensor<T> sample(const Tensor<T>& noise) const { return mean + exp(affine(log_var, 0.5, 0)) * noise; }
};

/// An encoder of two parts: a network, and on its features two linear heads for mean and log-variance.
/// (N, …) -> Gaussian (N, latent).
template <class T = float>
struct GaussianEncoder {
  using value_type = T;

  Sequential<T> body;
  Linear<T> mean, log_var;

  GaussianEncoder(Sequential<T> network, Index features, Index latent, Rng& rng, LinearOptions head = {})
      : body(std::move(network)), mean(features, latent, rng, head), log_var(features, latent, rng, head) {}

  Gaussian<T> forward(const Tensor<T>& x, const Context& context) const {
    const Tensor<T> h = figment::forward("body", body, x, context);
    return {figment::forward("mean", mean, h, context), figment::forward("log_var", log_var, h, context)};
  }
  /// The number of code dimensions.
  Index latent() const { return mean.weight.dim(1); }

  void visit(auto&& v) {
    v("body", body);
    v("mean", mean);
    v("log_var", log_var);
  }
};

/// How far a reconstruction is from its image: binary cross-entropy of the decoder's logits, or the squared
/// error of their sigmoid. Both are summed over the pixels and averaged over the batch.
enum class Reconstruction { bce, mse };

struct VaeOptions {
  Reconstruction reconstruction = Reconstruction::bce;
  double reconstruction_weight = 1;
  double kl_weight = 1;  ///< beta (Higgins et al., 2017)
};

/// The two terms of the negative evidence lower bound, in nats per sample, before their weights.
template <class T>
struct VaeLoss {
  Tensor<T> reconstruction, kl;
  double reconstruction_weight = 1, kl_weight = 1;

  /// What training minimises.
  Tensor<T> total() const {
    return affine(reconstruction, reconstruction_weight, 0) + affine(kl, kl_weight, 0);
  }
  /// Calls f(name, value) for each term.
  void terms(auto&& f) const {
    f("reconstruction", reconstruction);
    f("kl", kl);
  }
};

/// An encoder to a Gaussian over codes, and a decoder from codes to logits; any two modules of that kind.
template <class Encoder, class Decoder>
struct Vae {
  using value_type = module_value_t<Encoder>;
  using T = value_type;

  Encoder encoder;
  Decoder decoder;
  VaeOptions options;

  Vae(Encoder e, Decoder d, VaeOptions o = {}) : encoder(std::move(e)), decoder(std::move(d)), options(o) {}

  /// The loss of a batch, from one sample of each image's code; the noise is the Context's, or given.
  VaeLoss<T> loss(const Tensor<T>& x, const Context& context) const {
    const Gaussian<T> code = figment::forward("encoder", encoder, x, context);
    return loss_of(x, code, code.sample(context.generator("Vae")), context);
  }
  VaeLoss<T> loss(const Tensor<T>& x, const Tensor<T>& noise, const Context& context) const {
    const Gaussian<T> code = figment::forward("encoder", encoder, x, context);
    return loss_of(x, code, code.sample(noise), context);
  }

  /// The decoder's logits for x's mean code.
  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return figment::forward("decoder", decoder, figment::forward("encoder", encoder, x, context).mean,
                            context);
  }

  // For use, not training: nothing below is recorded, and pixels are probabilities in [0, 1].

  /// The distribution of each image's code.
  Gaussian<T> encode(const Tensor<T>& x) const {
    NoGrad guard;
    return figment::forward("encoder", encoder, x, {});
  }
  /// Codes (N, latent) to images.
  Tensor<T> decode(const Tensor<T>& code) const {
    NoGrad guard;
    return sigmoid(figment::forward("decoder", decoder, code, {}));
  }
  /// The images of the mean codes, in x's shape.
  Tensor<T> reconstruct(const Tensor<T>& x) const { return decode(encode(x).mean).view_as(x.shape()); }
  /// n images of codes drawn from N(0, 1).
  Tensor<T> sample(Index n, Rng& rng) const { return decode(rng.normal<T>({n, encoder.latent()})); }

  void visit(auto&& v) {
    v("encoder", encoder);
    v("decoder", decoder);
  }

 private:
  VaeLoss<T> loss_of(const Tensor<T>& x, const Gaussian<T>& code, const Tensor<T>& z,
                     const Context& context) const {
    const Tensor<T> logits = figment::forward("decoder", decoder, z, context);
    const Tensor<T> target = reshape(x, logits.shape());
    const auto nats = Reduction::batch_mean;
    return {options.reconstruction == Reconstruction::bce ? bce_with_logits(logits, target, nats)
                                                          : mse(sigmoid(logits), target, nats),
            gaussian_kl(code.mean, code.log_var, nats), options.reconstruction_weight, options.kl_weight};
  }
};

}  // namespace figment

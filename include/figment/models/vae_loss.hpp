// The loss of variational autoencoders.
#pragma once

#include "figment/models/gaussian_encoder.hpp"
#include "figment/models/reconstruction.hpp"

namespace figment {

/// Of Vae and ConditionalVae.
struct VaeOptions {
  /// Of the decoder's logits, or of their sigmoid for mse; summed over pixels and averaged over the batch.
  Reconstruction reconstruction = Reconstruction::bce;
  double reconstruction_weight = 1;  ///< other than 1: no longer a bound on log p
  double kl_weight = 1;              ///< beta (Higgins et al., 2017); Anneal it to raise it slowly
  Index samples = 1;                 ///< codes drawn for each image
};

/// The two terms of the negative evidence lower bound, in nats per image, before their weights.
template <class T>
struct VaeLoss {
  Tensor<T> reconstruction, kl;                     ///< scalars
  double reconstruction_weight = 1, kl_weight = 1;  ///< the options'

  /// What training minimises.
  Tensor<T> total() const { return reconstruction_weight * reconstruction + kl_weight * kl; }
  /// Calls f(name, value) for each term.
  void terms(auto&& f) const {
    f("reconstruction", reconstruction);
    f("kl", kl);
  }
};

namespace detail {

/// Standard normal noise for every sample of N codes: (samples N, latent), the images' first samples first.
template <class T>
Tensor<T> code_noise(const VaeOptions& options, const Gaussian<T>& code, Rng& rng) {
  ensure(options.samples >= 1, "Vae: expected 1 or more samples, found {}", options.samples);
  return rng.normal<T>({options.samples * code.mean.dim(0), code.mean.dim(1)});
}

/// The terms for images x, the codes' distributions and noise as code_noise has it; decode makes logits of
/// codes (samples N, latent).
template <class T, class Decode>
VaeLoss<T> vae_loss(const VaeOptions& options, const Tensor<T>& x, const Gaussian<T>& code,
                    const Tensor<T>& noise, Decode decode) {
  const Index n = options.samples;
  const Gaussian<T> each{repeat_rows(code.mean, n), repeat_rows(code.log_var, n)};
  const Tensor<T> logits = decode(each.sample(noise));
  const Tensor<T> target = reshape(repeat_rows(x, n), logits.shape());
  const auto nats = Reduction::batch_mean;
  return {reconstruction_loss(options.reconstruction, logits, target, nats),
          gaussian_kl(code.mean, code.log_var, nats), options.reconstruction_weight, options.kl_weight};
}

}  // namespace detail

}  // namespace figment

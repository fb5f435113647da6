// Encoders to a distribution over codes.
#pragma once

#include "figment/models/batched.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/ops/math.hpp"

namespace figment {

/// A diagonal normal distribution over codes: mean and log-variance, both (N, latent).
template <class T>
struct Gaussian {
  Tensor<T> mean, log_var;  ///< (N, latent) each; the variance is exp(log_var)

  /// mean + exp(log_var / 2) noise: a sample that gradients flow through (the reparameterization trick).
  Tensor<T> sample(Rng& rng) const { return sample(rng.normal<T>(mean.shape())); }
  /// The sample for given standard normal noise, (N, latent).
  Tensor<T> sample(const Tensor<T>& noise) const {
    ensure(mean.shape() == log_var.shape() && mean.shape() == noise.shape(),
           "Gaussian: expected mean, log-variance and noise of one shape, found {}, {} and {}", mean.shape(),
           log_var.shape(), noise.shape());
    return mean + exp(0.5 * log_var) * noise;
  }
};

/// An encoder of two parts: a network, and on its features two linear heads for mean and log-variance.
/// (N, …) -> Gaussian (N, latent).
template <class T = float>
struct GaussianEncoder {
  using value_type = T;

  Sequential<T> body;       ///< to the features
  Linear<T> mean, log_var;  ///< the heads

  /// Draws the head of the mean, then that of the log-variance, from rng.
  GaussianEncoder(Sequential<T> network, Index features, Index latent, Rng& rng, LinearOptions head = {})
      : body(std::move(network)), mean(features, latent, rng, head), log_var(features, latent, rng, head) {}

  /// The distributions of the codes of x (N, …).
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

namespace detail {

template <class Encoder, class T>
concept EncodesGaussian = HasForward<Encoder, T> && requires(const Encoder& e, const Tensor<T>& x) {
  { call_forward(e, x, Context()) } -> std::same_as<Gaussian<T>>;
  { e.latent() } -> std::convertible_to<Index>;
};

/// That a VAE's encoder is one, or an error that says what it lacks.
template <class Encoder, class T>
constexpr bool check_encoder() {
  static_assert(
      EncodesGaussian<Encoder, T>,
      "figment: a Vae's encoder needs a forward(x, context) or forward(x) that returns a Gaussian<T>, mean "
      "and log_var, and `Index latent() const`, its number of code dimensions");
  return true;
}

/// encode(rows, first row) -> Gaussian for all of x, in batches, nothing recorded.
template <class T, class F>
Gaussian<T> encode_in_batches(const Tensor<T>& x, F encode) {
  const Tensor<T> both = in_batches(x, [&](const Tensor<T>& part, Index begin) {
    const Gaussian<T> code = encode(part, begin);
    return figment::concat({code.mean, code.log_var}, 1);
  });
  const Index latent = both.dim(1) / 2;
  return {slice(both, 1, 0, latent), slice(both, 1, latent, 2 * latent)};
}

}  // namespace detail

}  // namespace figment

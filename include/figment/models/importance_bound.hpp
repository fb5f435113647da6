// How probable a VAE holds images, by importance sampling.
#pragma once

#include "figment/models/conditional_vae.hpp"
#include "figment/models/vae.hpp"

namespace figment {

namespace detail {

/// The bound for images whose codes' distributions are given; decode(z, first row) makes logits of codes.
template <class T, class Decode>
Tensor<T> importance_bound(const VaeOptions& options, const Tensor<T>& x, const Gaussian<T>& code, Index k,
                           Rng& rng, Decode decode) {
  ensure(k >= 1, "importance_bound: expected 1 or more samples, found {}", k);
  ensure(options.reconstruction == Reconstruction::bce,
         "importance_bound: needs the bce reconstruction; the squared error gives no probability of x");
  const Index latent = code.mean.dim(1);
  return in_batches(x, [&](const Tensor<T>& part, Index begin) {
    const Index n = part.dim(0);
    const Gaussian<T> own{slice(code.mean, 0, begin, begin + n), slice(code.log_var, 0, begin, begin + n)};
    Tensor<T> weights(Shape{k, n});  // log of p(x, z) / q(z | x)
    for (Index i = 0; i < k; ++i) {
      const Tensor<T> noise = rng.normal<T>({n, latent}), z = own.sample(noise);
      const Tensor<T> logits = decode(z, begin);
      const Tensor<T> nats = bce_with_logits(logits, reshape(part, logits.shape()), Reduction::none);
      // log N(z; 0, 1) - log N(z; mean, var): the noise is (z - mean) / deviation.
      const Tensor<T> codes = sum(0.5 * (own.log_var + square(noise) - square(z)), 1);
      const Tensor<T> weight = codes - sum(flatten(nats), 1);
      std::copy_n(weight.data(), n, weights.mutable_data() + i * n);
    }
    return logsumexp(weights, 0) - static_cast<T>(std::log(static_cast<double>(k)));
  });
}

}  // namespace detail

/// A lower bound on log p(x) in nats for each image, (N,): log of the mean over k codes z from q(z | x) of
/// p(x | z) p(z) / q(z | x) (Burda, Grosse and Salakhutdinov, 2015, equation 8). With k = 1 its mean is the
/// evidence lower bound; it rises to log p(x) with k. For grey images, p(x | z) is e^-bce and not normalised.
template <class Encoder, class Decoder>
auto importance_bound(const Vae<Encoder, Decoder>& vae, const Tensor<module_value_t<Encoder>>& x, Index k,
                      Rng& rng) {
  return detail::importance_bound(vae.options, x, vae.encode(x), k, rng, [&](const auto& z, Index) {
    return forward("decoder", vae.decoder, z, {});
  });
}
/// The same of log p(x | label).
template <class Encoder, class Decoder>
auto importance_bound(const ConditionalVae<Encoder, Decoder>& vae, const Tensor<module_value_t<Encoder>>& x,
                      const Indices& labels, Index k, Rng& rng) {
  return detail::importance_bound(
      vae.options, x, vae.encode(x, labels), k, rng,
      [&](const auto& z, Index begin) { return vae.logits(z, slice(labels, 0, begin, begin + z.dim(0))); });
}

}  // namespace figment

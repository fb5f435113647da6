// A VAE from two networks of one's own, convolutional, with a weight on its KL divergence (beta-VAE, Higgins
// et al., 2017).
#include <figment/data.hpp>
#include <figment/figment.hpp>

#include <cstdio>

using namespace figment;

/// (N, 28, 28, 1) to the mean and log-variance of a code (N, latent).
struct Encoder {
  Conv2d<float> near, far;
  Linear<float> mean, log_var;

  Encoder(Index latent, Rng& rng)
      : near(1, 8, rng, {.stride = 2, .padding = Padding::same(), .activation = Activation::relu}),
        far(8, 16, rng, {.stride = 2, .padding = Padding::same(), .activation = Activation::relu}),
        mean(784, latent, rng),
        log_var(784, latent, rng) {}

  Gaussian<float> forward(const Tensor<float>& x) const {
    const auto features = flatten(far.forward(near.forward(x)));
    return {mean.forward(features), log_var.forward(features)};
  }
  Index latent() const { return mean.weight.dim(1); }
  void visit(auto&& v) { v("near", near), v("far", far), v("mean", mean), v("log_var", log_var); }
};

/// (N, latent) to the logits of an image (N, 28, 28, 1).
struct Decoder {
  Linear<float> hidden;
  ConvTranspose2d<float> far, near;

  Decoder(Index latent, Rng& rng)
      : hidden(latent, 784, rng, {.activation = Activation::relu}),
        far(16, 8, rng, {.stride = 2, .padding = Padding::same(), .activation = Activation::relu}),
        near(8, 1, rng, {.stride = 2, .padding = Padding::same()}) {}

  Tensor<float> forward(const Tensor<float>& z) const {
    return near.forward(far.forward(reshape(hidden.forward(z), {-1, 7, 7, 16})));
  }
  void visit(auto&& v) { v("hidden", hidden), v("far", far), v("near", near); }
};

int main() {
  const auto digits = data::load_mnist(FIGMENT_BUNDLED_DATA);
  Rng rng(1);
  const Encoder encoder(8, rng);
  const Decoder decoder(8, rng);
  Vae vae(encoder, decoder, {.kl_weight = 2});

  Adam adam(parameters(vae), {.rate = 5e-3});
  data::Loader train(digits.train, {.batch = 50}), test(digits.test, {.batch = 500, .shuffle = false});
  const History history = fit(vae, adam, train, test, {.epochs = 2});
  std::printf("nats per test image: reconstruction %.1f, KL %.1f\n", history.last("val_reconstruction"),
              history.last("val_kl"));
  const auto samples = vae.sample(16, rng);  // (16, 28, 28, 1), in [0, 1]
  return history.last("val") < 170 && samples.shape() == Shape{16, 28, 28, 1} ? 0 : 1;
}

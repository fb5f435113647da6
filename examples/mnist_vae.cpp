// Trains a variational autoencoder on handwritten digits and draws its two-dimensional latent space.

#include <iostream>

#include "support/run.hpp"

using namespace figment;
namespace fs = std::filesystem;

namespace {

constexpr Index hidden = 256, pixels = 28 * 28, latent = 2;

/// 784-256-{2, 2} and back: the dense network of the first VAE tutorials.
auto make_vae(Rng& rng) {
  Sequential features{Flatten{}, Linear(pixels, hidden, rng, {.activation = Activation::relu})};
  GaussianEncoder encoder(std::move(features), hidden, latent, rng);
  Sequential decoder{Linear(latent, hidden, rng, {.activation = Activation::relu}),
                     Linear(hidden, pixels, rng)};
  return Vae(std::move(encoder), std::move(decoder));
}

template <class Model>
void draw(const Model& vae, const data::Dataset<float>& test, const fs::path& out) {
  const auto as_images = [](const Tensor<float>& x) { return x.view_as({x.dim(0), 28, 28}); };

  const Index side = 15;
  const auto manifold = as_images(vae.decode(latent_grid(side)));
  io::write_png(out / "manifold.png", io::grid(manifold, {.columns = side, .gap = 0, .scale = 2}));

  const auto codes = vae.encode(test.x).mean;
  const auto scatter = io::scatter(codes, test.labels,
                                   {.title = "Test digits in the latent space", .width = 800, .height = 700});
  scatter.save(out / "latent.png");
  scatter.save(out / "latent.svg");

  const auto originals = slice(test.x, 0, 0, 15);
  const auto rows = concat({as_images(originals), as_images(vae.reconstruct(originals))});
  io::write_png(out / "reconstructions.png", io::grid(rows, {.columns = 15, .scale = 2}));
}

int train(examples::RunOptions options) {
  const fs::path out = examples::begin("mnist_vae", options);
  const auto digits = examples::load_digits(options);

  Rng rng(options.seed);
  auto vae = make_vae(rng);
  if (!options.quiet) std::cerr << summary(vae, {28, 28, 1});

  RmsProp optimizer(parameters(vae), {.rate = options.lr});
  data::Loader train(digits.train, {.batch = options.batch, .seed = options.seed});
  data::Loader test(digits.test, {.batch = 1000, .shuffle = false});

  Progress progress;
  StopOnInterrupt interrupt;
  FitOptions fit_options{.epochs = options.epochs, .seed = options.seed, .callbacks = {&interrupt}};
  if (!options.quiet) fit_options.callbacks.push_back(&progress);
  const auto save = [&](const History& h) {
    examples::write_history(out, h, "VAE on MNIST", "nats per image");
  };
  const History history = [&] {
    try {
      return fit(vae, optimizer, train, test, fit_options);
    } catch (const NonFiniteLoss& e) {
      if (!e.history.rows.empty()) save(e.history);  // the epochs before stay
      throw;
    }
  }();

  save(history);
  draw(vae, digits.test, out);
  const auto samples = vae.sample(options.samples, rng).view_as({options.samples, 28, 28});
  io::save_npy(out / "samples.npy", samples);
  io::write_png(out / "samples.png",
                io::grid(slice(samples, 0, 0, std::min<Index>(100, options.samples)), {.scale = 2}));
  examples::announce(out,
                     {"manifold.png", "latent.png", "latent.svg", "reconstructions.png", "samples.png",
                      "samples.npy", "history.csv", "history.png", "history.svg"},
                     options);
  if (interrupt.interrupted())
    std::cerr << "interrupted after " << history.rows.size() << " of " << options.epochs << " epochs\n";
  if (history.rows.empty()) return 130;
  examples::print_result({{"train", history.last("train")},
                          {"val", history.last("val")},
                          {"reconstruction", history.last("val_reconstruction")},
                          {"kl", history.last("val_kl")},
                          {"seconds", history.last("seconds")}});
  return interrupt.interrupted() ? 130 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  examples::RunOptions options{.epochs = 50, .batch = 100, .lr = 1e-3};
  examples::CommandLine line(
      "mnist_vae",
      "Trains a variational autoencoder (784-256-2-256-784) on MNIST. The losses are nats per "
      "image; in the result line, reconstruction and kl are the validation's.");
  examples::add_common(line, options);
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  return examples::run("mnist_vae", [&] { return train(options); });
}

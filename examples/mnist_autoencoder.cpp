// Trains the autoencoders of the tutorials: dense, deep, sparse, convolutional, denoising.

#include "recipes/autoencoders.hpp"
#include "support/pictures.hpp"
#include "support/recipe.hpp"
#include "support/resume.hpp"
#include "support/run.hpp"

using namespace figment;

namespace {

using Settings = recipes::AutoencoderSettings;
using Model = recipes::AutoencoderModel;

/// The shape of one code, and the mean of all codes of x.
struct Codes {
  Shape shape;
  double mean;

  Codes(const Model& model, const Tensor<float>& x) {
    const auto codes = model.encode(x);
    shape = codes.shape();
    mean = static_cast<double>(figment::mean(codes).item());
  }
};

/// Pixels are divided by `white`.
void draw(const Model& model, const data::Dataset<float>& test, const Codes& codes, float white,
          const examples::RunOptions& options, examples::Run& run) {
  const auto shown = [&](const Tensor<float>& x) { return x / white; };
  Rng rng = Rng(options.seed).stream(2);

  const auto originals = slice(test.x, 0, 0, 15);
  std::vector<Tensor<float>> rows;
  if (model.options.noise > 0) {
    const auto noisy = model.corrupt(originals, rng);
    rows = {noisy, model.reconstruct(noisy), originals};
  } else {
    rows = {shown(originals), shown(model.reconstruct(originals))};
  }
  run.picture("reconstructions.png", "test images and their reconstructions", examples::in_rows(rows));

  // Nothing says that codes are distributed so: what comes of it shows what a VAE is for. Each picture has
  // its own brightest pixel white where pixels have no common range.
  Shape shape = codes.shape;
  shape[0] = 100;
  const auto random = flatten(model.decode(rng.normal(shape)));
  run.picture("random_codes.png", "decoded codes drawn from N(0, 1)",
              examples::in_square(white > 1 ? random / (max(random, 1, Dims::keep) + 1e-6f) : random));

  const auto each = examples::one_of_each(test);
  const Index half = each.dim(0) / 2;
  run.picture(
      "walk.png", "walks from one test image to another",
      examples::in_walks(slice(each, 0, 0, half), slice(each, 0, half, 2 * half),
                         [&](const auto& a, const auto& b) { return shown(model.interpolate(a, b, 15)); }));

  constexpr Index digit = 61;
  if (test.size() > digit) {
    const auto one = slice(test.x, 0, digit, digit + 1);
    run.picture("digit_61.png", "test image 61 and its reconstruction",
                io::grid(examples::as_images(concat({shown(one), shown(model.reconstruct(one))})),
                         {.columns = 2, .gap = 2, .scale = 8}));
  }
}

int train(const Settings& settings, examples::RunOptions options) {
  examples::Run run(settings.name, options);
  auto images = examples::load_images(options, settings.raw);
  auto [train_set, held_out] = data::split(images.train, settings.held_out);

  Rng rng(options.seed);
  auto model = recipes::make_autoencoder(settings, rng);
  run.show("model", model, {28, 28, 1});

  const auto optimizer = recipes::make_optimizer(settings.optimizer, parameters(model), options.lr);
  data::Loader batches(train_set, {.batch = options.batch, .seed = options.seed});
  data::Loader validation(settings.held_out > 0 ? held_out : images.test, {.batch = 1000, .shuffle = false});
  const std::string loss(name(settings.options.reconstruction));
  run.checkpoint.add_module(model).add_optimizer("optimizer", *optimizer);
  const float white = settings.raw ? 255.0f : 1.0f;
  const auto first = slice(images.test.x, 0, 0, std::min<Index>(100, images.test.size()));
  run.film([&] {
    return io::grid(examples::as_images(model.reconstruct(first) / white), {.columns = 10, .scale = 2});
  });
  std::vector<std::string> terms{loss};
  if (settings.options.both) terms.push_back(loss == "bce" ? "mse" : "bce");
  if (settings.l1 > 0) terms.push_back("penalty");
  const auto training =
      run.train({.title = settings.name + " on " + options.dataset,
                 .y_label = loss + ", mean over pixels",
                 .columns = examples::columns(terms, true)},
                [&](const FitOptions& o) { return fit(model, *optimizer, batches, validation, o); });

  const Codes codes(model, images.test.x);
  draw(model, images.test, codes, white, options, run);
  if (training.history.rows.empty()) return run.finish(training, {});

  const History& h = training.history;
  examples::Figures figures{
      {"train", h.last("train")}, {"val", h.last("val")}, {"val_" + loss, h.last("val_" + loss)}};
  if (h.has("val_penalty")) figures.push_back({"val_penalty", h.last("val_penalty")});
  if (settings.options.both) {
    const auto again = model.reconstruct(images.test.x);
    figures.push_back({"test_mse", mse(again, images.test.x).item()});
    figures.push_back({"test_bce", bce(again, images.test.x).item()});
  }
  figures.push_back({"code", codes.mean});
  if (model.options.noise > 0) {
    Rng noise = Rng(options.seed).stream(3);
    const auto noisy = model.corrupt(images.test.x, noise);
    figures.push_back({"psnr_noisy", psnr(noisy, images.test.x)});
    figures.push_back({"psnr", psnr(model.reconstruct(noisy), images.test.x)});
  }
  figures.push_back({"seconds", h.last("seconds")});
  return run.finish(training, figures);
}

}  // namespace

int main(int argc, char** argv) {
  examples::take_up("mnist_autoencoder", argc, argv);
  Settings settings = examples::find_recipe(recipes::autoencoders(), argc, argv);
  examples::RunOptions options{.epochs = settings.epochs, .batch = settings.batch};
  std::string reconstruction(name(settings.options.reconstruction));
  examples::CommandLine line(
      "mnist_autoencoder",
      "Trains an autoencoder on 28x28 images by one of the recipes that --list names, and draws what it "
      "makes of them. Losses are means over pixels. --help shows the settings of the --recipe beside it.");
  examples::add_recipe(line, options, settings, recipes::autoencoders(), argc, argv);
  line.option("--latent", settings.latent, "units of the code; 0 for convolutions", 0);
  line.choice("--reconstruction", reconstruction, "loss", {"bce", "mse"});
  line.option("--l1", settings.l1, "L1 penalty on the code", examples::CommandLine::Least::zero);
  line.option("--noise", settings.options.noise, "deviation of the noise to be removed",
              examples::CommandLine::Least::zero);
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  settings.options.reconstruction = reconstruction == "mse" ? Reconstruction::mse : Reconstruction::bce;
  return examples::run("mnist_autoencoder", [&] { return train(settings, options); });
}

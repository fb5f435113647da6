// Trains variational autoencoders, dense, convolutional or conditional, and draws their latent space.

#include "recipes/vaes.hpp"
#include "support/pictures.hpp"
#include "support/recipe.hpp"
#include "support/resume.hpp"
#include "support/run.hpp"

using namespace figment;

namespace {

using Settings = recipes::VaeSettings;
using Images = data::Dataset<float>;

/// The settings that are of the run and not of the model.
struct VaeRun {
  std::string binarize = "none";
  Index kl_warm_up = 0, bound = 0;
};

// A conditional model is asked with labels, the others without.

auto encode(const recipes::VaeModel& vae, const Images& x) { return vae.encode(x.x); }
auto encode(const recipes::ConditionalVaeModel& vae, const Images& x) { return vae.encode(x.x, x.labels); }
auto reconstruct(const recipes::VaeModel& vae, const Images& x) { return vae.reconstruct(x.x); }
auto reconstruct(const recipes::ConditionalVaeModel& vae, const Images& x) {
  return vae.reconstruct(x.x, x.labels);
}
auto decode_as(const recipes::VaeModel& vae, const Tensor<float>& codes, std::int32_t) {
  return vae.decode(codes);
}
auto decode_as(const recipes::ConditionalVaeModel& vae, const Tensor<float>& codes, std::int32_t label) {
  return vae.decode(codes, Indices::full({codes.dim(0)}, label));
}
auto sample(const recipes::VaeModel& vae, const Indices& labels, Rng& rng) {
  return vae.sample(labels.size(), rng);
}
auto sample(const recipes::ConditionalVaeModel& vae, const Indices& labels, Rng& rng) {
  return vae.sample(labels, rng);
}
auto bound(const recipes::VaeModel& vae, const Images& x, Index k, Rng& rng) {
  return importance_bound(vae, x.x, k, rng);
}
auto bound(const recipes::ConditionalVaeModel& vae, const Images& x, Index k, Rng& rng) {
  return importance_bound(vae, x.x, x.labels, k, rng);
}

template <class Model>
void draw(const Model& vae, const data::Mnist& images, const examples::RunOptions& options,
          examples::Run& run) {
  constexpr bool conditional = std::is_same_v<Model, recipes::ConditionalVaeModel>;
  const Images& test = images.test;

  const auto first = data::slice(test, 0, std::min<Index>(15, test.size()));
  run.picture("reconstructions.png", "test images and their reconstructions",
              examples::in_rows({first.x, reconstruct(vae, first)}));

  const auto each = examples::one_of_each(test);
  const Index half = each.dim(0) / 2;
  run.picture("walk.png", "walks from one test image to another",
              examples::in_walks(slice(each, 0, 0, half), slice(each, 0, half, 2 * half),
                                 [&](const auto& a, const auto& b) {
                                   if constexpr (conditional)
                                     return vae.interpolate(a, b, 8, 15);
                                   else
                                     return vae.interpolate(a, b, 15);
                                 }));

  // Ten of each class in the first hundred, and so on.
  const Indices labels = class_rows(recipes::classes, 10, options.samples);
  Rng rng = Rng(options.seed).stream(2);
  const auto samples = examples::as_images(sample(vae, labels, rng));
  run.picture(
      "samples.png", "samples",
      io::grid(slice(samples, 0, 0, std::min<Index>(100, options.samples)), {.columns = 10, .scale = 2}));
  run.file("samples.npy", [&](const auto& to) { io::save_npy(to, samples); });
  if (conditional) run.file("labels.npy", [&](const auto& to) { io::save_npy(to, labels); });

  if (vae.encoder.latent() == 2) {
    const Index side = 15;
    const auto manifold = examples::as_images(decode_as(vae, latent_grid(side), 8));
    run.picture("manifold.png", "what codes on a grid of equal shares decode to",
                io::grid(manifold, {.columns = side, .gap = 0, .scale = 2}));

    const auto scatter = io::scatter(encode(vae, test).mean, test.labels,
                                     {.title = "Test images in the latent space",
                                      .x_label = "first dimension of the mean",
                                      .y_label = "second dimension of the mean",
                                      .width = 820,
                                      .height = 700,
                                      .class_names = images.classes});
    run.picture("latent.png", "test images in the latent space", scatter);
    run.file("latent.svg", [&](const auto& to) { scatter.save(to); });
  }
}

template <class Model>
int train(Model vae, const Settings& settings, const VaeRun& how, const examples::RunOptions& options,
          examples::Run& run) {
  auto images = examples::load_images(options);
  if (std::is_same_v<Model, recipes::ConditionalVaeModel>) examples::expect_classes(images, recipes::classes);
  run.show("model", vae, {28, 28, 1});
  if (settings.all_data)
    images.train = {concat({images.train.x, images.test.x}),
                    concat({images.train.labels, images.test.labels})};

  const auto binarization = how.binarize == "dynamic" ? data::Binarization::dynamic
                            : how.binarize == "fixed" ? data::Binarization::fixed
                                                      : data::Binarization::none;
  Rng coin = Rng(options.seed).stream(3);
  auto batches = data::binarized_loader(binarization, images.train, images.test, coin,
                                        {.batch = options.batch, .seed = options.seed});
  data::Loader validation(images.test, {.batch = 1000, .shuffle = false});

  const auto optimizer = recipes::make_optimizer(settings.optimizer, parameters(vae), options.lr);
  const Index warm_up = how.kl_warm_up * batches.batches();
  Anneal anneal(vae.options.kl_weight, warm_up > 0 ? linear_ramp(0, settings.options.kl_weight, warm_up)
                                                   : constant_rate(settings.options.kl_weight));
  const bool grey = binarization == data::Binarization::none;
  const std::string suffix = grey ? "" : "_binarized";
  run.checkpoint.add_module(vae).add_optimizer("optimizer", *optimizer);
  // The same codes after every epoch: a grid of them, or such as the prior has.
  const Index shown = 100;
  const Indices classes = class_rows(recipes::classes, 10, shown);
  run.film([&] {
    Rng fixed = Rng(options.seed).stream(5);
    return io::grid(examples::as_images(sample(vae, classes, fixed)), {.columns = 10, .scale = 2});
  });
  const auto training = run.train(
      {.title = settings.name + " on " + options.dataset,
       .y_label = settings.options.reconstruction == Reconstruction::mse ? "squared error + KL per image"
                  : grey                                                 ? "nats per image"
                                                                         : "nats per binarized image",
       .suffix = suffix,
       .columns = examples::columns({"reconstruction", "kl"}, !settings.all_data, suffix)},
      [&](const FitOptions& o) {
        return settings.all_data ? fit(vae, *optimizer, batches, o)
                                 : fit(vae, *optimizer, batches, validation, o);
      },
      {&anneal});

  draw(vae, images, options, run);
  examples::Figures figures;
  if (training.history.rows.empty()) return run.finish(training, figures);
  const std::string half = settings.all_data ? "" : "val_";
  for (const std::string& column :
       settings.all_data ? std::vector<std::string>{"train"} : std::vector<std::string>{"train", "val"})
    figures.push_back({column + suffix, training.history.last(column + suffix)});
  for (const char* term : {"reconstruction", "kl"})
    figures.push_back({term + suffix, training.history.last(half + term + suffix)});
  if (how.bound > 0) {
    Rng rng = Rng(options.seed).stream(4);
    const auto nats = bound(vae, images.test, how.bound, rng);
    figures.push_back({"log_p" + suffix, static_cast<double>(mean(nats).item())});
  }
  figures.push_back({"seconds", training.history.last("seconds")});
  return run.finish(training, figures);
}

int train(const Settings& settings, const VaeRun& how, examples::RunOptions options) {
  examples::Run run(settings.name, options);
  Rng rng(options.seed);
  if (settings.kind == recipes::VaeKind::conditional)
    return train(recipes::make_conditional_vae(settings, rng), settings, how, options, run);
  return train(recipes::make_vae(settings, rng), settings, how, options, run);
}

}  // namespace

int main(int argc, char** argv) {
  examples::take_up("mnist_vae", argc, argv);
  Settings settings = examples::find_recipe(recipes::vaes(), argc, argv);
  examples::RunOptions options{.epochs = settings.epochs, .batch = settings.batch};
  VaeRun how;
  std::string reconstruction(name(settings.options.reconstruction));
  using Least = examples::CommandLine::Least;
  examples::CommandLine line(
      "mnist_vae",
      "Trains a variational autoencoder on 28x28 images by one of the recipes that --list names, and draws "
      "its latent space. The losses are nats per image; in the result line, reconstruction and kl are the "
      "validation's where there is one. --help shows the settings of the --recipe beside it.");
  examples::add_recipe(line, options, settings, recipes::vaes(), argc, argv);
  line.option("--latent", settings.latent, "dimensions of the code; 2 can be drawn");
  line.choice("--reconstruction", reconstruction, "loss", {"bce", "mse"});
  line.option("--reconstruction-weight", settings.options.reconstruction_weight, "of the loss", Least::zero);
  line.option("--kl-weight", settings.options.kl_weight, "beta", Least::zero);
  line.option("--kl-warm-up", how.kl_warm_up, "epochs in which the KL's weight rises from 0", 0);
  line.option("--codes", settings.options.samples, "codes drawn for each image and step");
  line.choice("--binarize", how.binarize, "pixels as coins of their grey value, tossed once or each epoch",
              {"none", "fixed", "dynamic"});
  line.option("--bound", how.bound, "codes for the bound on log p of the test images, 0 for none", 0);
  line.flag("--all-data", settings.all_data, "train on the test images too, and validate on none");
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  settings.options.reconstruction = reconstruction == "mse" ? Reconstruction::mse : Reconstruction::bce;
  return examples::run("mnist_vae", [&] { return train(settings, how, options); });
}

#include "support/gan_run.hpp"

#include <cmath>
#include <iostream>

#include "support/generator_file.hpp"
#include "support/pictures.hpp"

namespace examples {

using namespace figment;

namespace {

/// The deviation between images, averaged over pixels: near 0 where all are alike.
double variety(const Tensor<float>& images) {
  return static_cast<double>(mean(sqrt(var(flatten(images), 0))).item());
}

/// An image by bilinear interpolation.
io::Image resized(const Tensor<float>& image, Index side) {
  const auto larger = resize2d(image.view_as({1, 28, 28, 1}), {side, side}, Interpolation::bilinear);
  return io::grid(reshape(larger, {1, side, side}), {.gap = 0});
}

/// Says once that a run looks lost, and what to try. Looked at after each epoch but the first, in which
/// samples still begin to differ.
class GanWatch final : public Callback {
 public:
  GanWatch(const GanLossOptions& loss, std::function<Tensor<float>()> fakes, double real_variety)
      : loss_(loss), fakes_(std::move(fakes)), real_variety_(real_variety) {}

  void on_epoch(TrainState& state) override {
    if (state.epoch == 1) return;
    if (!collapsed_ && variety(fakes_()) < 0.1 * real_variety_) {
      collapsed_ = true;
      std::cerr
          << "the samples are nearly all alike: try a lower --lr, --loss hinge or --gradient-penalty 10\n";
    }
    if (loss_.kind == GanLoss::wasserstein) return;  // near 0 is nothing special
    const auto losses = (*state.history)["d_loss"];
    const auto lost =
        std::find_if(losses.rbegin(), losses.rend() - 1, [](double loss) { return !(loss < 0.02); });
    if (lost - losses.rbegin() == 3)
      std::cerr << "the discriminator has won, its loss has been near 0 for 3 epochs: try "
                << (smooths_labels() ? "--real-label 0.9, " : "")
                << "a lower --d-lr or --loss wasserstein --gradient-penalty 10\n";
  }

 private:
  bool smooths_labels() const { return loss_.kind != GanLoss::hinge && loss_.log_offset == 0; }

  GanLossOptions loss_;
  std::function<Tensor<float>()> fakes_;
  double real_variety_;
  bool collapsed_ = false;
};

}  // namespace

void add_gan(CommandLine& line, RunOptions& o, recipes::GanSettings& s, GanRun& how) {
  using Least = CommandLine::Least;
  o.epochs = s.epochs, o.batch = s.batch, o.lr = s.rate, o.dataset = s.dataset;
  add_common(line, o);
  line.option("--d-lr", s.discriminator_rate, "learning rate of the discriminator");
  line.option("--beta1", s.beta1, "of both Adam optimizers", Least::zero);
  line.option("--latent", s.latent, "numbers in the generator's noise");
  line.option("--steps", s.batches, "steps of an epoch, 0 for once through the data", 0);
  line.option("--discriminator-steps", s.options.discriminator_steps, "for each of the generator's");
  line.option("--real-label", s.options.loss.real_label, "below 1: one-sided label smoothing");
  line.option("--gradient-penalty", s.options.gradient_penalty, "weight of WGAN-GP's, usually 10",
              Least::zero);
  line.option("--r1", s.options.r1, "weight of the squared gradient at real images", Least::zero);
  line.option("--r2", s.options.r2, "weight of the squared gradient at generated images", Least::zero);
  line.option("--clip", s.options.clip, "limit of the discriminator's weights, for wasserstein", Least::zero);
  line.option("--ema", how.ema, "decay of the generator's moving average, which is then drawn", Least::zero);
  line.option("--sample-every", how.sample_every, "steps between pictures, beside every epoch's", 0);
}

int train_gan(const recipes::GanSettings& settings, const GanRun& how, RunOptions options) {
  Run run(settings.name, options);
  ensure(how.ema < 1, "--ema: expected less than 1, found {}", how.ema);
  auto images = load_images(options);
  Rng rng(options.seed);
  auto gan = recipes::make_gan(settings, rng);
  const Index labels_joined = gan.options.classes;
  if (labels_joined > 0) expect_classes(images, labels_joined);
  run.show("generator", gan.generator, {settings.latent + labels_joined});
  run.show("discriminator", gan.discriminator,
           labels_joined == 0 ? Shape{28, 28, 1} : Shape{784 + labels_joined});

  // Pixels as the generator makes them, and back.
  const auto shown = [&](const Tensor<float>& x) { return settings.signed_range ? x * 0.5f + 0.5f : x; };
  if (settings.signed_range) images.train.x = images.train.x * 2.0f - 1.0f;
  const Index steps = options.smoke ? std::min<Index>(20, settings.batches) : settings.batches;
  data::Loader batches(
      images.train,
      {.batch = options.batch, .replacement = settings.replacement, .batches = steps, .seed = options.seed});
  Adam generator(parameters(gan.generator), {.rate = options.lr, .beta1 = settings.beta1});
  Adam discriminator(parameters(gan.discriminator),
                     {.rate = settings.discriminator_rate, .beta1 = settings.beta1});

  Averaged average(gan.generator, {.decay = how.ema});
  EveryStep follow([&](TrainState&) { average.update(); });
  const auto make = [&](const Tensor<float>& z, const Indices& labels) {
    if (how.ema == 0) return shown(gan.sample(z, labels));
    recipes::GanModel drawn = gan;
    drawn.generator = average.module;
    return shown(drawn.sample(z, labels));
  };
  // Of each class as many, if there are classes.
  const auto labels_of = [](Index n) { return class_rows(10, 10, n); };
  Rng fixed = Rng(options.seed).stream(2);
  const Tensor<float> noise = gan.noise(std::max<Index>(64, settings.shown), fixed);
  const auto drawn = [&](Index n) { return make(slice(noise, 0, 0, n), labels_of(n)); };
  run.film([&] { return io::grid(as_images(drawn(settings.shown)), {.scale = 2}); }, how.sample_every);
  const auto some = data::slice(images.train, 0, std::min<Index>(256, images.train.size()));
  GanWatch watch(
      gan.options.loss, [&] { return drawn(64); }, variety(shown(some.x)));
  std::vector<Callback*> callbacks{&watch};
  if (how.ema > 0) callbacks.insert(callbacks.begin(), &follow);

  run.checkpoint.add_module(gan)
      .add_optimizer("generator_optimizer", generator)
      .add_optimizer("discriminator_optimizer", discriminator);
  if (how.ema > 0) run.checkpoint.add_average("average", average);
  std::vector<std::string> columns{"d_loss", "g_loss", "d_real", "d_fake"};
  const auto& o = gan.options;
  if (o.gradient_penalty > 0 || o.r1 > 0 || o.r2 > 0) columns.push_back("d_penalty");
  const auto training = run.train(
      {.title = settings.name + " on " + options.dataset,
       .y_label = "loss",
       .lines = {{"d_loss", "discriminator"}, {"g_loss", "generator"}},
       .columns = columns},
      [&](const FitOptions& f) { return fit(gan, generator, discriminator, batches, f); }, callbacks);

  const Tensor<float> samples =
      as_images(make(gan.noise(options.samples, fixed), labels_of(options.samples)));
  run.picture(
      "samples.png", "samples",
      io::grid(slice(samples, 0, 0, std::min<Index>(100, options.samples)), {.columns = 10, .scale = 2}));
  run.file("samples.npy", [&](const auto& to) { io::save_npy(to, samples); });
  if (settings.enlarged) {
    run.picture("sample_256.png", "a sample, enlarged", resized(slice(samples, 0, 0, 1), 256));
    for (Index side : {14, 56, 448})
      run.picture(figment::format("real_{}.png", side), figment::format("a real image at {}x{}", side, side),
                  resized(shown(slice(images.train.x, 0, 0, 1)), side));
  }
  if (gan.options.classes > 0)
    run.file("labels.npy", [&](const auto& to) { io::save_npy(to, labels_of(options.samples)); });
  auto& trained = how.ema > 0 ? average.module : gan.generator;
  auto built = settings;
  built.dataset = options.dataset;
  run.file("generator.safetensors", [&](const auto& to) { save_generator(to, trained, built); });

  const History& h = training.history;
  if (h.rows.empty()) return run.finish(training, {});
  run.chart("accuracy", h,
            {.title = settings.name, .x_label = "epoch", .y_label = "share the discriminator judged rightly"},
            {{"d_real", "of real images"}, {"d_fake", "of generated images"}});
  return run.finish(training, {{"d_loss", h.last("d_loss")},
                               {"g_loss", h.last("g_loss")},
                               {"d_real", h.last("d_real")},
                               {"d_fake", h.last("d_fake")},
                               {"variety", variety(samples) / variety(shown(some.x))},
                               {"seconds", h.last("seconds")}});
}

}  // namespace examples

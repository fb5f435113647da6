// Trains small adversarial networks on Gaussians in the plane, and counts which of them are found.

#include "recipes/gan_losses.hpp"
#include "recipes/mixtures.hpp"
#include "support/run.hpp"

using namespace figment;

namespace {

using Settings = recipes::MixtureSettings;

/// Follows the generator, and judges its average after every epoch.
template <class Average>
class Judge final : public Callback {
 public:
  std::vector<recipes::Coverage> found;

  Judge(Average& average, std::function<recipes::Coverage()> judge)
      : average_(average), judge_(std::move(judge)) {}
  void on_step(TrainState&) override { average_.update(); }
  void on_epoch(TrainState&) override { found.push_back(judge_()); }

 private:
  Average& average_;
  std::function<recipes::Coverage()> judge_;
};

/// Both kinds of points in one picture.
io::Figure draw_points(const Tensor<float>& real, const Tensor<float>& made, const std::string& title) {
  Indices labels = Indices::zeros({real.dim(0) + made.dim(0)});
  std::fill_n(labels.mutable_data() + real.dim(0), made.dim(0), 1);
  return io::scatter(concat({real, made}), labels,
                     {.title = title, .width = 760, .height = 640, .class_names = {"real", "generated"}});
}

int train(const Settings& settings, examples::RunOptions options) {
  examples::Run run("gan_mixture", options);
  const auto mixture = options.dataset == "grid" ? recipes::grid() : recipes::ring();
  Rng rng(options.seed);
  auto gan = recipes::make_mixture_gan(settings, rng);
  Averaged average(gan.generator, {.decay = settings.ema, .warm_up = true});

  const Index steps = options.smoke ? std::min<Index>(200, settings.steps) : settings.steps;
  options.epochs = std::min<Index>(20, steps);  // here a part of the run, after which the points are judged
  Rng points = Rng(options.seed).stream(2);
  data::Loader batches(data::Dataset{mixture.draw(100000, points)},
                       {.batch = options.batch, .batches = steps / options.epochs, .seed = options.seed});
  Adam generator(parameters(gan.generator), {.rate = options.lr, .beta1 = settings.beta1});
  Adam discriminator(parameters(gan.discriminator),
                     {.rate = settings.discriminator_rate, .beta1 = settings.beta1});

  const auto noise = gan.noise(options.samples, points);
  const auto make = [&] {
    NoGrad guard;
    return average.module.forward(noise);
  };
  Judge judge(average, [&] { return recipes::coverage(mixture, make()); });
  run.show("generator", gan.generator, {gan.latent});
  run.show("discriminator", gan.discriminator, {2});
  const auto training = run.train(
      {.title = "gan_mixture",
       .y_label = "loss",
       .x_label = "twentieths of the run",
       .lines = {{"d_loss", "discriminator"}, {"g_loss", "generator"}}},
      [&](const FitOptions& o) { return fit(gan, generator, discriminator, batches, o); }, {&judge});

  run.picture("points.png", "",
              draw_points(mixture.draw(options.samples, points), make(), "gan_mixture, " + options.dataset));
  History h = training.history;
  if (h.rows.empty()) return run.finish(training, {});
  h.columns.insert(h.columns.end(), {"modes", "high_quality"});
  for (std::size_t i = 0; i < h.rows.size(); ++i)
    h.rows[i].insert(h.rows[i].end(),
                     {static_cast<double>(judge.found[i].modes), judge.found[i].high_quality});
  run.file("history.csv", [&](const auto& to) { io::write_csv(to, h.columns, h.rows); });
  run.chart("high_quality", h,
            {.title = "gan_mixture",
             .x_label = "twentieths of the run",
             .y_label = "share of points within 3 deviations"},
            {{"high_quality", ""}});

  const auto now = recipes::coverage(mixture, make());
  return run.finish(training, {{"modes", static_cast<double>(now.modes)},
                               {"high_quality", now.high_quality},
                               {"d_loss", h.last("d_loss")},
                               {"g_loss", h.last("g_loss")},
                               {"seconds", h.last("seconds")}});
}

}  // namespace

int main(int argc, char** argv) {
  using Least = examples::CommandLine::Least;
  Settings s = recipes::mixture_settings(examples::peek(argc, argv, "--dataset", "ring"));
  examples::RunOptions options{
      .dataset = "ring", .batch = s.batch, .lr = s.rate, .samples = 2500, .checkpoints = "off"};
  // Another way to hold the discriminator takes R1's place, unless both are asked for.
  for (const char* other : {"--gradient-penalty", "--clip"})
    if (std::strtod(examples::peek(argc, argv, other, "0").c_str(), nullptr) > 0) s.options.r1 = 0;
  std::string loss(name(s.options.loss.kind));
  examples::CommandLine line(
      "gan_mixture",
      "Trains a generator and a discriminator on Gaussians in the plane. A generated point is of high "
      "quality within 3 deviations of the nearest Gaussian, which is then covered. --help shows the settings "
      "of the "
      "--dataset beside it.");
  line.choice("--dataset", options.dataset, "8 Gaussians on a ring or 25 on a grid", {"ring", "grid"});
  line.choice("--loss", loss, "of both networks", recipes::gan_loss_names);
  line.option("--steps", s.steps, "of the discriminator");
  line.option("--discriminator-steps", s.options.discriminator_steps, "for each of the generator's");
  line.option("--gradient-penalty", s.options.gradient_penalty, "weight of WGAN-GP's", Least::zero);
  line.option("--r1", s.options.r1, "weight of the squared gradient at real points", Least::zero);
  line.option("--r2", s.options.r2, "weight of the squared gradient at generated points", Least::zero);
  line.option("--clip", s.options.clip, "limit of the discriminator's weights, for wasserstein", Least::zero);
  line.option("--ema", s.ema, "decay of the generator's moving average, which is judged; 0 for none",
              Least::zero);
  line.option("--latent", s.latent, "numbers in the generator's noise");
  line.option("--hidden", s.hidden, "units of each hidden layer");
  line.option("--d-lr", s.discriminator_rate, "learning rate of the discriminator");
  line.option("--beta1", s.beta1, "of both Adam optimizers", Least::zero);
  line.option("--samples", options.samples, "points to draw and judge");
  examples::add_steps(line, options);
  examples::add_basic(line, options);
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  s.options.loss.kind = recipes::gan_loss(loss);
  return examples::run("gan_mixture", [&] { return train(s, options); });
}

// One Gaussian fitted to two, by likelihood, which covers both, and adversarially, which seeks one.

#include <numbers>

#include "support/run.hpp"

using namespace figment;

namespace {

double density(double x, double mean, double deviation) {
  const double z = (x - mean) / deviation;
  return std::exp(-0.5 * z * z) / (deviation * std::sqrt(2 * std::numbers::pi));
}

/// One Gaussian for two modes: by maximum likelihood it lies over both and the gap between, as a generator
/// x = w z + b it comes to lie on one. (From a deviation that spans both modes it stays there: that is a
/// minimum too, only not the lower one.)
int compare(examples::RunOptions options) {
  examples::Run run("mode_seeking", options);
  constexpr double place = 3, width = 0.5;
  Rng draw = Rng(options.seed).stream(2);
  auto x = draw.normal<float>({20000, 1}, 0, static_cast<float>(width));
  double sum = 0, squares = 0;
  for (Index i = 0; i < x.size(); ++i) {
    float& v = x.mutable_data()[i];
    v += static_cast<float>(draw.below(2) ? place : -place);
    sum += static_cast<double>(v), squares += static_cast<double>(v) * static_cast<double>(v);
  }
  const auto n = static_cast<double>(x.size());
  const double mean = sum / n, deviation = std::sqrt(squares / n - mean * mean);  // the likeliest there are

  Rng rng(options.seed);
  const LinearOptions leaky{.activation = Activation::leaky_relu, .slope = 0.2};
  Gan gan(Linear(1, 1, rng, {.init = init::constant(1)}),
          Sequential{Linear(1, 64, rng, leaky), Linear(64, 64, rng, leaky), Linear(64, 1, rng)}, 1,
          {.discriminator_steps = 5});
  if (options.smoke) options.epochs = 1;
  data::Loader batches(data::Dataset{x}, {.batch = options.batch, .batches = 300, .seed = options.seed});
  Adam generator(parameters(gan.generator), {.rate = options.lr, .beta1 = 0.5});
  Adam discriminator(parameters(gan.discriminator), {.rate = 2e-3, .beta1 = 0.5});
  const auto training =
      run.train({.title = "mode_seeking",
                 .y_label = "loss",
                 .lines = {{"d_loss", "discriminator"}, {"g_loss", "generator"}}},
                [&](const FitOptions& o) { return fit(gan, generator, discriminator, batches, o); });
  const double made_mean = static_cast<double>(gan.generator.bias.item());
  const double made_deviation = std::abs(static_cast<double>(gan.generator.weight.item()));

  std::vector<io::Series> lines{{"data"}, {"by likelihood"}, {"adversarial"}};
  for (int i = -300; i <= 300; ++i) {
    const double at = 0.02 * i;
    for (auto& l : lines) l.xs.push_back(at);
    lines[0].ys.push_back((density(at, -place, width) + density(at, place, width)) / 2);
    lines[1].ys.push_back(density(at, mean, deviation));
    lines[2].ys.push_back(density(at, made_mean, made_deviation));
  }
  run.picture(
      "compare.png", "",
      io::line_chart(lines, {.title = "One Gaussian for two modes", .x_label = "x", .y_label = "density"}));
  if (training.history.rows.empty()) return run.finish(training, {});
  return run.finish(training, {{"likelihood_mean", mean},
                               {"likelihood_deviation", deviation},
                               {"adversarial_mean", made_mean},
                               {"adversarial_deviation", made_deviation},
                               {"seconds", training.history.last("seconds")}});
}

}  // namespace

int main(int argc, char** argv) {
  examples::RunOptions options{.epochs = 20, .batch = 256, .lr = 5e-3, .checkpoints = "off"};
  examples::CommandLine line(
      "mode_seeking",
      "Fits one Gaussian to a mixture of two, by maximum likelihood and as a GAN's generator.");
  examples::add_basic(line, options);
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  return examples::run("mode_seeking", [&] { return compare(options); });
}

// Looks at the latent space of a generator that mnist_gan or mnist_dcgan has trained: noise, walks,
// arithmetic, copies.

#include "support/generator_file.hpp"
#include "support/pictures.hpp"
#include "support/run.hpp"

using namespace figment;
namespace fs = std::filesystem;

namespace {

class Explorer {
 public:
  Explorer(const examples::TrainedGan& trained, std::uint64_t seed, examples::Run& run)
      : trained_(trained), rng_(seed), run_(run) {}

  Tensor<float> noise(Index n) { return trained_.gan.noise(n, rng_); }
  /// Images of codes, in [0, 1].
  Tensor<float> images(const Tensor<float>& codes) const {
    const auto x = examples::as_images(trained_.gan.sample(codes));
    return trained_.settings.signed_range ? x * 0.5f + 0.5f : x;
  }

  /// Noise whose dimensions have means and deviations from -scale to scale, in squares of 100, 225 and 400.
  void spread() {
    const std::pair<double, double> scales[] = {{1, 1}, {5, 1}, {-5, 1}, {1, 5}, {1, 10}};
    for (const auto& [mean, deviation] : scales)
      for (Index n : {100, 225, 400})
        save(figment::format("noise_mean_{}_deviation_{}_{}.png", mean, deviation, n),
             figment::format("noise of means from {} to {} and deviations from {} to {}", -mean, mean,
                             -deviation, deviation),
             images(spread_noise(n, trained_.settings.latent, mean, deviation, rng_)), 0);
  }

  /// Five walks each, straight and along the arc between the same codes.
  void walks() {
    const Index steps = 15;
    std::vector<Tensor<float>> straight, arc;
    for (int i = 0; i < 5; ++i) {
      const auto a = noise(1), b = noise(1);
      straight.push_back(images(interpolate(a, b, steps)));
      arc.push_back(images(slerp(a, b, steps)));
    }
    save("walk_straight.png", "straight walks between two codes", concat(straight), steps);
    save("walk_spherical.png", "walks along the arc between the same codes", concat(arc), steps);
  }

  /// Rows of a, b, c and a - b + c.
  void arithmetic() {
    const auto a = noise(8), b = noise(8), c = noise(8);
    save("arithmetic.png", "rows of a, b, c and a - b + c",
         concat({images(a), images(b), images(c), images(a - b + c)}), 8);
  }

  /// Samples over the training images closest to them. Returns the mean distance over that of as many real
  /// images to their closest others: well below 1 would mean copies.
  double copies(const Tensor<float>& train) {
    const auto samples = images(noise(15));
    const auto near = nearest_rows(samples, train);
    save("nearest.png", "samples over the training images closest to them",
         concat({samples, examples::as_images(take(train, near.index))}), 15);
    const auto some = images(noise(200));
    const auto made = nearest_rows(some, train);
    const Index held = std::min<Index>(200, train.dim(0) / 2);
    const auto real = nearest_rows(slice(train, 0, 0, held), slice(train, 0, held, train.dim(0)));
    return static_cast<double>(mean(made.distance).item() / mean(real.distance).item());
  }

 private:
  void save(const std::string& file, const std::string& caption, const Tensor<float>& x, Index columns) {
    run_.picture(file, caption, io::grid(x, {.columns = columns, .scale = 2}));
  }

  const examples::TrainedGan& trained_;
  Rng rng_;
  examples::Run& run_;
};

int explore(const std::string& weights, examples::RunOptions options) {
  examples::Run run("latent_explorer", options);
  fs::path file = weights;
  if (weights.empty() && options.smoke) {
    // Something to look at: a generator as it is before training.
    Rng rng(options.seed);
    auto gan = recipes::make_gan(recipes::gans()[0], rng);
    file = run.out / "generator.safetensors";
    run.file("generator.safetensors",
             [&](const auto& to) { examples::save_generator(to, gan.generator, recipes::gans()[0]); });
  }
  ensure(!file.empty(), "expected --weights FILE, the generator.safetensors of mnist_gan or mnist_dcgan");
  auto trained = examples::load_generator(file);
  options.dataset = trained.settings.dataset;
  const auto train = examples::load_images(options).train;

  run.show("generator", trained.gan.generator, {trained.settings.latent});
  Explorer explorer(trained, options.seed, run);
  explorer.spread();
  explorer.walks();
  explorer.arithmetic();
  const double distance = explorer.copies(train.x);
  return run.finish({{"nearest_relative_distance", distance}});
}

}  // namespace

int main(int argc, char** argv) {
  examples::RunOptions options;
  std::string weights;
  examples::CommandLine line(
      "latent_explorer",
      "Draws what a trained generator makes of unusual noise, of walks between codes and of "
      "their sums, and the training images closest to its samples.");
  line.option("--weights", weights, "generator.safetensors of mnist_gan or mnist_dcgan");
  examples::add_data(line, options);
  examples::add_basic(line, options);
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  return examples::run("latent_explorer", [&] { return explore(weights, options); });
}

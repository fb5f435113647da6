// Ten training steps of adversarial recipes, on eight digits, against PyTorch's. All but the convolutional
// one have their real size, and every one its own dropout: PyTorch is given the same masks.
#include "figment/data/mnist.hpp"
#include "recipes/find.hpp"
#include "recipes/gans.hpp"
#include "support/catch.hpp"
#include "support/fixed_numbers.hpp"
#include "support/golden.hpp"

using namespace figment;

namespace {

constexpr Index gan_batch = 8;
// Relative, of every figure at every step, and at the end of each parameter's and each running moment's sum
// of absolute values: float against PyTorch's double. The worst seen is 8e-7.
constexpr double gan_tolerance = 5e-6;

/// The first digits as the recipe has them.
Tensor<float> digits(const recipes::GanSettings& s) {
  const auto all = data::load_mnist(FIGMENT_SOURCE_DIR "/examples/data/mnist10k", {.unit_range = true}).train;
  const auto x = slice(all.x, 0, 0, gan_batch);
  return s.signed_range ? x * 2.0f - 1.0f : x;
}

void compare(const char* what, double found, double expected) {
  INFO(what);
  CHECK_THAT(found, WithinRel(expected, gan_tolerance));
}

/// reals(step) is how many of the digits are in the batch.
template <class Reals>
void check_trajectory(const recipes::GanSettings& s, Reals reals) {
  static const golden::Golden values("gan_trajectories");
  INFO(s.name);
  Rng rng;
  auto gan = recipes::make_gan(s, rng);
  test::fix_weights(gan);
  rng = Rng(2);  // of dropout alone from here on
  Adam generator(parameters(gan.generator), {.rate = s.rate, .beta1 = s.beta1});
  Adam discriminator(parameters(gan.discriminator), {.rate = s.discriminator_rate, .beta1 = s.beta1});
  const auto images = digits(s);
  Index draws = 0;
  const auto noise_of = [&](Index n) {
    const Shape shape{n, s.latent};
    const Index draw = draws++;
    return s.options.noise == Noise::normal ? test::fixed_noise(draw, shape)
                                            : test::fixed(1000 + static_cast<std::uint32_t>(draw), shape, 1);
  };
  detail::GanSteps steps(gan, generator, discriminator);
  for (Index step = 0; step < 10; ++step) {
    INFO("step " << step);
    int told = 0;
    const auto account = [&](const auto& figures, const Tensor<float>& total, const std::string& lost) {
      CHECK_FALSE(total.defined());
      CHECK(lost.empty());
      figures.terms([&](const char* name, const Tensor<float>& found) {
        ++told;
        compare(name, static_cast<double>(found.item()), values[s.name + "." + name](step));
      });
    };
    steps.step(slice(images, 0, 0, reals(step)), {}, {.training = true, .rng = &rng}, account, noise_of);
    CHECK(told == 4);
  }
  Index trained = 0, followed = 0;
  for_each_tensor(gan, [&](const std::string& path, const auto& t, bool trainable) {
    const auto expected = values[s.name + (trainable ? ".weights" : ".buffers")];
    compare(path.c_str(), static_cast<double>(sum(abs(t)).item()),
            expected((trainable ? trained : followed)++));
  });
  CHECK(trained == values[s.name + ".weights"].size());
}

void check_dense(const char* name) {
  check_trajectory(recipes::find(recipes::gans(), name), [](Index) { return gan_batch; });
}

}  // namespace

TEST_CASE("ten steps of a GAN with dropout and a joined batch are PyTorch's", "[models]") {
  check_dense("gan-keras-mnist");
}

TEST_CASE("ten steps of a GAN with batch norm, on fakes of its running moments, are PyTorch's", "[models]") {
  check_dense("gan-linder-noren");
}

TEST_CASE("ten simultaneous steps of a GAN with offset logarithms are PyTorch's", "[models]") {
  check_dense("gan-tf1-fashion");
}

TEST_CASE("ten steps of a narrow DCGAN, some with fewer real images than fakes, are PyTorch's", "[models]") {
  auto s = recipes::find(recipes::dcgans(), "dcgan-tf");
  s.width = 0.125;
  s.options.generated = gan_batch;
  check_trajectory(s, [](Index step) { return step % 5 == 4 ? 3 : gan_batch; });
}

// Models with counts, labels and options that they were not made for.
#include <cmath>

#include "figment/figment.hpp"
#include "support/catch.hpp"
#include "support/refusals.hpp"

using namespace figment;
using test::check_refusals;
using Floats = Tensor<float>;

namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();

Floats zeros(const Shape& shape) { return Floats::zeros(shape); }

auto small_vae(Rng& rng, VaeOptions options = {}) {
  return Vae(GaussianEncoder(Sequential{Linear(3, 4, rng)}, 4, 2, rng), Sequential{Linear(2, 3, rng)},
             options);
}
auto small_conditional(Rng& rng, Index classes, VaeOptions options = {}) {
  return ConditionalVae(GaussianEncoder(Sequential{Linear(6, 4, rng)}, 4, 2, rng),
                        Sequential{Linear(5, 3, rng)}, classes, options);
}
auto small_autoencoder(Rng& rng, AutoencoderOptions options = {}) {
  return Autoencoder(Sequential{Linear(3, 2, rng)}, Sequential{Linear(2, 3, rng)}, options);
}
auto small_gan(Rng& rng, GanOptions options = {}, Index latent = 2) {
  return Gan(Sequential{Linear(2, 3, rng)}, Sequential{Linear(3, 1, rng)}, latent, options);
}

/// Makes another number of rows than it is given: of each two, or their mean alone.
template <bool twice>
struct OtherRows {
  Floats forward(const Floats& x) const { return twice ? concat({x, x}) : mean(x, 0); }
};

}  // namespace

TEST_CASE("of no images models make none, and the mean of no losses is NaN", "[models]") {
  Rng rng(1);
  const auto conditional = small_conditional(rng, 3);
  const Classifier classifier(Sequential{Linear(3, 4, rng)});
  CHECK(small_vae(rng).sample(0, rng).shape() == Shape{0, 3});
  CHECK(conditional.sample({}, rng).shape() == Shape{0, 3});
  CHECK(conditional.reconstruct(zeros({0, 3}), {}).shape() == Shape{0, 3});
  CHECK(classifier.classify(zeros({0, 3})).shape() == Shape{0});
  CHECK(importance_bound(conditional, zeros({0, 3}), {}, 2, rng).shape() == Shape{0});
  CHECK(small_autoencoder(rng).corrupt(zeros({0, 3}), rng).shape() == Shape{0, 3});
  CHECK(class_rows(3, 2, 0).shape() == Shape{0});
  CHECK(nearest_rows(Floats(), zeros({2, 3})).index.shape() == Shape{0});
  for (const auto& loss :
       {real_loss(Floats()), fake_loss(zeros({0, 1})), gan_value(Floats(), Floats()),
        generator_loss(zeros({0, 1}), {.kind = GanLoss::hinge}),
        classifier.loss(zeros({0, 3}), {}, {}).total(),
        small_gan(rng).discriminator_loss(zeros({0, 3}), zeros({0, 3}), {}, {}, {}).total()})
    CHECK(std::isnan(loss.item()));
}

TEST_CASE("labels, counts and options that no model can have are refused by name", "[models]") {
  Rng rng(1);
  const Context context{.training = true, .rng = &rng};
  const auto x = zeros({2, 3}), code = zeros({1, 2});
  const Indices one({1}, {0}), two({2}, {0, 1}), square = Indices::zeros({2, 1});
  const auto vae_loss = [&](VaeOptions o) {
    return [&, o] { small_vae(rng, o).loss(x, zeros({2, 2}), context); };
  };
  const auto with_labels = [&](Indices labels, Index classes = 3) {
    return [&, labels, classes] { small_conditional(rng, classes).loss(x, labels, context); };
  };
  const auto classified = [&](Indices labels) {
    return [&, labels] { Classifier(Sequential{Linear(3, 2, rng)}).loss(x, labels, context); };
  };
  const auto gan_loss = [&](GanOptions o) {
    return [&, o] { small_gan(rng, o).discriminator_loss(x, x, {}, {}, context); };
  };
  const auto noisy = [&](double noise) {
    return [&, noise] { small_autoencoder(rng, {.noise = noise}).loss(x, context); };
  };
  const auto loss = [&](GanLossOptions o) { return [&, o] { real_loss(x, o); }; };
  check_refusals({
      {"Vae: ", "found 0", vae_loss({.samples = 0})},
      {"Vae: ", "found -2", vae_loss({.samples = -2})},
      {"Vae: ", "found -2", [&] { small_vae(rng, {.samples = -2}).loss(x, context); }},
      {"Vae: ", "found 0",
       [&] {
         small_conditional(rng, 3, {.samples = 0}).loss(x, two, zeros({0, 2}), context);
       }},
      {"Gaussian: ", "(2, 2), (2, 2) and (2, 1)",
       [&] {
         small_vae(rng).loss(x, zeros({2, 1}), context);
       }},
      {"Gaussian: ", "(2, 2), (2, 1) and (2, 2)",
       [] {
         Gaussian<float>{zeros({2, 2}), zeros({2, 1})}.sample(zeros({2, 2}));
       }},
      {"shape: ", "is -1", [&] { small_vae(rng).sample(-1, rng); }},
      {"interpolate: ", "found 0",
       [&] {
         small_vae(rng).interpolate(zeros({1, 3}), zeros({1, 3}), 0);
       }},
      {"importance_bound: ", "found -1", [&] { importance_bound(small_vae(rng), x, -1, rng); }},
      {"ConditionalVae: ", "found (0,)", with_labels({})},
      {"ConditionalVae: ", "found (1,)", with_labels(one)},
      {"ConditionalVae: ", "found (2, 1)", with_labels(square)},
      {"one_hot: ", "0 to -1", with_labels(two, 0)},
      {"one_hot: ", "-7", with_labels(Indices({2}, {0, -7}))},
      {"class_rows: ", "found 0, 5 and 0", [] { class_rows(0, 5); }},
      {"class_rows: ", "found 5, 0 and 9", [] { class_rows(5, 0, 9); }},
      {"class_rows: ", "found 5, 1 and -9", [] { class_rows(5, 1, -9); }},
      {"cross_entropy: ", "(0,)", classified({})},
      {"cross_entropy: ", "(1,)", classified(one)},
      {"cross_entropy: ", "(2, 1)", classified(square)},
      {"cross_entropy: ", "5", classified(Indices({2}, {0, 5}))},
      {"Autoencoder: ", "found -1", noisy(-1)},
      {"Autoencoder: ", "found nan", noisy(nan_value)},
      {"Gan: ", "gradient_penalty -1", gan_loss({.gradient_penalty = -1})},
      {"Gan: ", "r1 nan", gan_loss({.r1 = nan_value})},
      {"Gan: ", "r2 -3", gan_loss({.r2 = -3})},
      {"Gan: ", "real () and fake (2, 3)",
       [&] { small_gan(rng).discriminator_loss(zeros({}), x, {}, {}, context); }},
      {"Gan: ", "x ()", [&] { small_gan(rng, {.classes = 2}).sample(zeros({}), one); }},
      {"shape: ", "is -1", [&] { small_gan(rng, {}, -1).sample(2, rng); }},
      {"generator.0 Linear(2, 3): ", "x (2, 0)", [&] { small_gan(rng, {}, 0).sample(2, rng); }},
      {"gan loss: ", "real nan", loss({.real_label = nan_value})},
      {"gan loss: ", "found nan", loss({.log_offset = nan_value})},
      {"gan loss: ", "found -1", loss({.log_offset = -1})},
      {"gradient_penalty: ", "found ()",
       [&] { gradient_penalty([](const Floats& s) { return mean(s); }, x, x, rng); }},
      {"squared_gradient: ", "found (0,)",
       [&] { squared_gradient([](const Floats&) { return Floats(); }, x); }},
      {"latent_grid: ", "found -3", [] { latent_grid(-3); }},
      {"latent_grid: ", "found 4294967296", [] { latent_grid(Index{1} << 32); }},
      {"latent_grid: ", "found nan", [] { latent_grid(3, nan_value); }},
      {"latent_grid: ", "found 0.5", [] { latent_grid(3, 0.5); }},
      {"normal_quantile: ", "found -1", [] { normal_quantile(-1); }},
      {"normal_quantile: ", "found nan", [] { normal_quantile(nan_value); }},
      {"slerp: ", "found () and ()", [] { slerp(zeros({}), zeros({}), 2); }},
      {"slerp: ", "found -1", [&] { slerp(code, code, -1); }},
      {"spread_noise: ", "found 0 of 2", [&] { spread_noise(0, 2, 1, 1, rng); }},
      {"spread_noise: ", "found 2 of -1", [&] { spread_noise(2, -1, 1, 1, rng); }},
      {"nearest_rows: ", "(2, 3) and (0,)", [&] { nearest_rows(x, Floats()); }},
      {"nearest_rows: ", "(2, 3) and ()", [&] { nearest_rows(x, zeros({})); }},
      {"nearest_rows: ", "(2, 0) and (2, 3)",
       [&] {
         nearest_rows(zeros({2, 0}), x);
       }},
  });
}

TEST_CASE("a network that gives another number of rows is refused, also where they are many", "[models]") {
  const auto made_of = [](auto layer, const Floats& x) {
    return [=] { Classifier(Sequential<float>{layer}).probabilities(x); };
  };
  check_refusals({
      {"model: ", "x (2, 3), found (4, 3)", made_of(OtherRows<true>{}, zeros({2, 3}))},
      {"model: ", "x (1000, 3), found (2000, 3)", made_of(OtherRows<true>{}, zeros({1500, 3}))},
      {"model: ", "x (1000, 3), found (3,)", made_of(OtherRows<false>{}, zeros({1500, 3}))},
  });
}

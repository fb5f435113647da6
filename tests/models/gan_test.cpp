// The Gan template: what its discriminator learns from, its samples, its noise, its labels.
#include "figment/models/gan.hpp"

#include "figment/nn/batch_norm.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/optim/sgd.hpp"
#include "figment/train/averaged.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::error_of;
using Doubles = Tensor<double>;
using Net = Sequential<double>;

namespace {

/// One linear layer each: noise of 2 to samples of 3, and those to a logit.
Gan<Net, Net> linear_gan(GanOptions options = {}) {
  Rng rng(3);
  const Index c = options.classes;
  Net generator{Linear<double>(2 + c, 3, rng)};
  Net discriminator{Linear<double>(3 + c, 1, rng, {.bias_init = init::normal(0, 1)})};
  return {std::move(generator), std::move(discriminator), 2, options};
}

/// The discriminator's logits, one by one.
std::vector<double> logits_by_hand(Gan<Net, Net>& gan, const Doubles& x, const Indices& labels = {}) {
  const auto w = parameters(gan.discriminator);
  std::vector<double> logits;
  for (Index i = 0; i < x.dim(0); ++i) {
    double sum = w[1](0);
    for (Index k = 0; k < 3; ++k) sum += x.data()[3 * i + k] * w[0](k, 0);
    if (labels.defined()) sum += w[0](3 + labels(i), 0);
    logits.push_back(sum);
  }
  return logits;
}

double softplus_by_hand(double x) { return std::log1p(std::exp(x)); }
/// -label log D - (1 - label) log(1 - D), summed.
double cross_entropies(const std::vector<double>& logits, double label) {
  double sum = 0;
  for (const double l : logits) sum += softplus_by_hand(l) - label * l;
  return sum;
}

constexpr double rounding = 1e-13;  // some dozen operations on numbers near 1

/// The share of numbers that are within 1 of 0, and the largest distance from it.
std::pair<double, double> spread(const Tensor<float>& x) {
  double inside = 0, far = 0;
  for (const float v : x.values()) {
    inside += std::abs(v) < 1 ? 1 : 0;
    far = std::max(far, std::abs(static_cast<double>(v)));
  }
  return {inside / static_cast<double>(x.size()), far};
}

}  // namespace

TEST_CASE("a discriminator's loss is two means, or one over the joined batch", "[models]") {
  Rng rng(1);
  // Five real samples, three generated: the means differ by how they are weighted.
  const auto real = rng.normal<double>({5, 3}), fake = rng.normal<double>({3, 3});
  const auto loss_of = [&](RealAndFake batches) {
    auto gan = linear_gan({.loss = {.real_label = 0.9, .fake_label = 0.05}, .batches = batches});
    const auto loss = gan.discriminator_loss(real, fake, {}, {}, {.training = true});
    const auto of_real = logits_by_hand(gan, real), of_fake = logits_by_hand(gan, fake);
    CHECK(test::difference(loss.real_logits, Doubles({5, 1}, of_real), 8) == "");
    CHECK(test::difference(loss.fake_logits, Doubles({3, 1}, of_fake), 8) == "");
    CHECK_FALSE(loss.penalty.defined());
    const double r = cross_entropies(of_real, 0.9), f = cross_entropies(of_fake, 0.05);
    const bool joined = batches == RealAndFake::joined;
    CHECK_THAT(loss.real.item(), WithinRel(joined ? r / 8 : r / 5, rounding));
    CHECK_THAT(loss.fake.item(), WithinRel(joined ? f / 8 : f / 3, rounding));
    CHECK_THAT(loss.total().item(), WithinRel(joined ? (r + f) / 8 : r / 5 + f / 3, rounding));
    return loss.total().item();
  };
  CHECK(std::abs(loss_of(RealAndFake::joined) / loss_of(RealAndFake::summed) - 1) > 0.1);
}

TEST_CASE("batch norm sees a joined batch together", "[models]") {
  Rng rng(2);
  const auto real = rng.normal<double>({4, 3}), fake = rng.normal<double>({4, 3}, 2, 1);
  const auto logits = [&](RealAndFake batches) {
    Rng weights(3);
    Net generator{Linear<double>(2, 3, weights)};
    Net discriminator{BatchNorm<double>(3), Linear<double>(3, 1, weights)};
    const Gan gan(generator, discriminator, 2, {.batches = batches});
    const Context training{.training = true};
    const auto loss = gan.discriminator_loss(real, fake, {}, {}, training);
    const auto both = concat({loss.real_logits, loss.fake_logits});
    if (batches == RealAndFake::joined)
      CHECK(test::bit_difference(both, discriminator.forward(concat({real, fake}), training)) == "");
    return both;
  };
  // Apart, both halves have mean 0: what tells them from each other is gone.
  const auto apart = logits(RealAndFake::summed), joined = logits(RealAndFake::joined);
  const auto gap = [](const Doubles& l) {
    return std::abs(mean(slice(l, 0, 0, 4)).item() - mean(slice(l, 0, 4, 8)).item());
  };
  CHECK(gap(apart) < 1e-12);
  CHECK(gap(joined) > 0.1);
}

TEST_CASE("labels are one-hot columns behind both inputs", "[models]") {
  auto gan = linear_gan({.classes = 4});
  Rng rng(4);
  const auto z = rng.normal<double>({3, 2});
  const Indices labels({3}, {2, 0, 3}), others({3}, {1, 1, 2});
  const auto w = parameters(gan.generator);
  const auto x = gan.generate(z, labels, {});
  Doubles expected({3, 3});
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 3; ++j)
      expected.mutable_data()[3 * i + j] =
          z(i, 0) * w[0](0, j) + z(i, 1) * w[0](1, j) + w[0](2 + labels(i), j) + w[1](j);
  CHECK(test::difference(x, expected, 8) == "");
  // Images are flattened for it.
  const auto logits = Doubles({3, 1}, logits_by_hand(gan, x, others));
  CHECK(test::difference(gan.discriminate(x, others, {}), logits, 8) == "");
  CHECK(test::difference(gan.discriminate(reshape(x, {3, 1, 3, 1}), others, {}), logits, 8) == "");
  CHECK(test::difference(gan.sample(z, labels), x, 8) == "");

  const auto joined = [&] {
    gan.options.batches = RealAndFake::joined;
    return gan.discriminator_loss(x, x, labels, others, {});
  }();
  CHECK(test::difference(joined.real_logits, Doubles({3, 1}, logits_by_hand(gan, x, labels)), 8) == "");
  CHECK(test::difference(joined.fake_logits, logits, 8) == "");

  CHECK(error_of([&] { gan.sample(z); }) == "Gan: expected a label for each of x (3, 2), found (0,)");
  CHECK(error_of([&] { gan.sample(3, rng); }) == "Gan: expected a label for each of x (3, 2), found (0,)");
  CHECK(error_of([&] {
          gan.sample(z, Indices({2}, {0, 1}));
        }) == "Gan: expected a label for each of x (3, 2), found (2,)");
  CHECK(error_of([&] {
          gan.sample(z, Indices({4}, {0, 1, 2, 3}));
        }) == "Gan: expected a label for each of x (3, 2), found (4,)");
  CHECK(error_of([&] { gan.discriminate(x, {}, {}); }) ==
        "Gan: expected a label for each of x (3, 3), found (0,)");
  CHECK(error_of([&] {
          gan.sample(z, Indices({3}, {0, 4, 1}));
        }) == "one_hot: position 4 at 1 is not in 0 to 3");
}

TEST_CASE("samples come in batches, from running moments, and are not recorded", "[models]") {
  Rng rng(5);
  Net generator{Linear<double>(2, 3, rng), BatchNorm<double>(3), Reshape{{1, 3, 1}}};
  Gan gan(generator, Net{Flatten{}, Linear<double>(3, 1, rng)}, 2);
  const auto z = gan.noise(2500, rng);
  CHECK(gan.generate(z, {}, {.training = true}).tracked());
  const auto x = gan.sample(z);
  CHECK(x.shape() == Shape{2500, 1, 3, 1});
  CHECK_FALSE(x.tracked());
  // Each row by itself: by the batch's moments it would depend on the others.
  for (const Index row : {0, 999, 1000, 1999, 2000, 2499})
    CHECK(test::difference(gan.sample(slice(z, 0, row, row + 1)), slice(x, 0, row, row + 1), 4) == "");
  CHECK(gan.sample(slice(z, 0, 0, 0)).shape() == Shape{0, 1, 3, 1});

  Rng again(6), same(6);
  CHECK(test::bit_difference(gan.sample(7, again), gan.sample(gan.noise(7, same))) == "");

  // Labels go with their rows in every batch.
  auto conditional = linear_gan({.classes = 2});
  Indices labels(Shape{1500});
  for (Index i = 0; i < 1500; ++i) labels.mutable_data()[i] = static_cast<std::int32_t>(i % 3 == 0);
  const auto codes = conditional.noise(1500, rng);
  const auto whole = no_grad([&] { return conditional.generate(codes, labels, {}); });
  CHECK(test::difference(conditional.sample(codes, labels), whole, 4) == "");
}

TEST_CASE("noise is normal or uniform", "[models]") {
  Rng rng(7);
  Sequential<float> g{Linear(50, 3, rng)}, d{Linear(3, 1, rng)};
  Gan gan(g, d, 50);
  const auto normal = gan.noise(400, rng);
  CHECK(normal.shape() == Shape{400, 50});
  // 20000 numbers: the deviations of the two shares are 0.0033 and 0.0035, of the mean 0.007 and 0.004.
  CHECK_THAT(spread(normal).first, WithinAbs(0.6827, 0.013));
  CHECK(spread(normal).second > 3);
  CHECK_THAT(static_cast<double>(mean(normal).item()), WithinAbs(0, 0.028));

  gan.options.noise = Noise::uniform;
  const auto uniform = gan.noise(400, rng);
  CHECK(uniform.shape() == Shape{400, 50});
  CHECK(spread(uniform).second <= 1);
  CHECK(spread(uniform).second > 0.999);
  CHECK_THAT(spread(uniform * 2.0f).first, WithinAbs(0.5, 0.014));
  CHECK_THAT(static_cast<double>(mean(uniform).item()), WithinAbs(0, 0.016));
}

TEST_CASE("penalties have their weights and the slope they should", "[models]") {
  Rng rng(8);
  const auto real = rng.normal<double>({4, 3}), fake = rng.normal<double>({6, 3});
  // A linear discriminator's slope is its weight, wherever it is taken.
  const auto penalty_of = [&](GanOptions options) {
    auto gan = linear_gan(options);
    const auto w = parameters(gan.discriminator)[0];
    const double squares = sum(square(w)).item();
    const auto loss = gan.discriminator_loss(real, fake, {}, {}, {.training = true, .rng = &rng});
    CHECK_THAT(loss.total().item(), WithinRel((loss.real + loss.fake + loss.penalty).item(), rounding));
    return std::pair(loss.penalty.item(), squares);
  };
  const auto [gp, s] = penalty_of({.gradient_penalty = 10});
  const double off = std::sqrt(s) - 1;
  CHECK_THAT(gp, WithinRel(10 * off * off, 1e-11));  // the difference loses some digits
  CHECK_THAT(penalty_of({.r1 = 3}).first, WithinRel(1.5 * s, rounding));
  CHECK_THAT(penalty_of({.r2 = 5}).first, WithinRel(2.5 * s, rounding));
  CHECK_THAT(penalty_of({.gradient_penalty = 10, .r1 = 3, .r2 = 5}).first,
             WithinRel(10 * off * off + 4 * s, 1e-11));
  // R1 is taken at real samples, R2 at generated: a discriminator that is flat at one of the two.
  Net half{Flatten{}, Linear<double>(3, 1, rng, {.activation = Activation::relu})};
  auto w = parameters(half);
  w[0].copy_from(Doubles({3, 1}, {1, 0, 0}));
  const auto positive = Doubles({2, 3}, {1, 0, 0, 2, 0, 0}), negative = no_grad([&] { return -positive; });
  const auto of = [&](GanOptions options) {
    return Gan(linear_gan().generator, half, 2, options)
        .penalty(positive, negative, {}, {}, {.training = true})
        .item();
  };
  CHECK(of({.r1 = 2}) == 1);
  CHECK(of({.r2 = 2}) == 0);
}

TEST_CASE("the generator's loss has the options' kind, and a Gan's tensors their names", "[models]") {
  auto gan = linear_gan({.loss = {.kind = GanLoss::hinge}});
  CHECK(gan.generator_loss(Doubles({2, 1}, {3, -1})).item() == -1);
  std::vector<std::string> names;
  for (const auto& [path, t] : named_tensors(gan)) names.push_back(path);
  CHECK(names == std::vector<std::string>{"generator.0.weight", "generator.0.bias", "discriminator.0.weight",
                                          "discriminator.0.bias"});
  CHECK_THAT(error_of([&] { gan.sample(Doubles::zeros({2, 5})); }), StartsWith("generator.0 Linear("));
  CHECK_THAT(error_of([&] {
               gan.discriminate(Doubles::zeros({2, 5}), {}, {});
             }),
             StartsWith("discriminator.0 Linear("));
}

TEST_CASE("a generator's average has running moments of its own", "[models]") {
  Rng rng(9);
  Net generator{Linear<double>(2, 3, rng), BatchNorm<double>(3, {.momentum = 0.5})};
  Gan gan(generator, Net{Linear<double>(3, 1, rng)}, 2);
  Averaged average(gan.generator, {.decay = 0.9});
  Sgd<double> sgd(parameters(gan.generator), {.rate = 0.1});
  const auto moments = [](auto& module) { return named_tensors(module)[4].second.clone(); };
  REQUIRE(named_tensors(gan.generator)[4].first == "1.running_mean");
  auto expected = moments(average.module);
  for (int step = 0; step < 4; ++step) {
    const auto fakes = gan.generate(gan.noise(8, rng), {}, {.training = true});
    sgd.step(grad(gan.generator_loss(gan.discriminate(fakes, {}, {})), sgd.parameters()));
    average.update();
    expected = no_grad([&] { return 0.9 * expected + 0.1 * moments(gan.generator); });
    CHECK(test::difference(moments(average.module), expected, 4) == "");
  }
  const auto z = gan.noise(5, rng);
  auto drawn = gan;
  drawn.generator = average.module;
  CHECK(test::bit_difference(drawn.sample(z), gan.sample(z)) != "");
  CHECK(test::bit_difference(drawn.sample(z), no_grad([&] { return average.module.forward(z); })) == "");
}

// Adversarial losses: values and gradients against PyTorch's, and what theory says of the game's value.
#include "figment/models/gan_loss.hpp"

#include <cmath>

#include "figment/autograd/gradcheck.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/golden.hpp"

using namespace figment;
using test::error_of;
using Doubles = Tensor<double>;

namespace {

const golden::Golden& values() {
  static const golden::Golden golden("gan");
  return golden;
}

struct Case {
  const char* name;
  GanLossOptions options;
};
const Case cases[] = {
    {"non_saturating", {}},
    {"non_saturating_smoothed", {.real_label = 0.9, .fake_label = 0.1}},
    {"non_saturating_offset", {.log_offset = 1e-4}},
    {"minimax", {.kind = GanLoss::minimax}},
    {"minimax_offset", {.kind = GanLoss::minimax, .log_offset = 1e-4}},
    {"least_squares", {.kind = GanLoss::least_squares}},
    {"least_squares_smoothed", {.kind = GanLoss::least_squares, .real_label = 0.9, .fake_label = -1}},
    {"hinge", {.kind = GanLoss::hinge}},
    {"wasserstein", {.kind = GanLoss::wasserstein}},
};

}  // namespace

TEMPLATE_TEST_CASE("adversarial losses and their gradients are PyTorch's", "[models]", float, double) {
  using T = TestType;
  const auto& golden = values();
  // Units of epsilon * max(1, |value|): sums of at most 6 terms; 2.8 is the worst seen.
  constexpr double units = 16;
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (const auto& [name, options] : cases) {
      const auto compare = [&, name = name](const char* part, const char* logits, auto loss) {
        INFO(name << ", " << part << " in " << 8 * sizeof(T) << " bits on " << kernels::name(isa));
        const std::string at = std::string(name) + ".";
        const auto l = parameter(cast<T>(golden[std::string("logits.") + logits]));
        const auto y = loss(l);
        CHECK(test::difference(y, golden[at + part], units) == "");
        CHECK(test::difference(grad(y, l), golden[at + "d" + part], units) == "");
      };
      const GanLossOptions& o = options;
      compare("real", "real", [&](const auto& l) { return real_loss(l, o); });
      compare("fake", "fake", [&](const auto& l) { return fake_loss(l, o); });
      compare("generator", "fake", [&](const auto& l) { return generator_loss(l, o); });
    }
    const auto real = parameter(cast<T>(golden["logits.real"])),
               fake = parameter(cast<T>(golden["logits.fake"]));
    const auto y = gan_value(real, fake);
    const auto gradients = grad(y, {real, fake});
    CHECK(test::difference(y, golden["value.y"], units) == "");
    CHECK(test::difference(gradients[0], golden["value.dreal"], units) == "");
    CHECK(test::difference(gradients[1], golden["value.dfake"], units) == "");
  }
}

TEST_CASE("adversarial losses can be differentiated twice", "[models]") {
  const Doubles away({5, 1}, {-2.5, -0.5, 0.25, 0.75, 3});  // from the hinges at -1 and 1
  for (const auto& [name, options] : cases) {
    INFO(name);
    const GanLossOptions& o = options;
    CHECK(gradcheck([&](auto in) { return real_loss(in[0], o); }, {away}).message == "");
    CHECK(gradcheck([&](auto in) { return fake_loss(in[0], o); }, {away}).message == "");
    CHECK(gradcheck([&](auto in) { return generator_loss(in[0], o); }, {away}).message == "");
  }
}

TEMPLATE_TEST_CASE("adversarial losses stay finite where D is quite sure", "[models]", float, double) {
  using T = TestType;
  for (const auto& [name, options] : cases)
    for (const T logit : {T(-1000), T(1000)}) {
      INFO(name << " at " << logit);
      const auto l = parameter(Tensor<T>({2, 1}, {logit, -logit}));
      for (const auto& loss :
           {real_loss(l, options), fake_loss(l, options), generator_loss(l, options), gan_value(l, l)}) {
        CHECK(std::isfinite(loss.item()));
        const auto slope = grad(loss, l);
        CHECK((std::isfinite(slope(0, 0)) && std::isfinite(slope(1, 0))));
      }
    }
}

TEST_CASE("an undecided D gives the value -log 4", "[models]") {
  const auto real = Doubles::zeros({3, 1}), fake = Doubles::zeros({5, 1});
  CHECK_THAT(gan_value(real, fake).item(), WithinRel(-std::log(4.0), 1e-15));
  CHECK_THAT(gan_value(cast<float>(real), cast<float>(fake)).item(),
             WithinRel(-std::log(4.0f), 2.4e-7f));  // two roundings
  // D's loss is its opposite, and G's minimax loss the half of the value that is G's.
  CHECK_THAT((real_loss(real) + fake_loss(fake)).item(), WithinRel(std::log(4.0), 1e-15));
  CHECK_THAT(generator_loss(fake, {.kind = GanLoss::minimax}).item(), WithinRel(-std::log(2.0), 1e-15));
}

// Samples on a grid, as many at each place as the density there says: a mean over them is exact.
TEST_CASE("the best D of two known densities gives 2 JSD - log 4", "[models]") {
  constexpr Index places = 40;
  Doubles p(Shape{places}), q(Shape{places});
  std::vector<std::int32_t> real_places, fake_places;
  for (Index i = 0; i < places; ++i) {
    // Two bumps and a wide one, of at least one sample a place: neither density is 0 anywhere.
    const double x = static_cast<double>(i), a = (x - 10) / 4, b = (x - 30) / 3, c = (x - 22) / 9;
    const int reals = 1 + static_cast<int>(60 * std::exp(-a * a / 2) + 90 * std::exp(-b * b / 2)),
              fakes = 1 + static_cast<int>(70 * std::exp(-c * c / 2));
    p.set({i}, reals), q.set({i}, fakes);
    real_places.insert(real_places.end(), static_cast<std::size_t>(reals), static_cast<std::int32_t>(i));
    fake_places.insert(fake_places.end(), static_cast<std::size_t>(fakes), static_cast<std::int32_t>(i));
  }
  const auto positions = [](const std::vector<std::int32_t>& v) {
    return Indices(Shape{static_cast<Index>(v.size())}, std::span<const std::int32_t>(v));
  };
  const Indices reals = positions(real_places), fakes = positions(fake_places);
  REQUIRE(reals.size() != fakes.size());
  p = p / sum(p), q = q / sum(q);

  const auto value = [&](const Doubles& logits) {
    return gan_value(take(logits, reals), take(logits, fakes));
  };
  const auto best = parameter(log(p / q));  // the logit of p / (p + q)
  const auto middle = affine(p + q, 0.5, 0);
  const double jsd = 0.5 * (kl_divergence(p, middle, Reduction::sum).item() +
                            kl_divergence(q, middle, Reduction::sum).item());
  CHECK(jsd > 0.1);  // the densities do differ
  // Means of some 1500 terms near 1, summed in any order.
  CHECK_THAT(value(best).item(), WithinAbs(2 * jsd - std::log(4.0), 1e-14));
  // The best indeed: no slope at any place, and less to either side.
  CHECK(test::difference(grad(value(best), best), Doubles::zeros({places}), 10) == "");
  Rng rng(1);
  const auto aside = rng.normal<double>({places}, 0, 0.1);
  CHECK(value(best + aside).item() < value(best).item());
  CHECK(value(best - aside).item() < value(best).item());
  // Of equal densities it is the undecided one.
  CHECK_THAT(gan_value(take(log(p / p), reals), take(log(p / p), reals)).item(),
             WithinAbs(-std::log(4.0), 1e-14));
}

TEST_CASE("minimax hardly slopes where D is sure of a fake", "[models]") {
  const auto l = parameter(Doubles({1, 1}, {-12}));
  CHECK_THAT(grad(generator_loss(l), l).item(), WithinAbs(-1, 1e-5));
  const double slope = grad(generator_loss(l, {.kind = GanLoss::minimax}), l).item();
  CHECK_THAT(slope, WithinRel(-1 / (1 + std::exp(12.0)), 1e-12));
}

TEST_CASE("options of adversarial losses that would be ignored are refused", "[models]") {
  const auto l = Doubles::zeros({2, 1});
  const auto error = [&](GanLossOptions o) {
    const auto message = error_of([&] { real_loss(l, o); });
    CHECK(error_of([&] { fake_loss(l, o); }) == message);
    CHECK(error_of([&] { generator_loss(l, o); }) == message);
    return message;
  };
  CHECK(error({.kind = GanLoss::hinge, .real_label = 0.9}) ==
        "gan loss: hinge has no labels, found real 0.9 and fake 0");
  CHECK(error({.kind = GanLoss::wasserstein, .fake_label = 0.1}) ==
        "gan loss: wasserstein has no labels, found real 1 and fake 0.1");
  CHECK(error({.kind = GanLoss::minimax, .fake_label = -1}) ==
        "gan loss: minimax needs labels in [0, 1], found real 1 and fake -1");
  CHECK(error({.real_label = 1.2}) ==
        "gan loss: non_saturating needs labels in [0, 1], found real 1.2 and fake 0");
  CHECK(error({.log_offset = -1}) == "gan loss: expected a log_offset of 0 or more, found -1");
  const std::string offset =
      "gan loss: a log_offset goes with non_saturating or minimax and labels 1 and 0, found ";
  CHECK(error({.real_label = 0.9, .log_offset = 1e-4}) == offset + "non_saturating, 0.9 and 0");
  CHECK(error({.kind = GanLoss::least_squares, .log_offset = 1e-4}) == offset + "least_squares, 1 and 0");
}

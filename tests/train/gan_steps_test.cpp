// A step of adversarial training: who learns when, from what, with which labels and penalties.
#include <set>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/small_gan.hpp"

using namespace figment;
using test::error_of;
using test::every_way;
using test::Net;
using test::same;
using test::Small;
using test::values;
using Floats = Tensor<float>;

TEST_CASE("each network takes its steps, and moves nothing of the other's", "[train]") {
  auto train = test::batches({6, 6, 6, 6});
  for (const auto& options : every_way) {
    Small small(options);
    auto g = values(small.gan.generator), d = values(small.gan.discriminator);
    EveryStep look([&](TrainState&) {
      const auto g_now = values(small.gan.generator), d_now = values(small.gan.discriminator);
      CHECK((!same(g, g_now) && !same(d, d_now)));
      g = g_now, d = d_now;
    });
    small.fit(train, {.callbacks = {&look}});
    CHECK(small.generator.steps() == 4);
    CHECK(small.discriminator.steps() == (options.batches == RealAndFake::apart ? 8 : 4));

    // With a rate of 0 a network stays as it is, whatever the other one's steps do.
    for (const bool frozen_d : {false, true}) {
      Small half(options, frozen_d ? 0.1 : 0, frozen_d ? 0 : 0.1);
      const auto g_before = values(half.gan.generator), d_before = values(half.gan.discriminator);
      half.fit(train);
      CHECK(same(values(half.gan.generator), g_before) == !frozen_d);
      CHECK(same(values(half.gan.discriminator), d_before) == frozen_d);
    }
  }
}

TEST_CASE("the generator moves in every k-th step, the first to begin with", "[train]") {
  auto train = test::batches({4, 4, 4, 4});
  Small small({.discriminator_steps = 3});
  auto g = values(small.gan.generator), d = values(small.gan.discriminator);
  std::vector<int> moved;
  std::vector<double> g_loss;
  double sum = 0;
  EveryStep look([&](TrainState& s) {
    const auto g_now = values(small.gan.generator), d_now = values(small.gan.discriminator);
    moved.push_back(same(g, g_now) ? 0 : 1);
    CHECK_FALSE(same(d, d_now));
    g = g_now, d = d_now;
    // The running mean over equal batches gives the step's own figure back.
    const double steps = static_cast<double>(s.step), mean = s.running->last("g_loss");
    if (s.step == 1) sum = 0;
    g_loss.push_back(mean * steps - sum);
    sum = mean * steps;
  });
  small.fit(train, {.epochs = 2, .callbacks = {&look}});
  CHECK(moved == std::vector<int>{1, 0, 0, 1, 0, 0, 1, 0});  // the count goes on in the next epoch
  CHECK(small.generator.steps() == 3);
  CHECK(small.discriminator.steps() == 8);
  // Between its steps the generator's last loss stands.
  for (const std::size_t i : {1u, 2u, 4u, 5u, 7u}) CHECK_THAT(g_loss[i], WithinRel(g_loss[i - 1], 1e-9));
  CHECK(std::abs(g_loss[3] / g_loss[2] - 1) > 1e-4);
}

TEST_CASE("clip keeps the discriminator's weights in range, and no other's", "[train]") {
  auto train = test::batches({6, 6, 6});
  for (const auto& way : every_way) {
    GanOptions options = way;
    options.loss.kind = GanLoss::wasserstein;
    options.clip = 0.01;
    Small small(options);
    const auto largest = [](Net& net) {
      float m = 0;
      for (const auto& p : parameters(net)) m = std::max(m, max(abs(p)).item());
      return m;
    };
    REQUIRE(largest(small.gan.discriminator) > 0.1f);
    EveryStep look([&](TrainState&) { CHECK(largest(small.gan.discriminator) == 0.01f); });
    small.fit(train, {.callbacks = {&look}});
    CHECK(largest(small.gan.generator) > 0.1f);
  }
}

namespace {

/// y = w x, with a count of the gradients it was asked for.
struct Probe {
  using value_type = float;
  struct Counts {
    int forward = 0, inputs = 0, weights = 0;
    bool operator==(const Counts&) const = default;
  };
  Floats weight = parameter(Floats::ones({3}));
  Counts* counts;

  explicit Probe(Counts* c) : counts(c) {}
  Floats forward(const Floats& x) const {
    ++counts->forward;
    auto y = no_grad([&] { return x * weight; });
    return record("probe", {x, weight}, std::move(y), [c = counts](auto& saved, auto& dy, auto& dx) {
      dx(0, [&] { return ++c->inputs, dy * saved.in(1); });
      dx(1, [&] { return ++c->weights, dy * saved.in(0); });
    });
  }
  void visit(auto&& v) { v("weight", weight); }
};

}  // namespace

TEST_CASE("no gradient is computed that no step needs", "[train]") {
  auto train = test::batches({6});
  const auto count = [&](const GanOptions& options) {
    Probe::Counts counts;
    Rng rng(3);
    Gan gan(Net{Linear(2, 3, rng)}, Net{Probe(&counts), Linear(3, 1, rng)}, 2, options);
    Sgd g(parameters(gan.generator)), d(parameters(gan.discriminator));
    fit(gan, g, d, train);
    return counts;
  };
  using C = Probe::Counts;
  // The inputs' is for the generator's step, the weights' for each pass of the discriminator's.
  CHECK(count({}) == C{3, 1, 2});
  CHECK(count({.batches = RealAndFake::joined}) == C{2, 1, 1});
  CHECK(count({.batches = RealAndFake::apart}) == C{3, 1, 2});
  CHECK(count({.simultaneous = true}) == C{2, 1, 2});
  CHECK(count({.batches = RealAndFake::joined, .simultaneous = true}) == C{1, 1, 1});
}

namespace {

/// Keeps what comes in.
struct Spy {
  std::vector<Floats>* seen;
  Floats forward(const Floats& x) const {
    seen->push_back(x.detach());
    return x;
  }
};

/// The labels that the last 3 columns of x say, which must be one-hot.
std::vector<int> labels_of(const Floats& x) {
  std::vector<int> labels;
  const Index n = x.dim(1);
  for (Index i = 0; i < x.dim(0); ++i)
    for (Index c = 0; c < 3; ++c) {
      const float v = x(i, n - 3 + c);
      REQUIRE((v == 0 || v == 1));
      if (v == 1) labels.push_back(static_cast<int>(c));
    }
  REQUIRE(static_cast<Index>(labels.size()) == x.dim(0));
  return labels;
}
std::vector<int> operator+(std::vector<int> a, const std::vector<int>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("labels reach both networks, the same for both", "[train]") {
  auto train = test::batches({6});
  const std::vector<int> real{0, 1, 2, 0, 1, 2};
  for (const auto& way : every_way) {
    GanOptions options = way;
    options.classes = 3;
    options.generated = 8;
    std::vector<Floats> to_g, to_d;
    Rng rng(3);
    Gan gan(Net{Spy{&to_g}, Linear(5, 3, rng)}, Net{Spy{&to_d}, Linear(6, 1, rng)}, 2, options);
    Sgd g(parameters(gan.generator)), d(parameters(gan.discriminator));
    fit(gan, g, d, train, {.seed = 5});
    const auto first = labels_of(to_g[0]);
    REQUIRE(first.size() == 8);
    CHECK(std::set<int>(first.begin(), first.end()).size() == 3);
    const bool joined = options.batches == RealAndFake::joined;
    REQUIRE(to_d.size() == (joined ? 1u : 2u) + (options.simultaneous ? 0u : 1u));
    if (joined) {
      CHECK(labels_of(to_d[0]) == real + first);
    } else {
      CHECK(labels_of(to_d[0]) == real);
      CHECK(labels_of(to_d[1]) == first);
    }
    REQUIRE(to_g.size() == (options.simultaneous ? 1u : 2u));
    if (!options.simultaneous) CHECK(labels_of(to_d.back()) == labels_of(to_g[1]));
  }

  Small small({.classes = 3});
  test::Batches unlabelled{{{train.list[0].x}}}, wrong{{{train.list[0].x, Indices({6}, {0, 1, 2, 3, 0, 1})}}};
  CHECK(error_of([&] { small.fit(unlabelled); }) == "Gan: expected a label for each of x (6, 3), found (0,)");
  CHECK(error_of([&] { small.fit(wrong); }) == "one_hot: position 3 at 3 is not in 0 to 2");
  CHECK(small.discriminator.steps() == 0);
}

TEST_CASE("penalties are part of what the discriminator minimises", "[train]") {
  auto train = test::batches({6});
  for (const auto& way : every_way) {
    // apart's second step begins where the first led, and so differs too: in proportion to the rate.
    const bool apart = way.batches == RealAndFake::apart;
    const double rate = apart ? 1e-3 : 0.25;
    // A linear discriminator: its slope is its weight w, the penalty's gradient a multiple of w.
    const auto after = [&](const GanOptions& options, double* told) {
      Rng rng(3);
      Net generator{Linear(2, 3, rng)}, discriminator{Linear(3, 1, rng)};
      Gan gan(generator, discriminator, 2, options);
      Sgd g(parameters(gan.generator)), d(parameters(gan.discriminator), {.rate = rate});
      const auto before = d.parameters()[0].clone();
      // One noise for all: WGAN-GP's own draws come after that of the first fakes.
      const History h = fit(gan, g, d, train);
      if (told) *told = h.last("d_penalty");
      return std::pair(before, d.parameters()[0].clone());
    };
    const auto unpenalised = after(way, nullptr);
    const Floats &w = unpenalised.first, &plain = unpenalised.second;
    const double norm = std::sqrt(static_cast<double>(sum(square(w)).item()));
    const auto check = [&](GanOptions options, double penalty, double slope) {
      double told = 0;
      const auto penalised = after(options, &told).second;
      const auto moved = no_grad([&] { return (penalised - plain) / static_cast<float>(rate); });
      CHECK_THAT(told, WithinRel(penalty, 1e-5));  // in float
      // Weights are rounded before the division by the rate; apart's second step adds less than 0.006.
      const double units = apart ? 5e4 : 256;
      const auto expected = no_grad([&] { return cast<double>(w) * -slope; });
      CHECK(test::difference(moved, expected, units) == "");
    };
    GanOptions options = way;
    options.gradient_penalty = 10;
    check(options, 10 * (norm - 1) * (norm - 1), 20 * (norm - 1) / norm);
    options = way, options.r1 = 2;
    check(options, norm * norm, 2);
    options = way, options.r2 = 3;
    check(options, 1.5 * norm * norm, 3);
  }
}

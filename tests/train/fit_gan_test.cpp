// The training loop of adversarial networks: what a run tells, that it repeats itself, and how it ends.
#include "figment/train/fit_gan.hpp"

#include "figment/data/loader.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/batch_norm.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/optim/adam.hpp"
#include "figment/train/averaged.hpp"
#include "figment/train/interrupt.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/heap_calls.hpp"
#include "support/small_gan.hpp"

using namespace figment;
using test::error_of;
using test::every_way;
using test::Net;
using test::same;
using test::Small;
using test::values;
using Floats = Tensor<float>;
using Names = std::vector<std::string>;
using Rows = std::vector<std::vector<double>>;

namespace {

double softplus_by_hand(double x) { return std::log1p(std::exp(x)); }

Rows without_seconds(const History& h) {
  Rows rows = h.rows;
  for (auto& r : rows) r.pop_back();
  return rows;
}

/// Losses of 0 whose slopes are not finite: the discriminator's, or the generator's.
struct Rooted {
  bool of_discriminator = false;
};
Floats root_of_nothing(const Floats& logits) { return mean(sqrt(affine(logits, 0, 0))); }
Floats real_loss(const Floats& logits, const Rooted& r) {
  return r.of_discriminator ? root_of_nothing(logits) : mean(logits);
}
Floats fake_loss(const Floats& logits, const Rooted&) { return -mean(logits); }
Floats generator_loss(const Floats& logits, const Rooted&) { return root_of_nothing(logits); }

}  // namespace

TEST_CASE("a GAN's history has both losses and the shares judged rightly", "[train]") {
  auto train = test::batches({6, 2});
  const Names columns{"epoch", "d_loss", "g_loss", "d_real", "d_fake", "seconds"};
  for (const auto& options : every_way) {
    // A discriminator that says `bias` to everything, another one in every step.
    Small small(options, 0, 0);
    auto weights = parameters(small.gan.discriminator);
    const double bias[] = {0.5, -2};
    weights[2].fill(0);
    weights[3].fill(static_cast<float>(bias[0]));
    EveryStep next([&](TrainState& s) {
      CHECK(s.running->columns == Names{"d_loss", "g_loss", "d_real", "d_fake"});
      weights[3].fill(static_cast<float>(bias[s.step % 2]));
    });
    const History h = small.fit(train, {.epochs = 2, .callbacks = {&next}});
    CHECK(h.columns == columns);
    REQUIRE(h.rows.size() == 2);
    for (const auto& row : h.rows) {
      const auto mean = [&](auto f) { return (6 * f(bias[0]) + 2 * f(bias[1])) / 8; };
      const double whole = options.batches == RealAndFake::joined ? 0.5 : 1;
      // In float.
      CHECK_THAT(
          row[1],
          WithinRel(whole * mean([](double b) { return softplus_by_hand(-b) + softplus_by_hand(b); }), 1e-6));
      CHECK_THAT(row[2], WithinRel(mean([](double b) { return softplus_by_hand(-b); }), 1e-6));
      CHECK(row[3] == 6.0 / 8);
      CHECK(row[4] == 2.0 / 8);
    }
  }
  Small penalised({.r1 = 1});
  CHECK(penalised.fit(train, {.suffix = " seed 3"}).columns ==
        Names{"epoch", "d_loss seed 3", "g_loss seed 3", "d_real seed 3", "d_fake seed 3", "d_penalty seed 3",
              "seconds"});
}

TEST_CASE("a GAN's run has the same bits on any number of threads", "[train]") {
  const auto run = [](int threads, bool prefetch, const GanOptions& options, std::uint64_t seed) {
    test::ThreadScope scope(threads);
    Rng rng(1);
    const Index c = options.classes;
    Net g{Linear(16 + c, 64, rng), BatchNorm(64), LeakyRelu{0.2}, Linear(64, 784, rng)};
    Net d{Flatten{}, Linear(784 + c, 64, rng), LeakyRelu{0.2}, Dropout(0.3), Linear(64, 1, rng)};
    Gan gan(std::move(g), std::move(d), 16, options);
    Rng pixels(2);
    Indices labels(Shape{300});
    for (Index i = 0; i < 300; ++i) labels.mutable_data()[i] = static_cast<std::int32_t>(i % 10);
    data::Loader loader(data::Dataset{pixels.uniform({300, 28, 28, 1}), labels},
                        {.batch = 100, .replacement = true, .batches = 4, .prefetch = prefetch});
    Adam a(parameters(gan.generator)), b(parameters(gan.discriminator));
    const History h = fit(gan, a, b, loader, {.epochs = 2, .seed = seed, .clip_norm = 10});
    std::vector<Floats> all;
    for (const auto& [path, t] : named_tensors(gan)) all.push_back(t);
    return std::pair(without_seconds(h), all);
  };
  const GanOptions ways[] = {
      {.batches = RealAndFake::joined, .gradient_penalty = 10, .classes = 10},
      {.noise = Noise::uniform,
       .batches = RealAndFake::apart,
       .discriminator_steps = 2,
       .fakes_in_use = true,
       .r1 = 1,
       .clip = 0.1},
      {.simultaneous = true, .generated = 120, .r2 = 1},
  };
  for (const auto& options : ways) {
    const auto [rows, tensors] = run(1, false, options, 3);
    REQUIRE(rows.size() == 2);
    for (const auto& [threads, prefetch] : {std::pair(1, false), {2, false}, {2, true}, {5, true}}) {
      INFO(threads << " threads, prefetch " << prefetch);
      const auto [again, found] = run(threads, prefetch, options, 3);
      CHECK(again == rows);
      CHECK(same(found, tensors));
    }
    CHECK(run(1, false, options, 4).first != rows);
  }
}

TEST_CASE("an interrupted GAN ends after its step, its unfinished epoch without a row", "[train]") {
  auto train = test::batches({4, 4, 4});
  const auto before = std::signal(SIGINT, SIG_IGN);
  for (const auto& options : every_way) {
    Small small(options);
    StopOnInterrupt stop;
    EveryStep interrupt([](TrainState& s) {
      if (s.epoch == 2 && s.step == 2) std::raise(SIGINT);
    });
    const History h = small.fit(train, {.epochs = 9, .callbacks = {&interrupt, &stop}});
    CHECK(stop.interrupted());
    CHECK(h.rows.size() == 1);
    CHECK(small.generator.steps() == 5);
  }
  std::signal(SIGINT, before);
}

TEST_CASE("options that contradict each other are refused", "[train]") {
  auto train = test::batches({4});
  const auto refusal = [&](GanOptions options) {
    Small small(options);
    return error_of([&] { small.fit(train); });
  };
  const std::string simultaneous =
      "fit: simultaneous updates take one discriminator step, fakes of training, and no steps apart";
  CHECK(refusal({.simultaneous = true, .discriminator_steps = 2}) == simultaneous);
  CHECK(refusal({.simultaneous = true, .fakes_in_use = true}) == simultaneous);
  CHECK(refusal({.batches = RealAndFake::apart, .simultaneous = true}) == simultaneous);
  CHECK(refusal({.discriminator_steps = 0}) == "fit: expected 1 or more discriminator_steps, found 0");
  CHECK_THAT(refusal({.loss = {.kind = GanLoss::hinge, .real_label = 0.9}}), ContainsSubstring("hinge"));
  CHECK(refusal({.simultaneous = true}) == "no error");
  test::Batches none;
  Small small;
  CHECK(error_of([&] { small.fit(none); }) == "fit: epoch 1 had no batches to train on");
}

TEST_CASE("a GAN's loss that is not finite ends the run before it reaches a weight", "[train]") {
  for (const auto& options : every_way) {
    auto train = test::batches({4, 4, 4});
    Small small(options);
    std::vector<Floats> g, d;
    EveryStep spoil([&](TrainState& s) {
      if (s.epoch != 2 || s.step != 1) return;
      train.list[1].x.fill(std::numeric_limits<float>::quiet_NaN());
      g = values(small.gan.generator), d = values(small.gan.discriminator);
    });
    try {
      small.fit(train, {.epochs = 3, .callbacks = {&spoil}});
      FAIL("no error");
    } catch (const NonFiniteLoss& e) {
      CHECK_THAT(e.what(), StartsWith("fit: epoch 2, step 2: d_loss is ") && EndsWith("nan"));  // of any sign
      CHECK(e.history.rows.size() == 1);
      CHECK(e.history.has("g_loss"));
    }
    CHECK(same(values(small.gan.generator), g));
    CHECK(same(values(small.gan.discriminator), d));
  }
  // The penalty alone, and the generator's loss alone.
  auto train = test::batches({4});
  Small steep({.loss = {.kind = GanLoss::wasserstein}, .r1 = 1e38});
  parameters(steep.gan.discriminator)[2].fill(1e3f);
  CHECK(error_of([&] { steep.fit(train); }) == "fit: epoch 1, step 1: d_penalty is inf");
  CHECK(steep.discriminator.steps() == 0);
  Small lost({.loss = {.kind = GanLoss::wasserstein}}, 0.1, 1e30);
  CHECK_THAT(error_of([&] { lost.fit(train); }), StartsWith("fit: epoch 1, step 1: g_loss is "));
  CHECK(lost.generator.steps() == 0);
}

TEST_CASE("a GAN's gradient that is not finite reaches no weight", "[train]") {
  auto train = test::batches({4, 4});
  for (const auto& options : every_way)
    for (const bool of_discriminator : {true, false})
      for (const double clip : {0.0, 1.0}) {
        Small small;
        Gan<Net, Net, Rooted> gan(
            small.gan.generator, small.gan.discriminator, 2,
            {.loss = {of_discriminator}, .batches = options.batches, .simultaneous = options.simultaneous});
        const auto g = values(gan.generator), d = values(gan.discriminator);
        CHECK_THAT(
            error_of([&] { fit(gan, small.generator, small.discriminator, train, {.clip_norm = clip}); }),
            StartsWith(figment::format("fit: epoch 1, step 1: the gradient of {}.0.weight (",
                                       of_discriminator ? "discriminator" : "generator")) &&
                EndsWith("nan"));
        CHECK(same(values(gan.generator), g));
        CHECK(small.generator.steps() == 0);
        // Where the networks learn in turn, the discriminator has by then.
        const bool before = !of_discriminator && !options.simultaneous;
        CHECK(same(values(gan.discriminator), d) == !before);
      }
}

TEST_CASE("clip_norm limits both networks' gradients", "[train]") {
  auto train = test::batches({6});
  for (const auto& options : every_way) {
    Small small(options, 1, 1);
    const auto g = values(small.gan.generator), d = values(small.gan.discriminator);
    small.fit(train, {.clip_norm = 0.001});
    const auto moved = [](const std::vector<Floats>& before, Net& net) {
      double squares = 0;
      const auto now = parameters(net);
      for (std::size_t i = 0; i < now.size(); ++i)
        squares += static_cast<double>(no_grad([&] { return sum(square(now[i] - before[i])); }).item());
      return std::sqrt(squares);
    };
    // Weights near 1 keep 1e-7 of a change: 60 of them.
    CHECK_THAT(moved(g, small.gan.generator), WithinRel(0.001, 2e-3));
    const double d_moved = moved(d, small.gan.discriminator);
    CHECK(d_moved < (options.batches == RealAndFake::apart ? 0.002 : 0.001) * 1.002);
    CHECK(d_moved > 0.0002);  // two steps apart may lead back
  }
}

TEST_CASE("a generator's average follows each step of a GAN, which is not validated", "[train]") {
  auto train = test::batches({6, 2});
  Small small({}, 1, 1), twin({}, 1, 1);
  Averaged average(small.gan.generator, {.decay = 0.5}), by_hand(twin.gan.generator, {.decay = 0.5});
  EveryStep follow([&](TrainState&) { by_hand.update(); });
  fit(small.gan, small.generator, small.discriminator, train, {.epochs = 2, .average = &average});
  fit(twin.gan, twin.generator, twin.discriminator, train, {.epochs = 2, .callbacks = {&follow}});
  CHECK(average.ema().updates() == 4);
  CHECK(same(values(average.module), values(by_hand.module)));
  const std::string refused =
      "fit: a Gan learns from each batch and is not validated: no accumulate, no validate_average";
  CHECK(error_of([&] { fit(small.gan, small.generator, small.discriminator, train, {.accumulate = 2}); }) ==
        refused);
}

TEST_CASE("a steady step of a GAN makes no heap allocation", "[train]") {
  if (!test::counts_heap_calls) return;
  const int threads = GENERATE(1, 2);
  test::ThreadScope scope(threads);
  const auto steady = [](const GanOptions& options, double clip_norm) {
    Rng rng(1);
    const Index c = options.classes;
    Net g{Linear(16 + c, 64, rng), BatchNorm(64), LeakyRelu{0.2}, Linear(64, 784, rng)};
    Net d{Flatten{}, Linear(784 + c, 64, rng), LeakyRelu{0.2}, Dropout(0.3), Linear(64, 1, rng)};
    Gan gan(std::move(g), std::move(d), 16, options);
    Indices labels = Indices::zeros({3000});
    data::Loader loader(data::Dataset{rng.uniform({3000, 28, 28, 1}), labels},
                        {.batch = 100, .replacement = true, .prefetch = false});
    Adam a(parameters(gan.generator)), b(parameters(gan.discriminator));
    long before = 0, during = -1;
    EveryStep count([&](TrainState& s) {
      if (s.step == 5) before = test::heap_calls();
      if (s.step == 25) during = test::heap_calls() - before, s.stop = true;
    });
    fit(gan, a, b, loader, {.clip_norm = clip_norm, .callbacks = {&count}});
    return during;
  };
  for (const auto& options : every_way) CHECK(steady(options, 0) == 0);
  CHECK(steady({.noise = Noise::uniform,
                .generated = 120,
                .discriminator_steps = 2,
                .fakes_in_use = true,
                .clip = 0.1,
                .classes = 10},
               5) == 0);
  CHECK(steady(
            {.loss = {.kind = GanLoss::wasserstein}, .gradient_penalty = 10, .r1 = 1, .r2 = 1, .classes = 10},
            0) == 0);
}

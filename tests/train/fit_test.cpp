// The training loop: what it computes, what it tells, and how it ends.
#include "figment/train/fit.hpp"

#include "figment/data/loader.hpp"
#include "figment/nn/module.hpp"
#include "figment/ops/reduce.hpp"
#include "figment/optim/sgd.hpp"
#include "figment/train/averaged.hpp"
#include "figment/train/interrupt.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::error_of;
using Doubles = Tensor<double>;
using Names = std::vector<std::string>;

namespace {

struct Batch {
  Doubles x;
  Index size() const { return x.dim(0); }
};

/// The same batches every epoch.
struct Batches {
  std::vector<Batch> list;
  auto begin() const { return list.begin(); }
  auto end() const { return list.end(); }
  Index batches() const { return static_cast<Index>(list.size()); }
};

Batches batches(const std::vector<std::vector<double>>& rows) {
  Batches b;
  for (const auto& r : rows) b.list.push_back({Doubles({static_cast<Index>(r.size())}, r)});
  return b;
}

/// A loss that reports numbers beside tensors.
struct NumbersToo {
  double half;
  void terms(auto&& f) const { f("tensor", Doubles::scalar(2)), f("half", half), f(std::string("count"), 3); }
};

/// mean((w - x)^2) and a penalty on w.
struct Terms {
  Doubles fit, penalty;
  Doubles total() const { return fit + penalty; }
  void terms(auto&& f) const {
    f("fit", fit);
    f("penalty", penalty);
  }
};

struct Model {
  using value_type = double;
  Doubles w = parameter(Doubles::scalar(1));
  Terms loss(const Doubles& x, const Context&) const { return {mean(square(x - w)), 0.5 * square(w)}; }
  void visit(auto&& v) { v("w", w); }
};

/// Writes down what fit calls.
struct Recorder final : Callback {
  std::vector<std::string>& events;
  std::string name;
  Recorder(std::vector<std::string>& e, std::string n) : events(e), name(std::move(n)) {}
  void on_step(TrainState& s) override {
    events.push_back(figment::format("{} step {}/{} {}/{}", name, s.epoch, s.epochs, s.step, s.steps));
  }
  void on_epoch(TrainState& s) override {
    events.push_back(figment::format("{} epoch {} rows {}", name, s.epoch, s.history->rows.size()));
  }
  void on_end(const TrainState&) override { events.push_back(name + " end"); }
};

struct StopAt final : Callback {
  Index epoch, step;
  StopAt(Index e, Index s) : epoch(e), step(s) {}
  void on_step(TrainState& s) override { s.stop = s.epoch == epoch && s.step == step; }
};

/// A loss of the terms that it is given.
struct Listed {
  std::vector<std::pair<std::string, double>> parts;
  Tensor<double> w;
  Tensor<double> total() const {
    double sum = 0;
    for (const auto& part : parts) sum += part.second;
    return w * sum;
  }
  void terms(auto&& f) const {
    for (const auto& part : parts) f(part.first, w * part.second);
  }
};

// The root of 0 is finite, its slope is not.
struct Roots {
  using value_type = double;
  Doubles a = parameter(Doubles::scalar(1)), b = parameter(Doubles({2}, {4, 1}));
  Doubles loss(const Doubles& x, const Context&) const { return mean(square(x - a)) + sum(sqrt(b)); }
  void visit(auto&& v) {
    v("a", a);
    v("b", b);
  }
};

}  // namespace

TEST_CASE("training figures are means as the epoch went, validation's are taken at its end", "[train]") {
  // By hand, in the order of fit: 3 and 1 examples an epoch.
  const auto train = batches({{1, 2, 6}, {-1}}), validation = batches({{0, 4}, {2}});
  const double rate = 0.125;
  double w = 1;
  std::vector<std::vector<double>> expected;
  const auto terms = [&](const Batch& b) {
    double squares = 0;
    for (double x : b.x.values()) squares += (x - w) * (x - w);
    return std::pair(squares / static_cast<double>(b.size()), 0.5 * w * w);
  };
  for (int epoch = 1; epoch <= 3; ++epoch) {
    double sums[4] = {};
    const auto add = [&](const Batch& b, double* s, double total) {
      s[0] += terms(b).first * static_cast<double>(b.size()) / total;
      s[1] += terms(b).second * static_cast<double>(b.size()) / total;
    };
    for (const auto& b : train) {
      add(b, sums, 4);
      double slope = w;
      for (double x : b.x.values()) slope += 2 * (w - x) / static_cast<double>(b.size());
      w -= rate * slope;
    }
    for (const auto& b : validation) add(b, sums + 2, 3);
    expected.push_back(
        {double(epoch), sums[0] + sums[1], sums[0], sums[1], sums[2] + sums[3], sums[2], sums[3]});
  }

  Model model;
  Sgd<double> sgd(parameters(model), {.rate = rate});
  const History h = fit(model, sgd, train, validation, {.epochs = 3});
  CHECK(h.columns == Names{"epoch", "train", "fit", "penalty", "val", "val_fit", "val_penalty", "seconds"});
  REQUIRE(h.rows.size() == 3);
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 7; ++c) {
      INFO("row " << r << " " << h.columns[c]);
      CHECK_THAT(h.rows[r][c], WithinRel(expected[r][c], 1e-13));  // some dozen roundings
    }
    CHECK(h.rows[r][7] >= (r ? h.rows[r - 1][7] : 0));
  }
  CHECK_THAT(model.w.item(), WithinRel(w, 1e-13));
  CHECK(h["train"] == std::vector<double>{h.rows[0][1], h.rows[1][1], h.rows[2][1]});
  CHECK(h.last("val") == h.rows[2][4]);
  CHECK((h.has("fit") && !h.has("kl")));
  CHECK(error_of([&] { h["kl"]; }) ==
        "history: no column 'kl' in: epoch train fit penalty val val_fit val_penalty seconds");
  CHECK(error_of([&] { History{}["kl"]; }) == "history: no column 'kl' in: none");
  CHECK(error_of([&] { History{}.last("val"); }) == "history: no epoch has ended yet");
}

TEST_CASE("terms of a loss may come and go", "[train]") {
  const auto w = parameter(Doubles::scalar(1));
  Sgd<double> sgd({w}, {.rate = 0});
  data::Loader two(data::Dataset{Doubles::ones({2, 1})}, {.batch = 1});
  std::vector<std::vector<std::pair<std::string, double>>> steps{
      {{"a", 1}},           {{"a", 3}},                      // a alone
      {{"b", 4}, {"a", 1}}, {{"a", 1}, {"c", 2}, {"c", 6}},  // others before and behind it, one twice
      {{"c", 2}},           {{"c", std::nan("")}},           // neither of the first two
  };
  std::size_t step = 0;
  std::vector<double> latest;
  EveryStep look([&](TrainState& s) {
    CHECK(s.latest->columns == s.running->columns);
    CHECK(s.latest->rows[0].size() == s.latest->columns.size());
    latest = s.latest->rows[0];
  });
  TrainPosition position;
  const auto loss = [&](const auto&, const Context&) { return Listed{steps[step++], w}; };
  fit(sgd, two, loss, {.epochs = 2, .callbacks = {&look}, .position = &position});
  CHECK(latest == std::vector<double>{9, 1, 0, 8});  // the total, a, b, c
  CHECK(error_of([&] { fit(sgd, two, loss, {.epochs = 3, .callbacks = {&look}, .position = &position}); }) ==
        "fit: epoch 3, step 2: c is nan");
  CHECK(latest == std::vector<double>{2, 0, 0, 2});
  steps.back()[0].second = 4;
  step = 5;
  const History h = fit(sgd, two, loss, {.epochs = 3, .position = &position});
  CHECK(h.columns == Names{"epoch", "train", "a", "seconds", "b", "c"});
  REQUIRE(h.rows.size() == 3);
  CHECK(h["train"] == std::vector<double>{2, 7, 3});
  CHECK(h["a"] == std::vector<double>{2, 1, 0});
  CHECK(figment::detail::is_nan(h["b"][0]));
  CHECK((h["b"][1] == 2 && h["b"][2] == 0));
  CHECK((h["c"][1] == 4 && h["c"][2] == 3));
}

TEST_CASE("terms of a loss are tensors of one element or numbers", "[train]") {
  const auto w = parameter(Doubles::scalar(1));
  Sgd<double> sgd({w}, {.rate = 0});
  Batches train = batches({{1, 2, 3}, {4}});
  const auto loss = [&](const Batch& batch, const Context&) {
    struct L : NumbersToo {
      Doubles w;
      Doubles total() const { return square(w); }
    };
    return L{{0.5 * batch.x(0)}, w};
  };
  const History history = fit(sgd, train, loss, {.epochs = 1});
  CHECK(history.columns == Names{"epoch", "train", "tensor", "half", "count", "seconds"});
  CHECK((history.last("tensor") == 2 && history.last("count") == 3));
  CHECK(history.last("half") == (3 * 0.5 + 2) / 4);
}

TEST_CASE("a loss of one tensor, without validation and with", "[train]") {
  const auto train = batches({{2}, {4}});
  const auto w = parameter(Doubles::scalar(0));
  Sgd<double> sgd({w}, {.rate = 0.5});
  std::vector<bool> training, tracked;
  const auto loss = [&](const Batch& b, const Context& context) {
    auto value = mean(square(b.x - w));
    training.push_back(context.training);
    tracked.push_back(value.tracked());
    return value;
  };
  const History h = fit(sgd, train, train, loss);
  CHECK(h.columns == Names{"epoch", "train", "val", "seconds"});
  CHECK(h.last("train") == (4 + 4) / 2.0);  // w = 0, then 2
  CHECK(h.last("val") == (4 + 0) / 2.0);    // w = 4
  CHECK(training == std::vector<bool>{true, true, false, false});
  CHECK(tracked == training);  // validation records nothing

  Model model;
  Sgd<double> other(parameters(model));
  CHECK(fit(model, other, train, {.epochs = 2}).columns ==
        Names{"epoch", "train", "fit", "penalty", "seconds"});
}

TEST_CASE("callbacks are called in their order", "[train]") {
  std::vector<std::string> events;
  Recorder a(events, "a"), b(events, "b");
  Model model;
  Sgd<double> sgd(parameters(model));
  const auto train = batches({{1}, {2}});
  fit(model, sgd, train, {.epochs = 2, .callbacks = {&a, &b}});
  CHECK(events == Names{"a step 1/2 1/2", "b step 1/2 1/2", "a step 1/2 2/2", "b step 1/2 2/2",
                        "a epoch 1 rows 1", "b epoch 1 rows 1", "a step 2/2 1/2", "b step 2/2 1/2",
                        "a step 2/2 2/2", "b step 2/2 2/2", "a epoch 2 rows 2", "b epoch 2 rows 2", "a end",
                        "b end"});
}

TEST_CASE("callbacks see the running means", "[train]") {
  const auto w = parameter(Doubles::scalar(0));
  Sgd<double> sgd({w}, {.rate = 0});
  const auto train = batches({{1, 1, 1}, {5}});
  std::vector<double> seen;
  EveryStep look([&](TrainState& s) {
    CHECK(s.running->columns == Names{"train"});
    seen.push_back(s.running->last("train"));
  });
  fit(sgd, train, train, [&](const Batch& b, const Context&) { return mean(b.x + w); },
      {.epochs = 2, .callbacks = {&look}});
  CHECK(seen == std::vector<double>{1, 2, 1, 2});
}

TEST_CASE("a stop ends the run after the step, and an unfinished epoch has no row", "[train]") {
  const auto train = batches({{1}, {2}, {3}});
  const auto run = [&](Index epoch, Index step) {
    std::vector<std::string> events;
    StopAt stop(epoch, step);
    Recorder recorder(events, "r");
    Model model;
    Sgd<double> sgd(parameters(model));
    const History h = fit(model, sgd, train, {.epochs = 4, .callbacks = {&stop, &recorder}});
    CHECK(sgd.steps() == (epoch - 1) * 3 + step);
    CHECK(events.back() == "r end");
    return h.rows.size();
  };
  CHECK(run(2, 2) == 1);
  CHECK(run(1, 1) == 0);
  CHECK(run(2, 3) == 2);  // at the epoch's last step: the epoch is whole
}

TEST_CASE("a loss that is not finite ends the run, names where, and keeps the history", "[train]") {
  const auto train = batches({{1}, {2}, {3}});
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    int calls = 0;
    Model model;
    Sgd<double> sgd(parameters(model), {.rate = 0.1});
    const auto loss = [&](const Batch& b, const Context& context) {
      Terms terms = model.loss(b.x, context);
      if (++calls == 5) terms.penalty = terms.penalty * bad;
      return terms;
    };
    detail::NoBatches none;
    try {
      fit(sgd, train, none, loss, {.epochs = 3});
      FAIL("no error");
    } catch (const NonFiniteLoss& e) {
      CHECK(std::string(e.what()) ==
            "fit: epoch 2, step 2: penalty is " + std::string(detail::is_nan(bad) ? "nan" : "inf"));
      CHECK(e.history.rows.size() == 1);
      CHECK(e.history.has("penalty"));
    }
    CHECK(sgd.steps() == 4);  // not by the bad one
    CHECK(std::isfinite(model.w.item()));
  }
  // A run whose loss is mended goes on where it stood, without what was wrong in its means.
  {
    const auto w = parameter(Doubles::scalar(1));
    Sgd<double> sgd({w}, {.rate = 0});
    TrainPosition position;
    double factor = std::numeric_limits<double>::quiet_NaN();
    data::Loader three(data::Dataset{Doubles::ones({3, 1})}, {.batch = 1});
    const auto loss = [&](const auto&, const Context&) {
      return square(w) * (position.step == 1 ? factor : 2);
    };
    CHECK(error_of([&] { fit(sgd, three, loss, {.epochs = 1, .position = &position}); }) ==
          "fit: epoch 1, step 2: total is nan");
    factor = 2;
    CHECK(fit(sgd, three, loss, {.epochs = 1, .position = &position}).last("train") == 2);
  }
  // Batches in a vector cannot be gone on with: nobody knows which were seen.
  {
    const auto w = parameter(Doubles::scalar(1));
    Sgd<double> sgd({w}, {.rate = 0});
    TrainPosition position;
    const auto loss = [&](const auto&, const Context&) { return square(w); };
    fit(sgd, train, loss, {.epochs = 1, .position = &position});
    CHECK(error_of([&] { fit(sgd, train, loss, {.epochs = 2, .position = &position}); }) ==
          "fit: cannot go on with batches that have no set_epoch(epoch, first)");
    CHECK(position.history.rows.size() == 1);
  }
  // Terms that are finite, a total that is not.
  const auto w = parameter(Doubles::scalar(1e200));
  Sgd<double> sgd({w});
  CHECK(error_of([&] { fit(sgd, train, train, [&](const Batch&, const Context&) { return square(w); }); }) ==
        "fit: epoch 1, step 1: total is inf");
}

TEST_CASE("a gradient that is not finite changes no weight, names its parameter and ends the run",
          "[train]") {
  const auto train = batches({{1}, {2}, {3}});
  for (const double clip : {0.0, 1.0}) {
    INFO("clip_norm " << clip);
    Roots model;
    model.b.set({1}, 0);
    Sgd<double> sgd(parameters(model), {.rate = 0.1});
    CHECK(error_of([&] { fit(model, sgd, train, {.clip_norm = clip}); }) ==
          "fit: epoch 1, step 1: the gradient of b (2,) is inf");
    const auto loss = [&](const Batch& b, const Context& c) { return model.loss(b.x, c); };
    CHECK(error_of([&] { fit(sgd, train, loss, {.clip_norm = clip}); }) ==
          "fit: epoch 1, step 1: the gradient of parameter 1 (2,) is inf");
    CHECK((sgd.steps() == 0 && model.a.item() == 1 && model.b(0) == 4 && model.b(1) == 0));
  }
  // In the last step of a run, where no loss follows that would show it; mended, the run goes on from there.
  Roots model;
  Sgd<double> sgd(parameters(model), {.rate = 0});
  data::Loader three(data::Dataset{Doubles::ones({3, 1})}, {.batch = 1});
  TrainPosition position;
  double factor = 0;
  const auto loss = [&](const auto&, const Context&) {
    return sum(model.b) + sum(sqrt(position.step == 2 ? affine(model.a, factor, 0) : model.a));
  };
  try {
    fit(sgd, three, loss, {.epochs = 1, .position = &position});
    FAIL("no error");
  } catch (const NonFiniteLoss& e) {
    CHECK_THAT(e.what(),
               Catch::Matchers::StartsWith("fit: epoch 1, step 3: the gradient of parameter 0 () is "));
    CHECK(e.history.rows.empty());
  }
  CHECK((sgd.steps() == 2 && position.step == 2 && position.means.samples == 2));
  factor = 1;
  CHECK(fit(sgd, three, loss, {.epochs = 1, .position = &position}).last("train") == 6);
}

TEST_CASE("an epoch without batches is an error", "[train]") {
  const auto train = batches({{1}}), none = batches({});
  Model model;
  Sgd<double> sgd(parameters(model));
  CHECK(error_of([&] { fit(model, sgd, none); }) == "fit: epoch 1 had no batches to train on");
  CHECK(error_of([&] { fit(model, sgd, train, none); }) == "fit: epoch 1 had no batches to validate on");
  CHECK(fit(model, sgd, train, {.epochs = 0}).rows.empty());
}

TEST_CASE("clip_norm limits the step", "[train]") {
  const auto train = batches({{100}});
  const auto w = parameter(Doubles::scalar(0));
  Sgd<double> sgd({w}, {.rate = 1});
  fit(sgd, train, train, [&](const Batch& b, const Context&) { return mean(square(b.x - w)); },
      {.clip_norm = 0.25});
  CHECK_THAT(w.item(), WithinRel(0.25, 1e-6));  // PyTorch's guard adds 1e-6 to the norm, here 200
}

TEST_CASE("the model's noise follows the seed, and validation does not disturb it", "[train]") {
  const auto train = batches({{1, 2}, {3, 4}});
  const auto run = [&](std::uint64_t seed, bool validated) {
    const auto w = parameter(Doubles::scalar(1));
    Sgd<double> sgd({w}, {.rate = 0.01});
    const auto loss = [&](const Batch& b, const Context& c) {
      return mean(square(b.x - w + c.generator("test").normal<double>(b.x.shape())));
    };
    detail::NoBatches none;
    return validated ? fit(sgd, train, train, loss, {.epochs = 3, .seed = seed})
                     : fit(sgd, train, none, loss, {.epochs = 3, .seed = seed});
  };
  const History h = run(1, true);
  CHECK(h["train"] == run(1, true)["train"]);
  CHECK(h["val"] == run(1, true)["val"]);
  CHECK(h["train"] == run(1, false)["train"]);
  CHECK(h["train"] != run(2, true)["train"]);
}

TEST_CASE("an interrupt ends the run after the step under way", "[train]") {
  const auto train = batches({{1}, {2}});
  const auto before = std::signal(SIGINT, SIG_IGN);
  for (int round = 0; round < 2; ++round) {
    Model model;
    Sgd<double> sgd(parameters(model));
    StopOnInterrupt stop;
    CHECK_FALSE(stop.interrupted());  // the round before has left nothing
    EveryStep interrupt([](TrainState& s) {
      if (s.epoch == 2 && s.step == 1) std::raise(SIGINT);
    });
    const History h = fit(model, sgd, train, {.epochs = 5, .callbacks = {&interrupt, &stop}});
    CHECK(stop.interrupted());
    CHECK(h.rows.size() == 1);
    CHECK(sgd.steps() == 3);
  }
  CHECK(std::signal(SIGINT, before) == SIG_IGN);  // restored to what was there
}

#ifdef SIGHUP
TEST_CASE("SIGTERM and SIGHUP end a run as an interrupt does, SIGHUPs in a row too", "[train]") {
  const auto train = batches({{1}, {2}});
  const auto run = [&](int signal, int times) {
    Model model;
    Sgd<double> sgd(parameters(model));
    StopOnInterrupt stop;
    EveryStep raise([&](TrainState& s) {
      for (int i = 0; i < times && s.epoch == 2 && s.step == 1; ++i) std::raise(signal);
    });
    const History h = fit(model, sgd, train, {.epochs = 5, .callbacks = {&raise, &stop}});
    CHECK(stop.signal() == (h.rows.size() == 1 ? signal : 0));
    return h.rows.size();
  };
  const auto before = std::signal(SIGHUP, SIG_IGN);
  CHECK(run(SIGHUP, 2) == 5);  // under nohup
  std::signal(SIGHUP, SIG_DFL);
  CHECK(run(SIGTERM, 1) == 1);
  CHECK(run(SIGHUP, 0) == 5);
  CHECK(std::signal(SIGHUP, SIG_DFL) == SIG_DFL);  // restored to what was there
  CHECK(run(SIGHUP, 3) == 1);
  std::raise(SIGHUP);  // the last of them comes late
  std::signal(SIGHUP, before);
}
#endif

TEST_CASE("accumulated batches step as one batch of all of them", "[train]") {
  // Batches of 3, 1, 2 and 2 examples, and one of 4 that is left over.
  const auto parts = batches({{1, 2, 6}, {-1}, {0, 4}, {5, 5}, {1, 2, 3, 4}});
  const auto wholes = batches({{1, 2, 6, -1, 0, 4, 5, 5}, {1, 2, 3, 4}});
  for (const double clip : {0.0, 0.5}) {
    std::vector<std::string> events;
    Recorder recorder(events, "r");
    Model model, other;
    Sgd<double> sgd(parameters(model), {.rate = 0.1, .momentum = 0.5});
    Sgd<double> one(parameters(other), {.rate = 0.1, .momentum = 0.5});
    const History h =
        fit(model, sgd, parts, {.epochs = 2, .clip_norm = clip, .accumulate = 4, .callbacks = {&recorder}});
    const History expected = fit(other, one, wholes, {.epochs = 2, .clip_norm = clip});
    CHECK_THAT(model.w.item(), WithinRel(other.w.item(), 1e-13));  // some dozen roundings
    for (const char* column : {"train", "fit", "penalty"})
      for (std::size_t e = 0; e < 2; ++e) CHECK_THAT(h[column][e], WithinRel(expected[column][e], 1e-13));
    CHECK(sgd.steps() == 4);
    CHECK(events == Names{"r step 1/2 1/2", "r step 1/2 2/2", "r epoch 1 rows 1", "r step 2/2 1/2",
                          "r step 2/2 2/2", "r epoch 2 rows 2", "r end"});
  }
  Model model;
  Sgd<double> sgd(parameters(model));
  CHECK(error_of([&] { fit(model, sgd, parts, {.accumulate = 0}); }) ==
        "fit: expected 1 or more batches to accumulate, found 0");
}

TEST_CASE("a run of accumulated batches goes on between its steps, bit for bit, also after an error",
          "[train]") {
  Rng rng(1);
  const data::Dataset<double> points{rng.normal<double>({11, 1})};
  const auto run = [&](Index stop_at, Index fail_at) {
    Model model;
    Sgd<double> sgd(parameters(model), {.rate = 0.05, .momentum = 0.9});
    data::Loader loader(points, {.batch = 2, .seed = 3});  // six batches: steps of 4 and 2
    TrainPosition position;
    Index calls = 0;
    const auto loss = [&](const auto& batch, const Context& context) {
      Terms terms = model.loss(batch.x, context);
      if (++calls == fail_at) terms.penalty = terms.penalty * std::nan("");
      return terms;
    };
    EveryStep stop([&](TrainState& s) { s.stop |= (s.epoch - 1) * s.steps + s.step == stop_at; });
    const auto go = [&] {
      return fit(sgd, loader, loss,
                 {.epochs = 3, .accumulate = 4, .callbacks = {&stop}, .position = &position});
    };
    if (fail_at > 0)
      CHECK_THAT(error_of(go), Catch::Matchers::StartsWith("fit: epoch 2, step 1: penalty is nan"));
    else
      go();
    if (stop_at > 0) CHECK(position.epoch * 2 + position.step == stop_at);
    const History h = go();
    return std::pair(h, model.w.item());
  };
  const auto [history, w] = run(0, 0);
  for (const auto& [stop_at, fail_at] : {std::pair<Index, Index>{1, 0}, {2, 0}, {3, 0}, {5, 0}, {0, 9}}) {
    INFO("stopped after " << stop_at << ", failed at " << fail_at);
    const auto [other, v] = run(stop_at, fail_at);
    CHECK(v == w);
    for (const char* column : {"train", "fit", "penalty"}) CHECK(other[column] == history[column]);
  }
}

TEST_CASE("an average follows each step, and validation is of it", "[train]") {
  const auto train = batches({{1, 2}, {3}}), validation = batches({{0}});
  Model model;
  Averaged average(model, {.decay = 0.5});
  Sgd<double> sgd(parameters(model), {.rate = 0.25});
  double expected = 1;
  std::vector<double> after;
  EveryStep follow([&](TrainState&) {
    expected = 0.5 * expected + 0.5 * model.w.item();
    CHECK(average.module.w.item() == expected);  // exact: powers of two
    after.push_back(model.w.item());
  });
  double seen = 0;
  Metric own("own", [&] { return seen = model.w.item(); });
  FitOptions options{
      .epochs = 2, .average = &average, .validate_average = true, .callbacks = {&follow, &own}};
  const History h = fit(model, sgd, train, validation, options);
  CHECK(average.ema().updates() == 4);
  CHECK_THAT(h.last("val_fit"), WithinRel(expected * expected, 1e-14));
  CHECK((model.w.item() == after.back() && seen == after.back()));  // in its place again
  CHECK(h.columns.back() == "own");
  CHECK(h["own"] == std::vector<double>{after[1], after[3]});

  options.validate_average = false;
  Model plain;
  Averaged other(plain, {.decay = 0.5});
  Sgd<double> again(parameters(plain), {.rate = 0.25});
  options.average = &other, options.callbacks = {};
  const double of_plain = fit(plain, again, train, validation, options).last("val_fit");
  CHECK_THAT(of_plain, WithinRel(plain.w.item() * plain.w.item(), 1e-14));
  // Also when validation ends by an error.
  double stepped = 0;
  EveryStep look([&](TrainState&) { stepped = plain.w.item(); });
  options.validate_average = true, options.epochs = 1, options.callbacks = {&look};
  const auto infinite = batches({{std::numeric_limits<double>::infinity()}});
  CHECK(error_of([&] { fit(plain, again, train, infinite, options); }) ==
        "fit: epoch 1, validation: fit is inf");
  CHECK((plain.w.item() == stepped && other.module.w.item() != stepped));
  options.average = nullptr;
  CHECK(error_of([&] { fit(plain, again, train, options); }) == "fit: validate_average without an average");
}

namespace {

/// h' = a h + x at each step of a sequence (N, L); the loss is the mean of (h' - 1)^2.
struct Recurrence {
  using value_type = double;
  struct State {
    Doubles h;
    State detach() const { return {h.detach()}; }
  };
  Doubles a = parameter(Doubles::scalar(0.5));
  std::vector<std::string> windows;
  Doubles loss(const Doubles& x, State& state, const Context& context) {
    windows.push_back(
        figment::format("{} {}", x.shape(), state.h.defined() ? state.h.tracked() ? "in" : "on" : "new"));
    Doubles sum_of;
    for (Index t = 0; t < x.dim(1); ++t) {
      state.h = state.h.defined() ? a * state.h + select(x, 1, t) : select(x, 1, t) + 0.0 * a;
      const auto squares = sum(square(state.h - 1.0));
      sum_of = sum_of.defined() ? sum_of + squares : squares;
    }
    if (!context.training) windows.back() += " validated";
    return sum_of / static_cast<double>(x.size());
  }
  void visit(auto&& v) { v("a", a); }
};

}  // namespace

TEST_CASE("sequences are learnt in windows, and their states go on without a gradient", "[train]") {
  Batches train;
  train.list.push_back({Doubles({2, 5}, {1, 2, 3, 4, 5, 0, 1, 0, 1, 2})});
  train.list.push_back({Doubles({1, 5}, {1, 1, 1, 1, 1})});
  Recurrence model;
  Sgd<double> sgd(parameters(model), {.rate = 1e-3});
  Index steps = 0;
  EveryStep count([&](TrainState& s) { steps += s.steps == 2; });
  const History h = fit(model, sgd, train, train, {.truncate = 2, .callbacks = {&count}});
  CHECK(model.windows == Names{"(2, 2) new", "(2, 2) on", "(2, 1) on", "(1, 2) new", "(1, 2) on", "(1, 1) on",
                               "(2, 2) new validated", "(2, 2) on validated", "(2, 1) on validated",
                               "(1, 2) new validated", "(1, 2) on validated", "(1, 1) on validated"});
  CHECK((sgd.steps() == 6 && steps == 2));
  // By hand: each window's gradient is of its own steps, from the state as it came.
  double a = 0.5, total = 0, count_of = 0;
  for (const auto& batch : train) {
    const Index n = batch.x.dim(0);
    std::vector<double> state(static_cast<std::size_t>(n), 0.0);
    for (Index begin = 0; begin < 5; begin += 2) {
      const Index end = (std::min)(begin + 2, Index{5});
      double slope = 0, loss = 0;
      for (Index i = 0; i < n; ++i) {
        double& s = state[static_cast<std::size_t>(i)];
        double ds = 0;  // by a, within the window
        for (Index t = begin; t < end; ++t) {
          ds = t == 0 ? 0 : s + a * ds;
          s = a * s + batch.x(i, t);
          slope += 2 * (s - 1) * ds, loss += (s - 1) * (s - 1);
        }
      }
      const double elements = static_cast<double>(n * (end - begin));
      total += loss, count_of += elements;
      a -= 1e-3 * slope / elements;
    }
  }
  CHECK_THAT(model.a.item(), WithinRel(a, 1e-13));
  CHECK_THAT(h.last("train"), WithinRel(total / count_of, 1e-13));  // a mean over all steps of all sequences

  // Whole, validation is of one pass, and the same in windows or not.
  Recurrence whole, cut;
  Sgd<double> still(parameters(whole), {.rate = 0}), as_still(parameters(cut), {.rate = 0});
  const History one = fit(whole, still, train, train),
                many = fit(cut, as_still, train, train, {.truncate = 3});
  CHECK(whole.windows[0] == "(2, 5) new");
  CHECK_THAT(many.last("val"), WithinRel(one.last("val"), 1e-13));
  CHECK_THAT(many.last("train"), WithinRel(one.last("train"), 1e-13));

  CHECK(error_of([&] { fit(whole, still, train, {.accumulate = 2, .truncate = 2}); }) ==
        "fit: expected a truncate of 0 or more, and then no accumulate, found 2 and 2");
  Model stateless;
  Sgd<double> other(parameters(stateless));
  CHECK(error_of([&] { fit(stateless, other, train, {.truncate = 2}); }) ==
        "fit: truncate is for a model with a State, whose loss is loss(x, state, context)");
}

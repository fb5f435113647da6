// Callbacks: early stopping, schedules by epoch, and the progress display.
#include "figment/train/callback.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "figment/optim/sgd.hpp"
#include "figment/train/plateau.hpp"
#include "figment/train/progress.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/golden.hpp"

using namespace figment;
using test::error_of;

namespace {

/// The epoch at which a column of these values stops a run, or 0.
Index stopped_at(EarlyStopping& early, const std::vector<double>& values, const std::string& column = "val") {
  History history{{"epoch", column}, {}};
  TrainState state;
  state.history = &history;
  for (double v : values) {
    history.rows.push_back({static_cast<double>(++state.epoch), v});
    early.on_epoch(state);
    if (state.stop) return state.epoch;
  }
  return 0;
}

/// What a file holds.
std::string contents(std::FILE* f) {
  std::rewind(f);
  std::string text;
  for (int c; (c = std::fgetc(f)) != EOF;) text += static_cast<char>(c);
  return text;
}

/// Two epochs of three steps, one second each, ending at (epoch, step); on_end follows.
void drive(Progress& progress, Index last_epoch, Index last_step) {
  History history{{"epoch", "train", "val", "seconds"}, {}}, running{{"train"}, {{0.5}}};
  TrainState state;
  state.epochs = 2, state.steps = 3;
  state.history = &history, state.running = &running;
  for (state.epoch = 1; state.epoch <= last_epoch; ++state.epoch) {
    const Index steps = state.epoch == last_epoch ? last_step : 3;
    for (state.step = 1; state.step <= steps; ++state.step) {
      state.seconds += 1;
      progress.on_step(state);
    }
    state.step = steps;
    if (steps == 3) {
      history.rows.push_back({static_cast<double>(state.epoch), 151.234567, 1.5, state.seconds});
      progress.on_epoch(state);
    } else {
      state.stop = true;
    }
  }
  progress.on_end(state);
}

}  // namespace

TEST_CASE("annealing sets a number before the first step and after each", "[train]") {
  double weight = 9;
  Anneal anneal(weight, linear_ramp(0, 2, 4));
  std::vector<double> seen{weight};
  TrainState state{.epoch = 1, .steps = 3};
  for (state.step = 1; state.step <= 3; ++state.step) anneal.on_step(state), seen.push_back(weight);
  state.epoch = 2;
  for (state.step = 1; state.step <= 2; ++state.step) anneal.on_step(state), seen.push_back(weight);
  CHECK(seen == std::vector<double>{0, 0.5, 1, 1.5, 2, 2});

  state = {.epoch = 1, .step = 0, .steps = 3};  // of a run that goes on: an epoch has ended
  anneal.on_begin(state);
  CHECK(weight == 1.5);
}

TEST_CASE("early stopping waits for its patience", "[train]") {
  EarlyStopping three("val", 3);
  CHECK(stopped_at(three, {5, 4, 4.5, 4, 4.1, 3}) == 5);  // equal is no improvement
  CHECK(three.best() == 4);
  CHECK(three.best_epoch() == 2);
  EarlyStopping steady("val", 3);
  CHECK(stopped_at(steady, {5, 6, 6, 4, 6, 6, 3, 6, 6}) == 0);
  CHECK(steady.best_epoch() == 7);
  EarlyStopping least("val", 2, 0.5);
  CHECK(stopped_at(least, {5, 4.6, 4.5, 4}) == 3);  // 4.5 is not more than 0.5 better
  EarlyStopping train("train", 1);
  CHECK(stopped_at(train, {2, 1, 1}, "train") == 3);
  EarlyStopping nan("val", 2);
  CHECK(stopped_at(nan, {std::nan(""), std::nan(""), 1}) == 2);
  // A resumed run remembers its best epoch by the history.
  EarlyStopping resumed("val", 3);
  History before{{"epoch", "val"}, {{1, 5}, {2, 4}, {3, 4.5}, {4, 4.5}}};
  TrainState state;
  state.epoch = 4;
  state.history = &before;
  resumed.on_begin(state);
  CHECK(resumed.best() == 4);
  CHECK(resumed.best_epoch() == 2);
  before.rows.push_back({double(++state.epoch), 4.5});
  resumed.on_epoch(state);
  CHECK(state.stop);
  state.stop = false;
  EarlyStopping("val", 3).on_begin(state);  // a run that was stopped so stays stopped
  CHECK(state.stop);
  EarlyStopping absent("loss", 2);
  CHECK(error_of([&] { stopped_at(absent, {1}); }) == "history: no column 'loss' in: epoch val");
}

TEST_CASE("an epoch's rate is its schedule's", "[train]") {
  Sgd<double> sgd(TensorList<double>{parameter(Tensor<double>::scalar(1))}, {.rate = 7});
  EpochSchedule schedule(sgd, step_decay(1, 2, 0.5));
  std::vector<double> rates;
  TrainState state;
  for (state.epoch = 1; state.epoch <= 5; ++state.epoch) {
    rates.push_back(sgd.rate());
    schedule.on_epoch(state);
  }
  CHECK(rates == std::vector<double>{1, 1, 0.5, 0.5, 0.25});
}

TEST_CASE("a step's rate is its schedule's, also of a run that goes on", "[train]") {
  Sgd<double> sgd(TensorList<double>{parameter(Tensor<double>::scalar(1))}, {.rate = 7});
  StepSchedule schedule(sgd, linear_ramp(0, 6, 6));
  std::vector<double> rates;
  TrainState state{.steps = 3};
  for (state.epoch = 1; state.epoch <= 2; ++state.epoch)
    for (state.step = 1; state.step <= 3; ++state.step) rates.push_back(sgd.rate()), schedule.on_step(state);
  CHECK(rates == std::vector<double>{0, 1, 2, 3, 4, 5});
  state = {.epoch = 1, .step = 2, .steps = 3};  // an epoch and two steps are done
  schedule.on_begin(state);
  CHECK(sgd.rate() == 5);
  CHECK(error_of([&] { StepSchedule(sgd, Schedule{}); }) ==
        "StepSchedule: expected a schedule, found an empty function");
}

TEST_CASE("a plateau lowers the rate as PyTorch does, also of a run that goes on", "[train]") {
  const golden::Golden golden("optimizers");
  const auto follow = [&](const std::string& name, PlateauOptions options) {
    INFO(name);
    options.column = "loss";
    const auto figures = golden["plateau_" + name + ".figures"], rates = golden["plateau_" + name + ".lr"];
    REQUIRE(figures.size() == 20);
    for (const Index stopped : {Index{100}, Index{5}, Index{12}}) {
      Sgd<double> sgd(TensorList<double>{parameter(Tensor<double>::scalar(1))}, {.rate = 0.1});
      History history{{"epoch", "loss"}, {}};
      TrainState state;
      state.history = &history;
      auto plateau = std::make_unique<ReduceOnPlateau<Sgd<double>>>(sgd, options);
      for (Index e = 0; e < figures.size(); ++e) {
        if (e == stopped) plateau = std::make_unique<ReduceOnPlateau<Sgd<double>>>(sgd, options);
        history.rows.push_back({static_cast<double>(++state.epoch), figures(e)});
        plateau->on_epoch(state);
        CHECK_THAT(sgd.rate(), WithinRel(rates(e), 1e-14));
      }
    }
  };
  follow("plain", {.factor = 0.5, .patience = 1});
  follow("cooldown", {.factor = 0.5, .patience = 1, .threshold = 0.3, .cooldown = 2, .min_rate = 0.03});
  follow("absolute", {.factor = 0.5, .patience = 2, .threshold = 0.1, .absolute = true});
  follow("highest", {.factor = 0.5, .patience = 2, .highest = true});
  follow("highest_absolute",
         {.factor = 0.5, .patience = 3, .threshold = 0.4, .absolute = true, .highest = true});
  Sgd<double> sgd(TensorList<double>{parameter(Tensor<double>::scalar(1))});
  CHECK_THAT(error_of([&] { ReduceOnPlateau(sgd, {.factor = 1}); }),
             StartsWith("ReduceOnPlateau: expected a factor in (0, 1)"));
}

TEST_CASE("a figure of one's own is put into the row of an epoch that has ended", "[train]") {
  History history{{"epoch"}, {{1}, {2}}};
  TrainState state;
  CHECK(error_of([&] { state.put("psnr", 3); }) ==
        "put: 'psnr' is a figure of an epoch, which only on_epoch can add");
  state.row = &history;
  int calls = 0;
  Metric metric("psnr", [&] { return 20.0 + ++calls; });
  metric.on_epoch(state);
  history.rows.push_back({3, 0});
  metric.on_epoch(state);
  CHECK(history.columns == std::vector<std::string>{"epoch", "psnr"});
  CHECK(detail::is_nan(history["psnr"][0]));
  CHECK((history["psnr"][1] == 21 && history["psnr"][2] == 22));
  CHECK(error_of([] { History{}.put("a", 1); }) == "history: no epoch has ended yet");
}

TEST_CASE("every epoch calls its function", "[train]") {
  Index seen = 0;
  EveryEpoch every([&](TrainState& s) { seen = s.epoch; });
  TrainState state;
  state.epoch = 4;
  every.on_epoch(state);
  CHECK(seen == 4);
}

TEST_CASE("progress to a file is one plain line an epoch", "[train]") {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  Progress progress(file);
  drive(progress, 2, 3);
  CHECK(contents(file) ==
        "epoch 1/2  train 151.23  val 1.5  1 steps/s, 0:03 left\n"
        "epoch 2/2  train 151.23  val 1.5  1 steps/s, 0:00 left\n");
  std::fclose(file);
}

TEST_CASE("progress to a terminal is a line that is written over", "[train]") {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) return;  // a machine without pseudo-terminals
  REQUIRE((grantpt(terminal) == 0 && unlockpt(terminal) == 0));
  std::FILE* file = std::fopen(ptsname(terminal), "w");
  REQUIRE(file != nullptr);
  Progress progress(file);
  drive(progress, 2, 2);  // stopped before its end
  std::fputs("read", file);
  std::fflush(file);
  std::string shown;  // a terminal hands out what it was given in pieces
  while (!shown.ends_with("read")) {
    char text[4096];
    const auto n = read(terminal, text, sizeof text);
    REQUIRE(n > 0);
    shown.append(text, static_cast<std::size_t>(n));
  }
  std::fclose(file), close(terminal);
  shown.resize(shown.size() - 4);
  INFO(shown);
  CHECK_THAT(shown,
             StartsWith("\repoch 1/2 [========>               ]  train 0.5  1 steps/s, 0:05 left\033[K\r"));
  CHECK_THAT(shown, ContainsSubstring(
                        "\repoch 1/2 [========================]  train 0.5  1 steps/s, 0:03 left\033[K\r"));
  CHECK_THAT(shown, ContainsSubstring("\repoch 1/2  train 151.23  val 1.5  1 steps/s, 0:03 left\033[K\r\n"));
  CHECK_THAT(shown, EndsWith("0:01 left\033[K\r\n"));  // on_end leaves the line
}

TEST_CASE("times are shown as clocks", "[train]") {
  using figment::detail::clock;
  CHECK(clock(0) == "0:00");
  CHECK(clock(75.4) == "1:15");
  CHECK(clock(59.6) == "1:00");
  CHECK(clock(3599) == "59:59");
  CHECK(clock(3661) == "1:01:01");
}

// Callbacks: early stopping, schedules by epoch, and the progress display.
#include "figment/train/callback.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "figment/optim/sgd.hpp"
#include "figment/train/progress.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

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

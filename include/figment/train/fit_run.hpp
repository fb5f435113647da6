// A run of fit: its options, its steps and epochs as callbacks are told of them, and its history.
#pragma once

#include <limits>
#include <thread>  // the clocks, without the calendars of <chrono>, which cost a fifteenth of Eigen

#include "figment/autograd/no_grad.hpp"
#include "figment/core/finite.hpp"
#include "figment/nn/context.hpp"
#include "figment/optim/ema.hpp"
#include "figment/train/callback.hpp"
#include "figment/train/position.hpp"

namespace figment {

/// How long a run is, and who is told of it.
struct FitOptions {
  Index epochs = 1;        ///< in all: a run that goes on has done some of them
  std::uint64_t seed = 0;  ///< of the noise and dropout that the model draws
  double clip_norm = 0;    ///< limits the gradients' norm; 0 leaves them
  /// Batches to a step, which is by the mean of their gradients, weighted by their sizes: the step of one
  /// batch of all where the loss is a mean. The last step of an epoch has what is left. Steps are counted,
  /// here and by callbacks, not batches.
  Index accumulate = 1;
  /// Of a model with a State: sequences (N, L, …) are learnt in windows of so many steps, each by a step of
  /// the optimiser, and the state goes from one to the next without its gradient; 0: whole. A step that is
  /// counted is a batch all the same.
  Index truncate = 0;
  MovingAverage* average = nullptr;  ///< an Averaged or Ema that is updated after each step
  bool validate_average = false;     ///< validation is of the average, in the place of what is trained
  std::string suffix{};              ///< of the columns' names, where figures of two kinds must not mix
  Callbacks callbacks{};             ///< called in this order
  /// Where the run stands: read at its start and kept up to date. With the position of an earlier run, and
  /// its weights and optimisers' state (io/checkpoint.hpp saves all of it), the run goes on as if never
  /// stopped.
  TrainPosition* position = nullptr;
};

/// A loss, or a parameter's gradient, that is not a number or not finite; the history holds the epochs that
/// had ended.
struct [[gnu::visibility("default")]] NonFiniteLoss : Error {
  History history;  ///< the epochs that had ended
  /// Thrown by fit.
  NonFiniteLoss(const std::string& message, History h) : Error(message), history(std::move(h)) {}
  // Out of line, as it ends a whole history.
  [[gnu::cold, gnu::noinline]] ~NonFiniteLoss() override {}
};

namespace detail {

/// What all of a run's fits share: it walks over batches, counts, and tells.
class FitRun {
 public:
  template <class Batches>
  FitRun(const FitOptions& options, Batches& batches) : FitRun(options) {
    state_.steps = (batches.batches() + options.accumulate - 1) / options.accumulate;
    if (at_.begun()) go_on(batches, at_.step * options.accumulate);
    for (Callback* c : options_.callbacks) c->on_begin(state_);
  }
  // Out of line, as it ends all that a run has.
  [[gnu::cold, gnu::noinline]] ~FitRun() {
    if (parts_ > 0) at_.means.go_back(sums_before_, samples_before_);  // an error amid a step: it begins anew
  }
  FitRun(const FitRun&) = delete;
  FitRun& operator=(const FitRun&) = delete;

  /// Takes batches to the epoch under way.
  template <class Batches>
  void go_on(Batches& batches, Index step = 0) {
    if constexpr (requires { batches.set_epoch(at_.epoch, step); })
      batches.set_epoch(at_.epoch, step);
    else
      fail("fit: cannot go on with batches that have no set_epoch(epoch, first)");
  }

  /// Begins the next epoch, or goes on with the one under way. False when the run is over.
  bool next_epoch() {
    if (state_.stop || at_.epoch >= options_.epochs) return false;
    state_.epoch = at_.epoch + 1;
    return true;
  }

  /// learn(batch, account) for each batch: it calls account(loss, total, lost) before it changes any weight,
  /// `lost` saying what gradient is not finite, if one is. Of several batches to a step it leaves the weights
  /// to step(), which follows. False if the run was stopped amid the epoch.
  template <class Batches, class Learn>
  bool train(Batches& batches, Learn learn, const std::function<void()>& step) {
    LossMeans& means = at_.means;
    if (at_.step == 0) means.reset();
    state_.step = at_.step;
    for (const auto& batch : batches) {
      begin_batch();
      learn(batch, [&](const auto& loss, const auto& total, const std::string& lost, Index times = 1) {
        means.add(loss, total, batch.size() * times, lost);
        if (!means.bad.empty()) diverged(means, figment::format("step {}", state_.step));
      });
      if (options_.accumulate > 1 && ++parts_ < options_.accumulate) continue;
      end_step(step);
      if (state_.stop) break;
    }
    if (parts_ > 0) end_step(step);
    ensure(state_.step > 0, "fit: epoch {} had no batches to train on", state_.epoch);
    return !state_.stop || state_.step >= state_.steps;
  }
  /// Throws if something is said to be lost: for step().
  void confirm_gradients(const std::string& lost) {
    if (lost.empty()) return;
    at_.means.bad = lost;
    diverged(at_.means, figment::format("step {}", state_.step));
  }

  /// each(batch, f) calls f(part, weight) for what of a batch has a loss of its own.
  template <class Batches, class Loss, class Each>
  void validate(Batches& batches, Loss& loss_of, Each each) {
    NoGrad guard;
    // A stream of its own: training is the same with validation and without.
    Rng noise = Rng(options_.seed).stream(1 + static_cast<std::uint64_t>(state_.epoch));
    const Context context{.training = false, .rng = &noise};
    validation_.reset();
    const AverageScope average(options_.validate_average ? options_.average : nullptr);
    for (const auto& batch : batches) {
      each(batch, [&](const auto& part, Index times) {
        const auto loss = loss_of(part, context);
        validation_.add(loss, loss.total(), batch.size() * times);
        if (!validation_.bad.empty()) diverged(validation_, "validation");
      });
    }
    ensure(validation_.samples > 0, "fit: epoch {} had no batches to validate on", state_.epoch);
  }

  [[gnu::cold]] void end_epoch() {
    at_.seconds = state_.seconds = elapsed();
    at_.history.rows.push_back(
        std::vector<double>(at_.history.columns.size(), std::numeric_limits<double>::quiet_NaN()));
    at_.history.put("epoch", static_cast<double>(state_.epoch));
    put(at_.means, "train", "");
    put(validation_, "val", "val_");
    at_.history.put("seconds", state_.seconds);
    at_.epoch = state_.epoch;
    at_.step = 0;
    state_.row = &at_.history;
    for (Callback* c : options_.callbacks) c->on_epoch(state_);
    state_.row = nullptr;
  }

  /// The noise and dropout of training.
  Rng& noise() { return at_.noise; }
  TrainPosition& position() { return at_; }
  [[gnu::cold, gnu::noinline]] History finish() {
    for (Callback* c : options_.callbacks) c->on_end(state_);
    return options_.position ? at_.history : std::move(at_.history);
  }

 private:
  /// The average stands where what is trained does, until the end of the scope.
  struct AverageScope {
    MovingAverage* const average;
    explicit AverageScope(MovingAverage* a) : average(a) {
      if (average) average->swap();
    }
    ~AverageScope() {
      if (average) average->swap();
    }
    AverageScope(const AverageScope&) = delete;
    AverageScope& operator=(const AverageScope&) = delete;
  };

  [[gnu::cold, gnu::noinline]] explicit FitRun(const FitOptions& options)
      : options_(options), at_(options.position ? *options.position : own_) {
    ensure(options.epochs >= 0, "fit: expected 0 or more epochs, found {}", options.epochs);
    ensure(not_negative(options.clip_norm), "fit: expected a clip_norm of 0 or more, found {}",
           options.clip_norm);
    ensure(options.accumulate >= 1, "fit: expected 1 or more batches to accumulate, found {}",
           options.accumulate);
    ensure(options.truncate >= 0 && (options.truncate == 0 || options.accumulate == 1),
           "fit: expected a truncate of 0 or more, and then no accumulate, found {} and {}", options.truncate,
           options.accumulate);
    ensure(options.average || !options.validate_average, "fit: validate_average without an average");
    for (const Callback* c : options.callbacks) ensure(c != nullptr, "fit: one of the callbacks is null");
    state_.epochs = options.epochs;
    state_.epoch = at_.epoch;
    state_.step = at_.step;
    state_.history = &at_.history;
    state_.running = &running_;
    state_.latest = &latest_;
    if (!at_.begun()) at_.noise = Rng(options.seed).stream(1);
  }

  [[noreturn, gnu::cold, gnu::noinline]] void diverged(const LossMeans& means, const std::string& where) {
    throw NonFiniteLoss(figment::format("fit: epoch {}, {}: {}", state_.epoch, where, means.bad),
                        at_.history);
  }

  [[gnu::cold, gnu::noinline]] void put(const LossMeans& means, std::string_view total,
                                        std::string_view prefix) {
    for (std::size_t c = 0; c < means.columns(); ++c)
      at_.history.put(means.column(c, total, prefix, options_.suffix), means.value(c));
  }
  // Out of line, both: each kind of batch compiles what calls them.
  [[gnu::noinline]] void begin_batch() {
    if (parts_ > 0) return;
    ++state_.step;
    if (options_.accumulate > 1) sums_before_ = at_.means.sums, samples_before_ = at_.means.samples;
  }
  [[gnu::noinline]] void end_step(const std::function<void()>& step) {
    if (parts_ > 0) step();
    parts_ = 0;
    if (options_.average) options_.average->update();
    at_.step = state_.step;
    publish();
    for (Callback* c : options_.callbacks) c->on_step(state_);
  }

  double elapsed() const {
    return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  // The running means, and the last step's losses, as histories of one row, in memory that stays.
  void publish() {
    const LossMeans& means = at_.means;
    if (running_.rows.empty() || running_.columns.size() != means.columns()) begin_publishing();
    for (std::size_t c = 0; c < means.columns(); ++c) {
      running_.rows[0][c] = means.value(c);
      latest_.rows[0][c] = means.latest[c];
    }
    at_.seconds = state_.seconds = elapsed();
  }

  [[gnu::cold, gnu::noinline]] void begin_publishing() {
    for (History* h : {&running_, &latest_}) {
      for (std::size_t c = h->columns.size(); c < at_.means.columns(); ++c)
        h->columns.push_back(at_.means.column(c, "train", "", options_.suffix));
      h->rows.clear();
      h->rows.push_back(std::vector<double>(h->columns.size()));
    }
  }

  const FitOptions& options_;
  TrainPosition own_;  // where the options have none
  TrainPosition& at_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double before_ = at_.seconds;
  TrainState state_;
  History running_, latest_;
  LossMeans validation_;
  Index parts_ = 0;                  // batches done of a step of several
  std::vector<double> sums_before_;  // that step
  Index samples_before_ = 0;
};

}  // namespace detail

}  // namespace figment

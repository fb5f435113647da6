// What happens between the steps of a run: callbacks, and some that are often wanted.
#pragma once

#include <functional>

#include "figment/autograd/no_grad.hpp"
#include "figment/core/finite.hpp"
#include "figment/optim/schedule.hpp"
#include "figment/train/history.hpp"

namespace figment {

/// Where a run stands, as callbacks see it.
struct TrainState {
  Index epoch = 0, epochs = 0;       ///< from 1, and how many are asked for
  Index step = 0, steps = 0;         ///< within the epoch, from 1, and how many it has
  double seconds = 0;                ///< since the run began
  const History* history = nullptr;  ///< of the epochs that have ended
  const History* running = nullptr;  ///< one row: the means so far of this epoch's losses
  const History* latest = nullptr;   ///< one row: the losses of the last step
  bool stop = false;                 ///< set by a callback to end the run after this step
  History* row = nullptr;            ///< in on_epoch the history, for put

  /// Adds a figure to the row of the epoch that has ended, in a column of this name: for on_epoch. Callbacks
  /// that come after this one see it.
  void put(std::string_view column, double value) const {
    ensure(row != nullptr, "put: '{}' is a figure of an epoch, which only on_epoch can add", column);
    row->put(column, value);
  }
};

/// Called by fit; override what you need. What a callback knows of the run it had better work out from the
/// state: it is then the same when a run goes on in another process.
struct Callback {
  virtual ~Callback() = default;
  /// Before the first step, also of a run that goes on; epoch is then how many have ended.
  virtual void on_begin(TrainState&) {}
  /// After each step, its weights changed.
  virtual void on_step(TrainState&) {}
  /// After each epoch, its row in the history.
  virtual void on_epoch(TrainState&) {}
  /// After the last step, however the run ends, but for an error.
  virtual void on_end(const TrainState&) {}
};

/// Pointers to callbacks: {&progress, &stopping}. They stay the caller's.
struct Callbacks : std::vector<Callback*> {
  using std::vector<Callback*>::vector;
  /// Of a list.
  Callbacks(std::vector<Callback*> list)  // NOLINT(google-explicit-constructor): a list of them is one
      : std::vector<Callback*>(std::move(list)) {}
  /// Takes what is none, to say so: among fit's overloads the compiler only would that nothing fits.
  template <class... C>
  requires(!(std::is_convertible_v<C*, Callback*> && ...)) Callbacks(C*...) {
    static_assert(sizeof...(C) == 0, "figment: a callback derives from figment::Callback, publicly");
  }
};

/// Ends the run when a column has not improved (fallen) by more than `least` for `patience` epochs.
class EarlyStopping final : public Callback {
 public:
  /// Throws unless the patience is 1 or more and `least` a number, and at the first epoch when the history
  /// has no such column. A resumed run that this had stopped stays so.
  explicit EarlyStopping(std::string column = "val", Index patience = 5, double least = 0)
      : column_(std::move(column)), patience_(patience), least_(least) {
    ensure(patience >= 1 && !detail::is_nan(least),
           "EarlyStopping: expected a patience of 1 or more and a least that is a number, found {} and {}",
           patience, least);
  }

  void on_begin(TrainState& state) override {
    if (state.epoch > 0) on_epoch(state);  // the run may have been stopped by this
  }
  void on_epoch(TrainState& state) override {
    follow(*state.history);
    if (state.epoch - best_epoch_ >= patience_) state.stop = true;
  }
  /// The lowest figure so far; infinity before the first.
  double best() const { return best_; }
  /// Its epoch, from 1; 0 before the first.
  Index best_epoch() const { return best_epoch_; }

 private:
  void follow(const History& history) {
    best_ = std::numeric_limits<double>::infinity();
    best_epoch_ = 0;
    if (history.rows.empty()) return;
    Index epoch = 0;
    for (double now : history[column_]) {
      ++epoch;
      if (detail::is_nan(now) || !(now < best_ - least_)) continue;
      best_ = now;
      best_epoch_ = epoch;
    }
  }

  std::string column_;
  Index patience_;
  double least_;
  double best_ = std::numeric_limits<double>::infinity();
  Index best_epoch_ = 0;
};

/// Calls a function after every step.
class EveryStep final : public Callback {
 public:
  /// The function.
  explicit EveryStep(std::function<void(TrainState&)> f) : f_(std::move(f)) {
    ensure(static_cast<bool>(f_), "EveryStep: expected a function, found an empty one");
  }
  void on_step(TrainState& state) override { f_(state); }

 private:
  std::function<void(TrainState&)> f_;
};

/// Calls a function after every epoch.
class EveryEpoch final : public Callback {
 public:
  /// The function.
  explicit EveryEpoch(std::function<void(TrainState&)> f) : f_(std::move(f)) {
    ensure(static_cast<bool>(f_), "EveryEpoch: expected a function, found an empty one");
  }
  void on_epoch(TrainState& state) override { f_(state); }

 private:
  std::function<void(TrainState&)> f_;
};

/// Sets an optimiser's rate by a schedule, t counting epochs from 0. The first epoch's rate is set at once.
template <class O>
class EpochSchedule final : public Callback {
 public:
  /// Sets the rate of t = 0.
  EpochSchedule(O& optimizer, Schedule schedule) : optimizer_(optimizer), schedule_(std::move(schedule)) {
    ensure(static_cast<bool>(schedule_), "EpochSchedule: expected a schedule, found an empty function");
    optimizer_.set_rate(schedule_(0));
  }
  void on_begin(TrainState& state) override { optimizer_.set_rate(schedule_(state.epoch)); }
  void on_epoch(TrainState& state) override { optimizer_.set_rate(schedule_(state.epoch)); }

 private:
  O& optimizer_;
  Schedule schedule_;
};

/// Sets an optimiser's rate by a schedule, t counting the run's steps from 0: StepSchedule rates(adam,
/// warm_up(cosine_decay(1e-3, 20000), 500)). The first step's rate is set at once.
template <class O>
class StepSchedule final : public Callback {
 public:
  /// Sets the rate of t = 0.
  StepSchedule(O& optimizer, Schedule schedule) : optimizer_(optimizer), schedule_(std::move(schedule)) {
    ensure(static_cast<bool>(schedule_), "StepSchedule: expected a schedule, found an empty function");
    optimizer_.set_rate(schedule_(0));
  }
  void on_begin(TrainState& state) override { set(state.epoch * state.steps + state.step); }
  void on_step(TrainState& state) override { set((state.epoch - 1) * state.steps + state.step); }

 private:
  void set(Index t) { optimizer_.set_rate(schedule_(t)); }

  O& optimizer_;
  Schedule schedule_;
};

/// A figure of your own in the history, f() after every epoch, nothing recorded: Metric psnr("psnr", [&] {
/// return figment::psnr(model.reconstruct(x), x); }). Callbacks that save or judge by it come after it.
class Metric final : public Callback {
 public:
  /// The column's name, and what is in it.
  Metric(std::string column, std::function<double()> f) : column_(std::move(column)), f_(std::move(f)) {
    ensure(static_cast<bool>(f_), "Metric: expected a function, found an empty one");
  }
  void on_epoch(TrainState& state) override {
    NoGrad guard;
    state.put(column_, f_());
  }

 private:
  std::string column_;
  std::function<double()> f_;
};

/// Sets a number of a model by a schedule, t counting the run's steps from 0: the weight of a VAE's KL
/// divergence, say, by Anneal(vae.options.kl_weight, linear_ramp(0, 1, 10 * batches.batches())) (Bowman et
/// al., 2015).
class Anneal final : public Callback {
 public:
  /// Sets the number of t = 0; it has to outlive the run.
  Anneal(double& value, Schedule schedule) : value_(value), schedule_(std::move(schedule)) {
    ensure(static_cast<bool>(schedule_), "Anneal: expected a schedule, found an empty function");
    value_ = schedule_(0);
  }
  void on_begin(TrainState& state) override { set(state.epoch * state.steps + state.step); }
  void on_step(TrainState& state) override { set((state.epoch - 1) * state.steps + state.step); }

 private:
  void set(Index t) { value_ = schedule_(t); }

  double& value_;
  Schedule schedule_;
};

}  // namespace figment

// The training loop.
#pragma once

#include <limits>
#include <thread>  // the clocks, without the calendars of <chrono>, which cost a fifteenth of Eigen

#include "figment/autograd/grad.hpp"
#include "figment/core/finite.hpp"
#include "figment/nn/penalty.hpp"
#include "figment/train/callback.hpp"
#include "figment/train/limit.hpp"
#include "figment/train/position.hpp"

namespace figment {

/// How long a run is, and who is told of it.
struct FitOptions {
  Index epochs = 1;        ///< in all: a run that goes on has done some of them
  std::uint64_t seed = 0;  ///< of the noise and dropout that the model draws
  double clip_norm = 0;    ///< limits the gradients' norm; 0 leaves them
  std::string suffix{};    ///< of the columns' names, where figures of two kinds must not mix
  Callbacks callbacks{};   ///< called in this order
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

/// A single unnamed loss, for models that have but one term: fit's column is "train" alone.
template <class T>
struct ScalarLoss {
  Tensor<T> value;  ///< of one element
  /// What training minimises.
  Tensor<T> total() const { return value; }
  /// There are none.
  void terms(auto&&) const {}
};

/// A loss and what its layers added to it.
template <class T, class L>
struct PenalisedLoss {
  L loss;
  Tensor<T> penalty;

  Tensor<T> total() const { return penalty.defined() ? loss.total() + penalty : loss.total(); }
  void terms(auto&& f) const {
    loss.terms(f);
    if (penalty.defined()) f("penalty", penalty);
  }
};

/// No validation.
struct NoBatches {};

template <class Batches>
concept HasBatches = requires(Batches& b) {
  { b.batches() } -> std::convertible_to<Index>;
  { (*b.begin()).size() } -> std::convertible_to<Index>;
  b.end();
};
/// What a loss's terms are given to.
struct EveryTerm {
  void operator()(std::string_view name, const auto& value) const;
};
/// A loss as fit takes it.
template <class L, class T>
concept LossOf = std::is_same_v<L, Tensor<T>> || requires(const L& loss) {
  { loss.total() } -> std::same_as<Tensor<T>>;
  loss.terms(EveryTerm());
};

/// That fit can train by these, or an error that says what they lack.
template <class T, class Batches, class Loss>
constexpr bool check_fit() {
  static_assert(
      HasBatches<Batches>,
      "figment: fit needs batches with begin() and end(), their number batches(), and in each a size()");
  if constexpr (HasBatches<Batches>) {
    using Batch = decltype(*std::declval<Batches&>().begin());
    constexpr bool called = std::is_invocable_v<Loss&, Batch, const Context&>;
    static_assert(called, "figment: fit calls its loss as loss(batch, context)");
    if constexpr (called) {
      constexpr bool good = LossOf<std::invoke_result_t<Loss&, Batch, const Context&>, T>;
      static_assert(
          good,
          "figment: a loss is a Tensor<T> of one element, T being the optimizer's, or a struct with "
          "total(), that Tensor, and terms(f)");
      return good;
    }
  }
  return false;
}

class FitRun {
 public:
  template <class Batches>
  FitRun(const FitOptions& options, Batches& batches) : FitRun(options) {
    state_.steps = batches.batches();
    if (at_.begun()) go_on(batches, at_.step);
    for (Callback* c : options_.callbacks) c->on_begin(state_);
  }
  // Out of line, as it ends all that a run has.
  [[gnu::cold, gnu::noinline]] ~FitRun() {}
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
  /// `lost` saying what gradient is not finite, if one is. False if the run was stopped amid the epoch.
  template <class Batches, class Learn>
  bool train(Batches& batches, Learn learn) {
    LossMeans& means = at_.means;
    if (at_.step == 0) means.reset();
    state_.step = at_.step;
    for (const auto& batch : batches) {
      ++state_.step;
      learn(batch, [&](const auto& loss, const auto& total, const std::string& lost) {
        means.add(loss, total, batch.size(), lost);
        if (!means.bad.empty()) diverged(means, figment::format("step {}", state_.step));
      });
      at_.step = state_.step;
      publish();
      for (Callback* c : options_.callbacks) c->on_step(state_);
      if (state_.stop) break;
    }
    ensure(state_.step > 0, "fit: epoch {} had no batches to train on", state_.epoch);
    return !state_.stop || state_.step >= state_.steps;
  }

  template <class Batches, class Loss>
  void validate(Batches& batches, Loss& loss_of) {
    NoGrad guard;
    // A stream of its own: training is the same with validation and without.
    Rng noise = Rng(options_.seed).stream(1 + static_cast<std::uint64_t>(state_.epoch));
    const Context context{.training = false, .rng = &noise};
    validation_.reset();
    for (const auto& batch : batches) {
      const auto loss = loss_of(batch, context);
      validation_.add(loss, loss.total(), batch.size());
      if (!validation_.bad.empty()) diverged(validation_, "validation");
    }
    ensure(validation_.samples > 0, "fit: epoch {} had no batches to validate on", state_.epoch);
  }

  [[gnu::cold]] void end_epoch() {
    at_.seconds = state_.seconds = elapsed();
    at_.history.rows.push_back(std::vector<double>(at_.history.columns.size(), absent()));
    put("epoch", static_cast<double>(state_.epoch));
    put(at_.means, "train", "");
    put(validation_, "val", "val_");
    put("seconds", state_.seconds);
    at_.epoch = state_.epoch;
    at_.step = 0;
    for (Callback* c : options_.callbacks) c->on_epoch(state_);
  }

  /// The noise and dropout of training.
  Rng& noise() { return at_.noise; }
  TrainPosition& position() { return at_; }
  [[gnu::cold, gnu::noinline]] History finish() {
    for (Callback* c : options_.callbacks) c->on_end(state_);
    return options_.position ? at_.history : std::move(at_.history);
  }

 private:
  static double absent() { return std::numeric_limits<double>::quiet_NaN(); }

  [[gnu::cold, gnu::noinline]] explicit FitRun(const FitOptions& options)
      : options_(options), at_(options.position ? *options.position : own_) {
    ensure(options.epochs >= 0, "fit: expected 0 or more epochs, found {}", options.epochs);
    ensure(not_negative(options.clip_norm), "fit: expected a clip_norm of 0 or more, found {}",
           options.clip_norm);
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
      put(means.column(c, total, prefix, options_.suffix), means.value(c));
  }
  /// Writes a figure of the epoch that has ended.
  [[gnu::cold, gnu::noinline]] void put(std::string_view column, double value) {
    History& history = at_.history;
    const std::size_t at = find_name(history.columns, column);
    if (at == history.columns.size()) {  // in the first epoch, or a term that earlier ones lack
      history.columns.push_back(std::string(column));
      for (auto& r : history.rows) r.push_back(absent());
    }
    history.rows.back()[at] = value;
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
};

/// The training loop of fit. The model, if there is one, names the parameters.
template <class T, class Batches, class Validation, class Loss>
History minimise(Optimizer<T>& optimizer, Batches& batches, Validation& validation, Loss& loss,
                 const FitOptions& options, const Description& model = {}) {
  constexpr bool validated = !std::is_same_v<Validation, NoBatches>;
  const auto wrapped = [&](const auto& batch, Context context) {
    Penalties penalties;
    context.penalties = &penalties;
    auto value = loss(batch, context);
    if constexpr (requires { value.total(); })
      return PenalisedLoss<T, decltype(value)>{std::move(value), penalties.total<T>()};
    else
      return PenalisedLoss<T, ScalarLoss<T>>{{std::move(value)}, penalties.total<T>()};
  };
  FitRun run(options, batches);
  if constexpr (validated)
    if (run.position().begun()) run.go_on(validation);
  while (run.next_epoch()) {
    const bool whole = run.train(batches, [&](const auto& batch, auto account) {
      const auto value = wrapped(batch, {.training = true, .rng = &run.noise()});
      const auto total = value.total();
      auto gradients = grad(total, optimizer.parameters());
      account(value, total, limit_gradients(optimizer, gradients, options.clip_norm, model));
      optimizer.step(gradients);
    });
    if (!whole) break;
    if constexpr (validated) run.validate(validation, wrapped);
    run.end_epoch();
  }
  return run.finish();
}

/// model.loss of a batch: of x, and of the labels if it takes them.
template <class Model, class T>
concept TakesLabels = requires(Model& m, const Tensor<T>& x, const Indices& labels, const Context& c) {
  m.loss(x, labels, c);
};
template <class Model, class T>
concept HasLoss = TakesLabels<Model, T> || requires(Model& m, const Tensor<T>& x, const Context& c) {
  m.loss(x, c);
};
template <class Batches, class T>
concept GivesX = requires(Batches& b) {
  { (*b.begin()).x } -> std::convertible_to<const Tensor<T>&>;
};

template <class T, class Model>
auto loss_of_batch(Model& model) {
  return [&model](const auto& batch, const Context& context) {
    return located(model, [&] {
      if constexpr (TakesLabels<Model, T>)
        return model.loss(batch.x, batch.labels, context);
      else
        return model.loss(batch.x, context);
    });
  };
}

// Which overload of fit is meant is told by these alone; what is wrong with its arguments is then said in one
// line.
template <class A>
concept IsOptions = std::is_same_v<std::remove_const_t<A>, FitOptions>;
template <class A, class T>
concept IsOptimizer = std::is_base_of_v<Optimizer<T>, A>;

}  // namespace detail

/// Trains by minimising loss(batch, context) over `batches`, and follows it over `validation` after every
/// epoch. Both are ranges that begin a new epoch each time they are walked and know their batches() (a
/// data::Loader is one); a batch has a size(). The loss is a tensor of one element, or a struct with
/// total() and terms(f). Training figures are means over the epoch as it went, validation's are taken at its
/// end. What layers add to the loss (nn/penalty.hpp) is a term called penalty. A run that a callback stops
/// ends after that step; its unfinished epoch has no row.
/// No weight changes by a gradient that is not finite, whatever the clip_norm.
/// Throws NonFiniteLoss naming epoch, step and term, or parameter: by its path where fit is given the model,
/// else by its place in the optimizer. Throws Error for negative epochs or clip_norm, a callback that is
/// null, and an epoch without batches. Of 0 epochs the history is empty.
template <class T, class Batches, class Validation, class Loss>
requires(!detail::IsOptions<Loss>) History
    fit(Optimizer<T>& optimizer, Batches& batches, Validation& validation, Loss loss,
        const FitOptions& options = {}) {
  if constexpr (detail::check_fit<T, Batches, Loss>())
    return detail::minimise(optimizer, batches, validation, loss, options);
  else
    return {};
}

/// The same without validation.
template <class T, class Batches, class Loss>
History fit(Optimizer<T>& optimizer, Batches& batches, Loss loss, const FitOptions& options = {}) {
  detail::NoBatches none;
  return fit(optimizer, batches, none, std::move(loss), options);
}

/// Trains a model that has a loss(x, context), or a loss(x, labels, context), of its own on the batches.
template <class Model, class T, class Batches, class Validation>
requires(!detail::IsOptimizer<Batches, T> && !detail::IsOptions<Validation>) History
    fit(Model& model, Optimizer<T>& optimizer, Batches& batches, Validation& validation,
        const FitOptions& options = {}) {
  constexpr bool has_loss = detail::HasLoss<Model, T>;
  static_assert(
      has_loss,
      "figment: fit needs a model with `loss(const Tensor<T>& x, const Context&)`, T being the optimizer's, "
      "which may also take the Indices of its labels, in between");
  static_assert(
      detail::GivesX<Batches, T>,
      "figment: fit needs batches of which each has an x, a Tensor<T>, and labels where the model's loss "
      "takes them");
  if constexpr (has_loss && detail::GivesX<Batches, T>) {
    auto loss = detail::loss_of_batch<T>(model);
    if constexpr (detail::check_fit<T, Batches, decltype(loss)>())
      return detail::minimise(optimizer, batches, validation, loss, options, detail::description_of(model));
  }
  return {};
}
/// The same without validation.
template <class Model, class T, class Batches>
requires(!detail::IsOptimizer<Batches, T>) History
    fit(Model& model, Optimizer<T>& optimizer, Batches& batches, const FitOptions& options = {}) {
  detail::NoBatches none;
  return fit(model, optimizer, batches, none, options);
}

}  // namespace figment

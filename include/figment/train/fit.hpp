// The training loop.
#pragma once

#include <chrono>
#include <cmath>

#include "figment/autograd/grad.hpp"
#include "figment/nn/penalty.hpp"
#include "figment/optim/clip.hpp"
#include "figment/optim/optimizer.hpp"
#include "figment/train/callback.hpp"

namespace figment {

struct FitOptions {
  Index epochs = 1;
  std::uint64_t seed = 0;              ///< of the noise and dropout that the model draws
  double clip_norm = 0;                ///< limits the gradients' norm; 0 leaves them
  std::string suffix{};                ///< of the columns' names, where figures of two kinds must not mix
  std::vector<Callback*> callbacks{};  ///< called in this order
};

/// A loss that is not a number or not finite; the history holds the epochs that had ended.
struct NonFiniteLoss : Error {
  History history;
  NonFiniteLoss(const std::string& message, History h) : Error(message), history(std::move(h)) {}
};

/// A single unnamed loss, for models that have but one term: fit's column is "train" alone.
template <class T>
struct ScalarLoss {
  Tensor<T> value;
  Tensor<T> total() const { return value; }
  void terms(auto&&) const {}
};

namespace detail {

/// The means of a loss and its terms, weighted by the size of the batches. A total that is undefined, as two
/// networks have none in common, is left out.
class LossMeans {
 public:
  template <class L, class T>
  void add(const L& loss, const Tensor<T>& total, Index samples) {
    std::size_t at = 0;
    const auto take = [&](std::string_view name, double value) {
      if (at == names_.size()) {
        names_.push_back(std::string(name));
        sums_.push_back(0);
      }
      if (!std::isfinite(value) && bad_.empty()) bad_ = format("{} is {}", name, value);
      sums_[at++] += value * static_cast<double>(samples);
    };
    loss.terms(
        [&](std::string_view name, const auto& value) { take(name, static_cast<double>(value.item())); });
    has_total_ = total.defined();
    if (has_total_) take("total", static_cast<double>(total.item()));
    samples_ += samples;
  }

  void reset() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    samples_ = 0;
  }
  /// What was not finite, or nothing.
  const std::string& bad() const { return bad_; }
  Index samples() const { return samples_; }
  bool has_total() const { return has_total_; }
  std::size_t terms() const { return names_.size() - has_total_; }
  const std::string& name(std::size_t term) const { return names_[term]; }
  double mean(std::size_t term) const { return sums_[term] / static_cast<double>(samples_); }
  /// As columns: the total by the name of its half of the data, then the terms behind a prefix.
  template <class F>
  void columns(const std::string& total, const std::string& prefix, const std::string& suffix, F add) const {
    if (has_total_) add(total + suffix, mean(terms()));
    for (std::size_t t = 0; t < terms(); ++t) add(prefix + name(t) + suffix, mean(t));
  }

 private:
  std::vector<std::string> names_;  // the terms, then "total"
  std::vector<double> sums_;
  Index samples_ = 0;
  bool has_total_ = false;
  std::string bad_;
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

class FitRun {
 public:
  FitRun(const FitOptions& options, Index steps) : options_(options) {
    state_.epochs = options.epochs;
    state_.steps = steps;
    state_.history = &history_;
    state_.running = &running_;
  }

  /// learn(batch, account) for each batch: it calls account(loss, total) before it changes any weight.
  template <class Batches, class Learn>
  void train(Batches& batches, Learn learn) {
    train_.reset();
    state_.step = 0;
    for (const auto& batch : batches) {
      ++state_.step;
      learn(batch, [&](const auto& loss, const auto& total) {
        train_.add(loss, total, batch.size());
        if (!train_.bad().empty())
          diverged(format("fit: epoch {}, step {}: {}", state_.epoch, state_.step, train_.bad()));
      });
      publish();
      for (Callback* c : options_.callbacks) c->on_step(state_);
      if (state_.stop) return;
    }
    check(state_.step > 0, "fit: epoch {} had no batches to train on", state_.epoch);
  }

  template <class Batches, class Loss>
  void validate(Batches& batches, Loss& loss_of, const Context& context) {
    NoGrad guard;
    validation_.reset();
    for (const auto& batch : batches) {
      const auto loss = loss_of(batch, context);
      validation_.add(loss, loss.total(), batch.size());
    }
    check(validation_.samples() > 0, "fit: epoch {} had no batches to validate on", state_.epoch);
    if (!validation_.bad().empty())
      diverged(format("fit: epoch {}, validation: {}", state_.epoch, validation_.bad()));
  }

  [[gnu::cold]] void end_epoch(bool validated) {
    state_.seconds = elapsed();
    std::vector<double> row;
    // Everything is moved into its vector: push_back of a copy is a second function to compile.
    const auto add = [&](std::string column, double value) {
      if (history_.rows.empty()) history_.columns.push_back(std::move(column));
      row.push_back(std::move(value));
    };
    add("epoch", static_cast<double>(state_.epoch));
    train_.columns("train", "", options_.suffix, add);
    if (validated) validation_.columns("val", "val_", options_.suffix, add);
    add("seconds", state_.seconds);
    history_.rows.push_back(std::move(row));
    for (Callback* c : options_.callbacks) c->on_epoch(state_);
  }

  TrainState& state() { return state_; }
  History finish() {
    for (Callback* c : options_.callbacks) c->on_end(state_);
    return std::move(history_);
  }

 private:
  [[noreturn, gnu::cold]] void diverged(const std::string& message) {
    throw NonFiniteLoss(message, std::move(history_));
  }

  double elapsed() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  // The running means as a history of one row, in memory that stays.
  void publish() {
    if (running_.rows.empty()) begin_publishing();
    double* at = running_.rows[0].data();
    if (train_.has_total()) *at++ = train_.mean(train_.terms());
    for (std::size_t t = 0; t < train_.terms(); ++t) *at++ = train_.mean(t);
    state_.seconds = elapsed();
  }

  [[gnu::cold]] void begin_publishing() {
    std::vector<double> row;
    train_.columns("train", "", options_.suffix, [&](std::string column, double) {
      running_.columns.push_back(std::move(column));
      row.push_back(0.0);
    });
    running_.rows.push_back(std::move(row));
  }

  const FitOptions& options_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  TrainState state_;
  History history_, running_;
  LossMeans train_, validation_;
};

}  // namespace detail

/// Trains by minimising loss(batch, context) over `batches`, and follows it over `validation` after every
/// epoch. Both are ranges that begin a new epoch each time they are walked and know their batches() (a
/// data::Loader is one); a batch has a size(). The loss is a tensor of one element, or a struct with
/// total() and terms(f). Training figures are means over the epoch as it went, validation's are taken at its
/// end. What layers add to the loss (nn/penalty.hpp) is a term called penalty. A run that a callback stops
/// ends after that step; its unfinished epoch has no row.
/// Throws NonFiniteLoss naming epoch, step and term.
template <class T, class Batches, class Validation, class Loss>
requires std::invocable<Loss&, decltype(*std::declval<Batches&>().begin()), const Context&> History
fit(Optimizer<T>& optimizer, Batches& batches, Validation& validation, Loss loss, FitOptions options = {}) {
  constexpr bool validated = !std::is_same_v<Validation, detail::NoBatches>;
  const auto wrapped = [&](const auto& batch, Context context) {
    Penalties penalties;
    context.penalties = &penalties;
    auto value = loss(batch, context);
    if constexpr (requires { value.total(); })
      return detail::PenalisedLoss<T, decltype(value)>{std::move(value), penalties.total<T>()};
    else
      return detail::PenalisedLoss<T, ScalarLoss<T>>{{std::move(value)}, penalties.total<T>()};
  };
  detail::FitRun run(options, batches.batches());
  const Rng seed(options.seed);
  Rng noise = seed.stream(1);
  TrainState& state = run.state();
  while (state.epoch < state.epochs && !state.stop) {
    ++state.epoch;
    run.train(batches, [&](const auto& batch, auto account) {
      const auto value = wrapped(batch, {.training = true, .rng = &noise});
      const auto total = value.total();
      account(value, total);
      auto gradients = grad(total, optimizer.parameters());
      if (options.clip_norm > 0) clip_by_norm(gradients, options.clip_norm);
      optimizer.step(gradients);
    });
    if (state.stop && state.step < state.steps) break;
    if constexpr (validated) {
      // A stream of its own: training is the same with validation and without.
      Rng validation_noise = seed.stream(1 + static_cast<std::uint64_t>(state.epoch));
      run.validate(validation, wrapped, {.training = false, .rng = &validation_noise});
    }
    run.end_epoch(validated);
  }
  return run.finish();
}

template <class T, class Batches, class Loss>
requires std::invocable<Loss&, decltype(*std::declval<Batches&>().begin()), const Context&> History
fit(Optimizer<T>& optimizer, Batches& batches, Loss loss, FitOptions options = {}) {
  detail::NoBatches none;
  return fit(optimizer, batches, none, std::move(loss), std::move(options));
}

namespace detail {

/// model.loss of a batch: of x, and of the labels if it takes them.
template <class Model, class T>
concept TakesLabels = requires(Model& m, const Tensor<T>& x, const Indices& labels, const Context& c) {
  m.loss(x, labels, c);
};
template <class Model, class T>
concept HasLoss = TakesLabels<Model, T> || requires(Model& m, const Tensor<T>& x, const Context& c) {
  m.loss(x, c);
};

template <class T, class Model>
auto loss_of_batch(Model& model) {
  return [&model](const auto& batch, const Context& context) {
    if constexpr (TakesLabels<Model, T>)
      return model.loss(batch.x, batch.labels, context);
    else
      return model.loss(batch.x, context);
  };
}

}  // namespace detail

/// Trains a model that has a loss(x, context), or a loss(x, labels, context), of its own on the batches.
template <class Model, class T, class Batches, class Validation>
requires detail::HasLoss<Model, T> History fit(Model& model, Optimizer<T>& optimizer, Batches& batches,
                                               Validation& validation, FitOptions options = {}) {
  return fit(optimizer, batches, validation, detail::loss_of_batch<T>(model), std::move(options));
}
template <class Model, class T, class Batches>
requires detail::HasLoss<Model, T> History fit(Model& model, Optimizer<T>& optimizer, Batches& batches,
                                               FitOptions options = {}) {
  detail::NoBatches none;
  return fit(model, optimizer, batches, none, std::move(options));
}

}  // namespace figment

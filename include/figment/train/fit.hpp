// The training loop.
#pragma once

#include "figment/autograd/grad.hpp"
#include "figment/nn/penalty.hpp"
#include "figment/train/fit_run.hpp"
#include "figment/train/limit.hpp"
#include "figment/train/truncate.hpp"

namespace figment {

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

/// The training loop of fit. The model, if there is one, names the parameters.
template <class T, class Batches, class Validation, class Loss>
History minimise(Optimizer<T>& optimizer, Batches& batches, Validation& validation, Loss& loss,
                 const FitOptions& options, const Description& model = {}) {
  constexpr bool validated = !std::is_same_v<Validation, NoBatches>;
  constexpr bool windows = requires { typename Loss::Window; };
  ensure(windows || options.truncate == 0,
         "fit: truncate is for a model with a State, whose loss is loss(x, state, context)");
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
  GradientMean<T> several;
  const auto each = [&](const auto& batch, auto f) { each_part(loss, batch, options.truncate, f); };
  const auto learn = [&](const auto& batch, auto account) {
    each(batch, [&](const auto& part, Index times) {
      const auto value = wrapped(part, {.training = true, .rng = &run.noise()});
      const auto total = value.total();
      auto gradients = grad(total, optimizer.parameters());
      if (options.accumulate > 1) {
        account(value, total, {}, times);
        return several.add(std::move(gradients), batch.size());
      }
      account(value, total, limit_gradients(optimizer, gradients, options.clip_norm, model), times);
      optimizer.step(gradients);
    });
  };
  const std::function<void()> step = [&] {
    auto gradients = several.take();
    run.confirm_gradients(limit_gradients(optimizer, gradients, options.clip_norm, model));
    optimizer.step(gradients);
  };
  while (run.next_epoch()) {
    const bool whole = run.train(batches, learn, step);
    if (!whole) break;
    if constexpr (validated) run.validate(validation, wrapped, each);
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

/// Trains a model that has a loss(x, context), or a loss(x, labels, context), of its own on the batches. One
/// of sequences (N, L, …) may take, before the context, a State& too: a type of its own, {} where a sequence
/// begins, with a detach(), which the loss leaves as it is after the last step. With options.truncate it
/// learns them in windows.
template <class Model, class T, class Batches, class Validation>
requires(!detail::IsOptimizer<Batches, T> && !detail::IsOptions<Validation>) History
    fit(Model& model, Optimizer<T>& optimizer, Batches& batches, Validation& validation,
        const FitOptions& options = {}) {
  constexpr bool has_state = detail::HasState<Model, T>, has_loss = has_state || detail::HasLoss<Model, T>;
  static_assert(
      has_loss,
      "figment: fit needs a model with `loss(const Tensor<T>& x, const Context&)`, T being the optimizer's, "
      "which may also take the Indices of its labels, in between");
  static_assert(
      detail::GivesX<Batches, T>,
      "figment: fit needs batches of which each has an x, a Tensor<T>, and labels where the model's loss "
      "takes them");
  if constexpr (has_state && detail::GivesX<Batches, T>) {
    detail::WindowLoss<T, Model> loss{model};
    return detail::minimise(optimizer, batches, validation, loss, options, detail::description_of(model));
  } else if constexpr (has_loss && detail::GivesX<Batches, T>) {
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

// Long sequences in windows, from one to the next of which a model's state goes on.
#pragma once

#include "figment/nn/context.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/shape.hpp"

namespace figment::detail {

template <class Model, class T>
concept WindowLossOfLabels = requires(Model& m, const Tensor<T>& x, const Indices& labels,
                                      typename Model::State& state, const Context& c) {
  m.loss(x, labels, state, c);
};
/// A model of sequences: its State begins as {} and has a detach(), and its loss takes and changes one.
template <class Model, class T>
concept HasState = WindowLossOfLabels<Model, T> ||
    requires(Model& m, const Tensor<T>& x, typename Model::State& state, const Context& c) {
  m.loss(x, state, c);
};

/// The loss of a window (N, l, …) of a batch's sequences (N, L, …).
template <class T, class Model>
struct WindowLoss {
  struct Window {
    Tensor<T> x;
    Indices labels;
    typename Model::State& state;
  };
  Model& model;

  auto operator()(const Window& w, const Context& context) const {
    return located(model, [&] {
      if constexpr (WindowLossOfLabels<Model, T>)
        return model.loss(w.x, w.labels, w.state, context);
      else
        return model.loss(w.x, w.state, context);
    });
  }

  /// f(window, its length) for each of at most `length` steps, or of all for 0. A state goes from one to the
  /// next outside the graph. Labels of each step (N, L, …) are cut too, one label a sequence is not.
  template <class Batch, class F>
  void each_part(const Batch& batch, Index length, F f) const {
    const Tensor<T>& x = batch.x;
    ensure(x.rank() >= 2, "fit: a model with a State learns sequences (N, L, …), found shape {}", x.shape());
    const Index steps = x.dim(1);
    typename Model::State state{};
    for (Index begin = 0; begin < steps;) {
      const Index end = length > 0 ? (std::min)(begin + length, steps) : steps;
      const bool whole = end - begin == steps;
      Window window{whole ? x : slice(x, 1, begin, end), {}, state};
      if constexpr (WindowLossOfLabels<Model, T>) {
        const Indices& labels = batch.labels;
        const bool cut = !whole && labels.rank() >= 2 && labels.dim(1) == steps;
        window.labels = cut ? slice(labels, 1, begin, end) : labels;
      }
      f(std::as_const(window), end - begin);
      state = state.detach();
      begin = end;
    }
  }
};

/// What of a batch is learnt at once: all of it, or each window.
template <class Loss, class Batch, class F>
void each_part(const Loss& loss, const Batch& batch, Index truncate, F f) {
  if constexpr (requires { typename Loss::Window; })
    loss.each_part(batch, truncate, f);
  else
    f(batch, Index{1});
}

}  // namespace figment::detail

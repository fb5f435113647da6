// Exponential moving averages of parameters.
#pragma once

#include "figment/core/map.hpp"

namespace figment {

/// A moving average as fit keeps one: an Ema, or the Averaged of a module.
class MovingAverage {
 public:
  virtual ~MovingAverage() = default;
  /// Moves the average towards what is trained: after each step.
  virtual void update() = 0;
  /// Exchanges the values of the average and of what is trained; a second time puts them back.
  virtual void swap() = 0;
};

/// Of Ema and Averaged.
struct EmaOptions {
  double decay = 0.999;  ///< how much of the average stays each update
  /// Update t = 0, 1, … takes min(decay, (1 + t) / (10 + t)), as TensorFlow: the first values do not linger.
  bool warm_up = false;
};

/// Keeps average = decay average + (1 - decay) source, tensor by tensor. It holds handles to both.
template <class T = float>
class Ema final : public MovingAverage {
 public:
  using value_type = T;

  /// Throws when the lists, or two shapes in them, differ, when an average shares memory with its source or
  /// another average, or the decay is not in [0, 1].
  Ema(TensorList<T> average, TensorList<T> source, EmaOptions options = {})
      : average_(std::move(average)), source_(std::move(source)), options_(options) {
    ensure(options_.decay >= 0 && options_.decay <= 1, "Ema: expected a decay in [0, 1], found {}",
           options_.decay);
    ensure(average_.size() == source_.size(), "Ema: {} averages for {} tensors", average_.size(),
           source_.size());
    detail::check_apart("Ema", "averages", average_);
    for (std::size_t i = 0; i < average_.size(); ++i) {
      ensure(average_[i].shape() == source_[i].shape(), "Ema: average {} is {}, its source is {}", i,
             average_[i].shape(), source_[i].shape());
      ensure(!average_[i].shares_memory_with(source_[i]), "Ema: average {} is its source's memory; clone it",
             i);
    }
  }

  /// Moves the averages, in place, towards what the sources are now: one pass over their memory.
  void update() override {
    const kernels::op::Lerp towards{1 - decay()};
    ++updates_;
    for (std::size_t i = 0; i < average_.size(); ++i) {
      T* a = average_[i].mutable_data();
      const T* s = source_[i].data();
      parallel_for(average_[i].size(), detail::elementwise_grain, [&](Index begin, Index end) {
        kernels::binary(towards, a + begin, 1, s + begin, 1, a + begin, end - begin);
      });
    }
  }

  /// In place: what graphs have saved of either is changed.
  void swap() override {
    for (std::size_t i = 0; i < average_.size(); ++i) {
      T* const a = average_[i].mutable_data();
      std::swap_ranges(a, a + average_[i].size(), source_[i].mutable_data());
    }
  }

  /// Of the next update.
  double decay() const {
    const auto t = static_cast<double>(updates_);
    return options_.warm_up ? (std::min)(options_.decay, (1 + t) / (10 + t)) : options_.decay;
  }
  /// Updates made; set when a run goes on from where another was.
  Index updates() const { return updates_; }
  /// Sets the count that the warm-up goes by.
  void set_updates(Index updates) { updates_ = updates; }

 private:
  TensorList<T> average_, source_;
  EmaOptions options_;
  Index updates_ = 0;
};

}  // namespace figment

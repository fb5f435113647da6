// What a run begins when it has shown that it can do a step.
#pragma once

#include <figment/train/callback.hpp>
#include <functional>
#include <utility>
#include <vector>

namespace examples {

/// Callbacks that begin when a step has been done: a start that fails in its first step has left nothing.
class AfterFirstStep final : public figment::Callback {
 public:
  AfterFirstStep(std::function<void()> open, std::vector<figment::Callback*> callbacks)
      : open_(std::move(open)), callbacks_(std::move(callbacks)) {}

  void on_begin(figment::TrainState& state) override { before_ = state; }
  void on_step(figment::TrainState& state) override {
    begin();
    for (auto* c : callbacks_) c->on_step(state);
  }
  void on_epoch(figment::TrainState& state) override {
    for (auto* c : callbacks_) c->on_epoch(state);
  }
  void on_end(const figment::TrainState& state) override {
    begin();  // of a run that goes on there may be no step left
    for (auto* c : callbacks_) c->on_end(state);
  }

 private:
  void begin() {
    if (std::exchange(begun_, true)) return;
    open_();
    for (auto* c : callbacks_) c->on_begin(before_);
  }

  std::function<void()> open_;
  std::vector<figment::Callback*> callbacks_;
  figment::TrainState before_;
  bool begun_ = false;
};

}  // namespace examples

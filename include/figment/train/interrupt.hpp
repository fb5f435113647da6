// Ending a run by Ctrl-C with everything saved.
#pragma once

#include <csignal>

#include "figment/train/callback.hpp"

namespace figment {

/// While one lives, the first Ctrl-C (or SIGTERM) ends the run after the step under way; a second one ends
/// the program as usual.
class StopOnInterrupt final : public Callback {
 public:
  /// Takes the signals over.
  StopOnInterrupt() {
    signal_ = 0;  // an earlier run's
    interrupt_ = std::signal(SIGINT, handle);
    terminate_ = std::signal(SIGTERM, handle);
  }
  ~StopOnInterrupt() override {
    std::signal(SIGINT, interrupt_);
    std::signal(SIGTERM, terminate_);
  }
  StopOnInterrupt(const StopOnInterrupt&) = delete;
  StopOnInterrupt& operator=(const StopOnInterrupt&) = delete;

  void on_step(TrainState& state) override { state.stop |= interrupted(); }

  /// A signal came since this was made.
  bool interrupted() const { return signal_ != 0; }

 private:
  static void handle(int signal) {
    signal_ = signal;
    std::signal(signal, SIG_DFL);
  }
  static inline volatile std::sig_atomic_t signal_ = 0;

  void (*interrupt_)(int) = nullptr;
  void (*terminate_)(int) = nullptr;
};

}  // namespace figment

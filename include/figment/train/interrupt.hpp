// Ending a run by Ctrl-C with everything saved.
#pragma once

#include <csignal>

#include "figment/train/callback.hpp"

namespace figment {

/// While one lives, the first Ctrl-C, SIGTERM or SIGHUP (of a terminal that is closed) ends the run after the
/// step under way; a second one ends the program as usual. But a closed terminal may send several SIGHUPs: no
/// other one counts. A program that was started to outlive its terminal (nohup) does.
class StopOnInterrupt final : public Callback {
 public:
  /// Takes the signals over.
  StopOnInterrupt() {
    signal_ = 0;  // an earlier run's
    interrupt_ = std::signal(SIGINT, handle);
    terminate_ = std::signal(SIGTERM, handle);
#ifdef SIGHUP
    hang_up_ = std::signal(SIGHUP, handle);
    if (hang_up_ == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
#endif
  }
  ~StopOnInterrupt() override {
    std::signal(SIGINT, interrupt_);
    std::signal(SIGTERM, terminate_);
#ifdef SIGHUP
    if (std::signal(SIGHUP, hang_up_) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);  // it came: there is more
#endif
  }
  StopOnInterrupt(const StopOnInterrupt&) = delete;
  StopOnInterrupt& operator=(const StopOnInterrupt&) = delete;

  void on_step(TrainState& state) override { state.stop |= interrupted(); }

  /// A signal came since this was made.
  bool interrupted() const { return signal_ != 0; }
  /// Its number, or 0. A program that it ends has the exit code 128 + this by custom.
  int signal() const { return signal_; }

 private:
  static void handle(int signal) {
    signal_ = signal;
#ifdef SIGHUP
    if (signal == SIGHUP) {
      std::signal(signal, SIG_IGN);
      return;
    }
#endif
    std::signal(signal, SIG_DFL);
  }
  static inline volatile std::sig_atomic_t signal_ = 0;

  void (*interrupt_)(int) = nullptr;
  void (*terminate_)(int) = nullptr;
#ifdef SIGHUP
  void (*hang_up_)(int) = nullptr;
#endif
};

}  // namespace figment

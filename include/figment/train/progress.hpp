// Showing a run as it goes.
#pragma once

#include <cstdio>

#include "figment/train/callback.hpp"

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace figment {

namespace detail {

inline bool is_terminal(std::FILE* f) {
#ifdef _WIN32
  return _isatty(_fileno(f)) != 0;
#else
  return isatty(fileno(f)) != 0;
#endif
}

/// 75 as "1:15".
inline std::string clock(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  char text[32];
  if (s < 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld", s / 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  return text;
}

}  // namespace detail

/// Epoch, steps a second, losses and time left: in a terminal one line that updates, elsewhere a line for
/// each epoch. Writes to stderr.
class Progress final : public Callback {
 public:
  /// Writes to `out`, which is open. Throws when it is null.
  explicit Progress(std::FILE* out = stderr) : out_(out), terminal_(out && detail::is_terminal(out)) {
    ensure(out != nullptr, "Progress: expected an open file, found none");
  }

  void on_step(TrainState& state) override {
    if (!terminal_ || (state.seconds - shown_ < 0.1 && state.step < state.steps)) return;
    shown_ = state.seconds;
    show(state);
  }

  [[gnu::cold]] void on_epoch(TrainState& state) override {
    std::fprintf(out_, terminal_ ? "\r%s%s%s\033[K\n" : "%s%s%s\n", head(state).c_str(),
                 figures(*state.history).c_str(), tail(state).c_str());
    std::fflush(out_);
  }

  void on_end(const TrainState& state) override {
    if (terminal_ && state.stop && state.step < state.steps) std::fprintf(out_, "\n");
  }

 private:
  // Cold: compiled for size, which is quicker to compile and no slower ten times a second.
  [[gnu::cold]] void show(const TrainState& state) {
    constexpr Index width = 24;
    const Index filled = width * state.step / std::max<Index>(1, state.steps);
    std::string line = head(state);
    line += " [";
    for (Index i = 0; i < width; ++i) line += i < filled ? '=' : i == filled ? '>' : ' ';
    ((line += ']') += figures(*state.running)) += tail(state);
    std::fprintf(out_, "\r%s\033[K", line.c_str());
    std::fflush(out_);
  }

  [[gnu::cold]] static std::string head(const TrainState& s) {
    const auto all = static_cast<long long>(s.epochs), now = static_cast<long long>(s.epoch);
    char text[64];
    std::snprintf(text, sizeof text, "epoch %*lld/%lld", std::snprintf(nullptr, 0, "%lld", all), now, all);
    return text;
  }

  [[gnu::cold]] static std::string figures(const History& h) {
    std::string line;
    for (std::size_t c = 0; c < h.columns.size(); ++c) {
      if (h.columns[c] == "epoch" || h.columns[c] == "seconds" || detail::is_nan(h.rows.back()[c])) continue;
      char value[32];
      std::snprintf(value, sizeof value, " %.5g", h.rows.back()[c]);
      ((line += "  ") += h.columns[c]) += value;
    }
    return line;
  }

  [[gnu::cold]] static std::string tail(const TrainState& s) {
    const auto done = static_cast<double>((s.epoch - 1) * s.steps + s.step);
    const auto left = static_cast<double>(s.epochs * s.steps) - done;
    char text[64];
    std::snprintf(text, sizeof text, "  %.0f steps/s, %s left", done / (std::max)(s.seconds, 1e-9),
                  detail::clock(left * s.seconds / (std::max)(done, 1.0)).c_str());
    return text;
  }

  std::FILE* out_;
  bool terminal_;
  double shown_ = -1;
};

}  // namespace figment

// Checkpoints of a run as it goes: when they are written, and which are kept.
#pragma once

#include <cstdio>
#include <thread>

#include "figment/io/checkpoint.hpp"
#include "figment/train/callback.hpp"

namespace figment::io {

/// Which checkpoints are written, and which stay.
struct CheckpointOptions {
  Index every_epochs = 1;  ///< 0: none after epochs
  Index every_steps = 0;   ///< of an epoch, besides; 0: none
  Index keep = 3;          ///< the newest; earlier ones, by epoch and step, are removed
  std::string best{};      ///< best.safetensors is of the epoch in which this column was lowest; empty: none
  bool highest = false;    ///< or highest
};

/// The checkpoints in a directory, by epoch and step.
inline std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& dir) {
  std::vector<std::filesystem::path> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(dir, none)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("checkpoint-") && name.ends_with(".safetensors")) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());  // both have a fixed number of digits
  return found;
}

/// Writes checkpoint-EPOCH-STEP.safetensors into a directory, and one more when the run ends, however it
/// ends. Training waits for a copy of the tensors alone: a thread writes them. What cannot be written is said
/// on stderr, and training goes on. Give it to fit behind the callbacks that stop a run.
class Checkpoints final : public Callback {
 public:
  /// Throws unless 1 or more are kept, and on a negative number of epochs or steps. The directory is made
  /// when the first is written.
  Checkpoints(std::filesystem::path dir, Checkpoint checkpoint, CheckpointOptions options = {})
      : dir_(std::move(dir)), checkpoint_(std::move(checkpoint)), options_(std::move(options)) {
    ensure(options_.keep >= 1, "checkpoints: expected 1 or more to keep, found {}", options_.keep);
    ensure(options_.every_epochs >= 0 && options_.every_steps >= 0,
           "checkpoints: expected every 0 or more epochs and steps, found {} and {}", options_.every_epochs,
           options_.every_steps);
  }
  ~Checkpoints() override { wait(); }
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  void on_begin(TrainState&) override { saved_ = place(); }
  void on_step(TrainState& state) override {
    if (options_.every_steps > 0 && state.step % options_.every_steps == 0) save();
  }
  void on_epoch(TrainState& state) override {
    const bool best = !options_.best.empty() && is_best(*state.history);
    if (best || (options_.every_epochs > 0 && state.epoch % options_.every_epochs == 0)) save(best);
  }
  void on_end(const TrainState&) override {
    if (place() != saved_) save();
    wait();
  }

  /// What went wrong last, or nothing.
  const std::string& error() {
    wait();
    return error_;
  }

 private:
  std::pair<Index, Index> place() const {
    return {checkpoint_.position().epoch, checkpoint_.position().step};
  }

  std::string name() const {
    char text[64];
    std::snprintf(text, sizeof text, "checkpoint-%06lld-%08lld.safetensors",
                  static_cast<long long>(place().first), static_cast<long long>(place().second));
    return text;
  }

  bool is_best(const History& history) const {
    std::vector<double> column = history[options_.best];
    const double now = column.back();
    column.pop_back();
    using figment::detail::is_nan;
    return !is_nan(now) && std::all_of(column.begin(), column.end(), [&](double earlier) {
      return is_nan(earlier) || (options_.highest ? now > earlier : now < earlier);
    });
  }

  void save(bool best = false) {
    wait();  // for the one before: two at once would take twice the memory
    saved_ = place();
    writer_ = std::thread([this, name = name(), snapshot = checkpoint_.snapshot(), best] {
      try {
        snapshot.write(dir_ / name);
        if (best) snapshot.write(dir_ / "best.safetensors");
        error_.clear();
        const auto all = list_checkpoints(dir_);
        const auto end =
            std::upper_bound(all.begin(), all.end(), dir_ / name);  // later ones are another run's
        for (auto old = all.begin(); end - old > options_.keep; ++old) std::filesystem::remove(*old);
      } catch (const std::exception& e) {
        if (error_.empty()) std::fprintf(stderr, "\ncheckpoint: %s; training goes on\n", e.what());
        error_ = e.what();
      }
    });
  }
  void wait() {
    if (writer_.joinable()) writer_.join();
  }

  std::filesystem::path dir_;
  Checkpoint checkpoint_;
  CheckpointOptions options_;
  std::pair<Index, Index> saved_;
  std::string error_;
  std::thread writer_;
};

}  // namespace figment::io

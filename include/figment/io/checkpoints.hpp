// Checkpoints of a run as it goes: when they are written, and which are kept.
#pragma once

#include <cstdio>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

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
/// ends. Training waits for a copy of the tensors alone: a thread writes them, if the system grants one. What
/// cannot be written is said on stderr, and training goes on; on a full disk the run's oldest make room, all
/// but one. Give it to fit behind the callbacks that stop a run. One run at a time writes into a directory
/// (FolderLock).
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

  void on_begin(TrainState&) override {
    saved_ = place();
    remove_temporaries(dir_, "checkpoint-");  // a killed run's
    remove_temporaries(dir_, "best.safetensors");
  }
  void on_step(TrainState& state) override {
    if (options_.every_steps > 0 && state.step % options_.every_steps == 0) save();
  }
  void on_epoch(TrainState& state) override {
    const bool best = !options_.best.empty() && is_best(*state.history);
    if (best || (options_.every_epochs > 0 && state.epoch % options_.every_epochs == 0)) save(best);
  }
  void on_end(const TrainState&) override {
    wait();
    if (place() != saved_ || !error_.empty()) save();  // there may be room again
    wait();
  }

  /// What went wrong last, or nothing.
  const std::string& error() {
    wait();
    return error_;
  }

 private:
  struct Job {
    std::string name;
    SafetensorsWriter snapshot;
    bool best;
  };

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
    job_.emplace(Job{name(), checkpoint_.snapshot(), best});
    try {
      writer_ = std::thread([this] { work(); });
    } catch (const std::system_error&) {  // the system grants no thread
      work();
    }
  }
  void wait() {
    if (writer_.joinable()) writer_.join();
  }

  void work() {
    const Job job = std::move(*job_);
    job_.reset();
    try {
      write(job, dir_ / job.name);
      if (job.best) write(job, dir_ / "best.safetensors");
      error_.clear();
      const auto all = until(job.name);
      for (std::size_t i = 0; i + static_cast<std::size_t>(options_.keep) < all.size(); ++i)
        std::filesystem::remove(all[i]);
    } catch (const std::exception& e) {
      if (error_.empty()) std::fprintf(stderr, "\ncheckpoint: %s; training goes on\n", e.what());
      error_ = e.what();
    }
  }

  /// On a full disk the oldest make room.
  void write(const Job& job, const std::filesystem::path& file) {
    for (;;) {
      try {
        job.snapshot.write(file);
        return;
      } catch (const WriteError& e) {
        if (!e.full || !remove_oldest(job.name)) throw;
        if (!std::exchange(said_full_, true))
          std::fprintf(stderr, "\ncheckpoint: the disk is full; the oldest ones make room\n");
      }
    }
  }

  /// Those up to a name: later ones are another run's.
  std::vector<std::filesystem::path> until(const std::string& name) const {
    auto all = list_checkpoints(dir_);
    all.erase(std::upper_bound(all.begin(), all.end(), dir_ / name), all.end());
    return all;
  }

  /// False where no other would be left to go on from.
  bool remove_oldest(const std::string& name) const {
    const auto all = until(name);
    const bool another = !all.empty() && std::any_of(all.begin() + 1, all.end(), [](const auto& file) {
      try {
        const SafetensorsReader whole(file);
        return true;
      } catch (const Error&) {
        return false;
      }
    });
    std::error_code error;
    return another && std::filesystem::remove(all.front(), error);
  }

  std::filesystem::path dir_;
  Checkpoint checkpoint_;
  CheckpointOptions options_;
  std::pair<Index, Index> saved_;
  std::optional<Job> job_;
  std::string error_;
  bool said_full_ = false;
  std::thread writer_;
};

}  // namespace figment::io

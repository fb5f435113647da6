// A run's figures in TensorBoard, as it goes.
#pragma once

#include <cstdio>
#include <functional>
#include <optional>

#include "figment/io/tensorboard.hpp"
#include "figment/train/callback.hpp"

namespace figment::io {

/// Writes the losses of every step as step/NAME and the figures of every epoch as epoch/NAME into a folder.
/// What cannot be written is said on stderr, once, and training goes on; it is written later if there is
/// room.
class TensorBoardLog final : public Callback {
 public:
  /// `first` is called when the run begins: for graphs of its networks, and its settings.
  explicit TensorBoardLog(std::filesystem::path dir, std::function<void(TensorBoardWriter&)> first = {})
      : dir_(std::move(dir)), first_(std::move(first)) {}

  void on_begin(TrainState& state) override {
    attempt([&] {
      const Index done = state.epoch * state.steps + state.step;
      writer_.emplace(dir_, done > 0 ? done + 1 : 0);
      if (first_) first_(*writer_);
    });
  }
  void on_step(TrainState& state) override {
    const auto& columns = state.latest->columns;
    for (std::size_t c = tags_.size(); c < columns.size(); ++c) tags_.push_back("step/" + columns[c]);
    write([&](TensorBoardWriter& writer) {
      const Index step = (state.epoch - 1) * state.steps + state.step;
      for (std::size_t c = 0; c < columns.size(); ++c)
        writer.scalar(tags_[c], step, state.latest->rows[0][c]);
    });
  }
  void on_epoch(TrainState& state) override {
    write([&](TensorBoardWriter& writer) {
      const auto& h = *state.history;
      for (std::size_t c = 0; c < h.columns.size(); ++c)
        if (h.columns[c] != "epoch" && !figment::detail::is_nan(h.rows.back()[c]))
          writer.scalar("epoch/" + h.columns[c], state.epoch * state.steps, h.rows.back()[c]);
      for (const auto& [every, show] : shown_)
        if (state.epoch % every == 0) show(writer, state.epoch * state.steps);
    });
  }
  void on_end(const TrainState&) override {
    write([&](TensorBoardWriter& writer) {
      writer.flush();
      if (writer.whole()) error_.clear();
    });
  }
  /// What could not be written, or nothing.
  const std::string& error() const { return error_; }

  /// Histograms of a module's weights and buffers as NAME/PATH, after every so many epochs. The module has to
  /// stay where it is. Gradients are nobody's between steps: write those that you have by write().
  template <class M>
  TensorBoardLog& histograms(std::string name, M& module, Index every_epochs = 1) {
    ensure(every_epochs >= 1, "TensorBoardLog: expected 1 or more epochs between histograms, found {}",
           every_epochs);
    shown_.emplace_back(every_epochs,
                        [name = std::move(name), &module](TensorBoardWriter& writer, Index step) {
                          writer.histograms(name, module, step);
                        });
    return *this;
  }
  /// Calls f(writer), for what else there is to show.
  template <class F>
  void write(F f) {
    if (writer_) attempt([&] { f(*writer_); });
  }

 private:
  template <class F>
  void attempt(F f) {
    try {
      f();
    } catch (const Error& e) {
      if (error_.empty()) std::fprintf(stderr, "\ntensorboard: %s; training goes on\n", e.what());
      error_ = e.what();
    }
  }

  std::filesystem::path dir_;
  std::function<void(TensorBoardWriter&)> first_;
  std::vector<std::pair<Index, std::function<void(TensorBoardWriter&, Index)>>> shown_;
  std::optional<TensorBoardWriter> writer_;
  std::vector<std::string> tags_;
  std::string error_;
};

}  // namespace figment::io

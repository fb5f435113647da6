// Pictures of a run as it goes.
#pragma once

#include <figment/figment.hpp>
#include <figment/io/image.hpp>
#include <figment/io/tensorboard_log.hpp>
#include <filesystem>
#include <functional>

namespace examples {

/// Draws epoch_*.png after every epoch, and step_*.png every so many steps.
class Film final : public figment::Callback {
 public:
  /// Writes by write(name, image), which returns whether it could.
  Film(std::filesystem::path out, std::function<bool(const std::string&, const figment::io::Image&)> write,
       std::function<figment::io::Image()> draw, figment::Index every_steps)
      : out_(std::move(out)), write_(std::move(write)), draw_(std::move(draw)), every_(every_steps) {}

  /// Shows the pictures of epochs in TensorBoard too.
  void show_in(figment::io::TensorBoardLog& log) { log_ = &log; }

  /// Of a run that goes on, the pictures are read back.
  void on_begin(figment::TrainState& state) override;
  void on_step(figment::TrainState& state) override;
  void on_epoch(figment::TrainState& state) override;

  /// Writes the epochs' pictures that could not be written when they were drawn.
  void complete();

  /// There is a library for animations, and something to show.
  bool can_animate() const;
  /// All epochs as an animation, at most some seconds long.
  void animate(const std::filesystem::path& file) const;

 private:
  std::filesystem::path out_;
  std::function<bool(const std::string&, const figment::io::Image&)> write_;
  std::function<figment::io::Image()> draw_;
  figment::Index every_;
  figment::io::TensorBoardLog* log_ = nullptr;
  std::vector<figment::io::Image> frames_;
  std::vector<std::pair<std::string, std::size_t>> missing_;  // and which frame it is
};

}  // namespace examples

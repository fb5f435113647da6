#include "support/film.hpp"

#include <figment/io/read_image.hpp>
#include <iostream>
#ifdef FIGMENT_HAVE_GIF
#include <figment/io/gif.hpp>
#endif

namespace examples {

using namespace figment;
namespace fs = std::filesystem;

namespace {

std::string numbered(const char* what, Index n) {
  const std::string digits = std::to_string(n);
  return figment::format("{}_{}.png", what,
                         std::string(6 - std::min<std::size_t>(6, digits.size()), '0') + digits);
}

}  // namespace

void Film::on_begin(TrainState& state) {
  try {
    for (Index epoch = 1; epoch <= state.epoch; ++epoch)
      frames_.push_back(io::read_image(out_ / numbered("epoch", epoch)));
  } catch (const Error& e) {
    frames_.clear();
    std::cerr << e.what() << "; the animation begins here\n";
  }
}

void Film::on_step(TrainState& state) {
  const Index step = (state.epoch - 1) * state.steps + state.step;
  if (every_ > 0 && step % every_ == 0) write_(numbered("step", step), draw_());
}

void Film::on_epoch(TrainState& state) {
  frames_.push_back(draw_());
  const std::string name = numbered("epoch", state.epoch);
  if (!write_(name, frames_.back())) missing_.emplace_back(name, frames_.size() - 1);
  if (log_)
    log_->write([&](auto& board) { board.image("epoch", state.epoch * state.steps, frames_.back()); });
}

void Film::complete() {
  for (const auto& [name, frame] : missing_) write_(name, frames_[frame]);
}

bool Film::can_animate() const {
#ifdef FIGMENT_HAVE_GIF
  return !frames_.empty();
#else
  return false;
#endif
}

void Film::animate([[maybe_unused]] const fs::path& file) const {
#ifdef FIGMENT_HAVE_GIF
  const auto n = static_cast<Index>(frames_.size());
  io::write_gif(file, frames_, {.delay_ms = std::clamp<Index>(12000 / n, 40, 400)});
#endif
}

}  // namespace examples

#include "support/film.hpp"

#include <figment/io/png.hpp>
#include <figment/io/read_image.hpp>
#include <iostream>
#ifdef FIGMENT_HAVE_GIF
#include <figment/io/gif.hpp>
#endif

namespace examples {

using namespace figment;
namespace fs = std::filesystem;

namespace {

fs::path numbered(const fs::path& dir, const char* what, Index n) {
  const std::string digits = std::to_string(n);
  return dir /
         format("{}_{}.png", what, std::string(6 - std::min<std::size_t>(6, digits.size()), '0') + digits);
}

}  // namespace

void Film::on_begin(TrainState& state) {
  try {
    for (Index epoch = 1; epoch <= state.epoch; ++epoch)
      frames_.push_back(io::read_image(numbered(out_, "epoch", epoch)));
  } catch (const Error& e) {
    frames_.clear();
    std::cerr << e.what() << "; the animation begins here\n";
  }
}

void Film::on_step(TrainState& state) {
  const Index step = (state.epoch - 1) * state.steps + state.step;
  if (every_ > 0 && step % every_ == 0) io::write_png(numbered(out_, "step", step), draw_());
}

void Film::on_epoch(TrainState& state) {
  frames_.push_back(draw_());
  io::write_png(numbered(out_, "epoch", state.epoch), frames_.back());
  if (log_)
    log_->write([&](auto& board) { board.image("epoch", state.epoch * state.steps, frames_.back()); });
}

bool Film::animate(const fs::path& file) const {
#ifdef FIGMENT_HAVE_GIF
  const auto n = static_cast<Index>(frames_.size());
  if (n == 0) return false;
  io::write_gif(file, frames_, {.delay_ms = std::clamp<Index>(12000 / n, 40, 400)});
  return true;
#else
  (void)file;
  return false;
#endif
}

}  // namespace examples

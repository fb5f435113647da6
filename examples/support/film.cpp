#include "support/film.hpp"

#include <figment/io/png.hpp>
#include <iostream>
#ifdef FIGMENT_HAVE_GIF
#include <figment/io/gif.hpp>
#endif

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#if __has_include(<stb_image.h>)
#include <stb_image.h>
#else
#include <stb/stb_image.h>
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic pop
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

/// A picture of one of our own files.
io::Image read_picture(const fs::path& file) {
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load(file.string().c_str(), &width, &height, &channels, 0), stbi_image_free);
  check(pixels != nullptr && (channels == 1 || channels == 3), "{}: cannot be read as a picture",
        file.string());
  return {.height = height,
          .width = width,
          .channels = channels,
          .pixels = {pixels.get(), pixels.get() + std::size_t(1) * height * width * channels}};
}

}  // namespace

void Film::on_begin(TrainState& state) {
  try {
    for (Index epoch = 1; epoch <= state.epoch; ++epoch)
      frames_.push_back(read_picture(numbered(out_, "epoch", epoch)));
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

// PNG files, by stb_image_write.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "figment/io/file.hpp"
#include "figment/io/image.hpp"
#include "figment/io/stb.hpp"

namespace figment::io {

/// The bytes of a PNG file. Throws when the picture is empty, too large, or its pixels are not as many as its
/// size says.
inline std::vector<std::uint8_t> encode_png(const Image& image) {
  const Index h = image.height, w = image.width, c = image.channels;
  ensure(h >= 1 && w >= 1 && (c == 1 || c == 3),
         "png: expected pixels of 1 or 3 channels, found {} x {} x {}", h, w, c);
  const Index limit = 1 << 30;  // stb counts bytes in an int
  ensure(h < limit && w < limit && h * (w * c + 1) < limit, "png: {} x {} x {} is too large", h, w, c);
  ensure(static_cast<Index>(image.pixels.size()) == h * w * c, "png: {} x {} x {} takes {} bytes, found {}",
         h, w, c, h * w * c, image.pixels.size());
  int bytes = 0;
  const std::unique_ptr<std::uint8_t, void (*)(void*)> png(
      figment::detail::stb::stbi_write_png_to_mem(image.pixels.data(), static_cast<int>(w * c),
                                                  static_cast<int>(w), static_cast<int>(h),
                                                  static_cast<int>(c), &bytes),
      std::free);
  ensure(png != nullptr, "png: no memory to encode {} x {} x {}", h, w, c);
  return {png.get(), png.get() + bytes};
}

/// Writes a PNG file, making the directories above it.
inline void write_png(const std::filesystem::path& path, const Image& image) {
  write_file(path, encode_png(image));
}

}  // namespace figment::io

// Pictures from PNG files, by stb_image: its PNG alone, for a damaged JPEG makes it write where it must not.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <vector>

#include "figment/io/image.hpp"
#include "figment/io/stb_image.hpp"

namespace figment::io {

namespace detail {

/// Whether the chunks that make up a PNG file end where the file does or before it: stb takes memory by their
/// lengths before it looks for their bytes. A chunk is its length, four letters, so many bytes and a
/// checksum.
inline bool png_chunks_fit(std::span<const std::uint8_t> bytes) {
  const std::size_t signature = 8, frame = 12;
  for (std::size_t at = signature; at < bytes.size();) {
    if (bytes.size() - at < frame) return false;
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | bytes[at + i];
    if (length > bytes.size() - at - frame) return false;
    if (std::memcmp(&bytes[at + 4], "IEND", 4) == 0) return true;
    at += frame + length;
  }
  return false;
}

}  // namespace detail

/// The picture in a PNG file: grey as 1 channel, colour as 3, of 8 bits, without its transparency. Throws
/// when the file cannot be read, is none, is damaged, or promises more pixels than its bytes can hold;
/// checksums are not looked at.
inline Image read_image(const std::filesystem::path& path) {
  namespace stb = figment::detail::stb_image;
  const std::string name = path.string();
  std::error_code error;
  ensure(std::filesystem::is_regular_file(path, error), "read_image: {}: no such file", name);
  std::ifstream file(path, std::ios::binary);
  ensure(file.is_open(), "read_image: {}: cannot be opened", name);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  ensure(bytes.size() < (1u << 30), "read_image: {}: {} bytes are too many for a picture", name,
         bytes.size());

  const int size = static_cast<int>(bytes.size());
  int width = 0, height = 0, channels = 0;
  ensure(stb::stbi_info_from_memory(bytes.data(), size, &width, &height, &channels) != 0,
         "read_image: {}: expected a PNG file", name);
  ensure(detail::png_chunks_fit(bytes), "read_image: {}: damaged (the file ends before its IEND)", name);
  // Before memory is taken: deflate makes at most 1032 bytes of one, and PNG's smallest pixel is a bit.
  ensure(Index{width} * height <= 1032 * 8 * static_cast<Index>(bytes.size()),
         "read_image: {}: {} x {} pixels do not fit into {} bytes", name, height, width, bytes.size());
  const int wanted = channels < 3 ? 1 : 3;
  const std::unique_ptr<stb::stbi_uc, void (*)(void*)> pixels(
      stb::stbi_load_from_memory(bytes.data(), size, &width, &height, &channels, wanted),
      stb::stbi_image_free);
  ensure(pixels != nullptr, "read_image: {}: damaged ({})", name, stb::stbi_failure_reason());
  return {height, width, wanted, {pixels.get(), pixels.get() + Index{width} * height * wanted}};
}

}  // namespace figment::io

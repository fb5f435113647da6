#include "support/decode_png.hpp"

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#if __has_include(<stb_image.h>)
#include <stb_image.h>
#else
#include <stb/stb_image.h>
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

figment::io::Image examples::decode_png(const std::filesystem::path& path) {
  int width = 0, height = 0, channels = 0;
  std::uint8_t* pixels = stbi_load(path.string().c_str(), &width, &height, &channels, 0);
  if (!pixels) return {};
  figment::io::Image image{height, width, channels, {pixels, pixels + width * height * channels}};
  stbi_image_free(pixels);
  return image;
}

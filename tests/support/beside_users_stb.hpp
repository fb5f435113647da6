// Included behind support/users_stb.hpp and figment's pictures, in either order.
#pragma once

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace test {

// Of each file its own, as its copy of stb is.
static void check_beside_users_stb() {
  figment::io::Image image{2, 3, 1, {0, 50, 100, 150, 200, 250}};
  const auto ours = figment::io::encode_png(image);
  stbi_flip_vertically_on_write(1);  // a switch of the user's copy alone
  CHECK(figment::io::encode_png(image) == ours);
  int bytes = 0;
  unsigned char* theirs = stbi_write_png_to_mem(image.pixels.data(), 3, 3, 2, 1, &bytes);
  CHECK(std::vector<std::uint8_t>(theirs, theirs + bytes) != ours);
  STBIW_FREE(theirs);
  const unsigned char grey[] = "P5 2 1 255\n\x07\x09";  // a format that figment's copy goes without
  int width = 0, height = 0, channels = 0;
  unsigned char* pixels = stbi_load_from_memory(grey, sizeof(grey) - 1, &width, &height, &channels, 0);
  REQUIRE(pixels);
  CHECK(pixels[1] == 9);
  stbi_image_free(pixels);
  test::TempDir dir;
  figment::io::write_png(dir / "x.png", image);
  CHECK(figment::io::read_image(dir / "x.png").pixels == image.pixels);
  char text[] = "text";
  CHECK(stb_easy_font_width(text) > 0);
}

}  // namespace test

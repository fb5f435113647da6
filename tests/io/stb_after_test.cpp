// The user's own stb_image_write, included after figment's: neither disturbs the other.
#include "figment/io/png.hpp"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBIW_ASSERT(x) ((void)0)
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif
#if __has_include(<stb_image_write.h>)
#include <stb_easy_font.h>
#include <stb_image_write.h>
#else
#include <stb/stb_easy_font.h>
#include <stb/stb_image_write.h>
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#include "support/catch.hpp"

TEST_CASE("the user's stb may come after figment's", "[png]") {
  figment::io::Image image{2, 3, 1, {0, 50, 100, 150, 200, 250}};
  const auto ours = figment::io::encode_png(image);
  stbi_flip_vertically_on_write(1);  // a switch of the user's copy alone
  CHECK(figment::io::encode_png(image) == ours);
  int bytes = 0;
  unsigned char* theirs = stbi_write_png_to_mem(image.pixels.data(), 3, 3, 2, 1, &bytes);
  CHECK(std::vector<std::uint8_t>(theirs, theirs + bytes) != ours);
  STBIW_FREE(theirs);
  char text[] = "text";
  CHECK(stb_easy_font_width(text) > 0);
}

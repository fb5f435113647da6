// Tensors as pixels, grids of them, and PNG files decoded again by another program's code.
#include "figment/io/image.hpp"

#include <limits>

#include "figment/io/png.hpp"
#include "figment/io/read_image.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::error_of;
using Bytes = std::vector<std::uint8_t>;

TEST_CASE("to_image rounds, clamps and makes NaN black", "[image]") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const Tensor<float> x({2, 4}, {0, 1, 0.5f, 0.3f, -1, 2, nan, inf});
  const auto image = io::to_image(x);
  CHECK(image.height == 2);
  CHECK(image.width == 4);
  CHECK(image.channels == 1);
  CHECK(image.pixels == Bytes{0, 255, 128, 77, 0, 255, 0, 255});
  CHECK(io::to_image(Tensor<double>({1, 2, 1}, {-std::numeric_limits<double>::infinity(), 1})).pixels ==
        Bytes{0, 255});
  const auto color = io::to_image(Tensor<float>({1, 2, 3}, {1, 0, 0, 0, 0, 1}));
  CHECK(color.channels == 3);
  CHECK(color.pixels == Bytes{255, 0, 0, 0, 0, 255});
  for (int b = 0; b < 256; ++b)  // bytes / 255 come back
    REQUIRE(io::to_image(Tensor<float>({1, 1}, {static_cast<float>(b) / 255})).pixels[0] == b);
  CHECK_THAT(error_of([] {
               io::to_image(Tensor<float>::zeros({2, 2, 2}));
             }),
             ContainsSubstring("found (2, 2, 2)"));
  CHECK_THAT(error_of([] { io::to_image(Tensor<float>::zeros({4})); }), ContainsSubstring("found (4,)"));
}

TEST_CASE("grid places pictures row after row", "[image]") {
  const Tensor<float> x({3, 1, 2}, {1, 1, 0.2f, 0.2f, 0, 1});
  // Three pictures: two columns, two rows, an empty place of the background.
  const auto image = io::grid(x, {.gap = 1, .background = 9});
  CHECK(image.height == 3);
  CHECK(image.width == 5);
  CHECK(image.pixels == Bytes{255, 255, 9, 51, 51,  //
                              9, 9, 9, 9, 9,        //
                              0, 255, 9, 9, 9});
  CHECK(io::grid(x, {.columns = 3, .gap = 0}).pixels == Bytes{255, 255, 51, 51, 0, 255});
  CHECK(io::grid(x, {.columns = 9, .gap = 0}).width == 6);

  const auto color = io::grid(Tensor<float>({2, 1, 1, 3}, {1, 0, 0, 0, 1, 0}), {.scale = 2, .background = 7});
  CHECK(color.width == 6);
  CHECK(color.height == 2);
  CHECK(Bytes(color.pixels.begin(), color.pixels.begin() + 18) ==
        Bytes{255, 0, 0, 255, 0, 0, 7, 7, 7, 7, 7, 7, 0, 255, 0, 0, 255, 0});
  CHECK_THAT(error_of([] {
               io::grid(Tensor<float>::zeros({0, 2, 2}));
             }),
             ContainsSubstring("found (0, 2, 2)"));
  CHECK_THAT(error_of([] { io::grid(Tensor<float>::zeros({2, 2})); }), ContainsSubstring("found (2, 2)"));
  CHECK_THAT(error_of([&] { io::grid(x, {.gap = -1}); }), ContainsSubstring("found 0 and -1"));
  CHECK_THAT(error_of([&] { io::grid(x, {.scale = 0}); }), ContainsSubstring("factor of 1 or more"));
}

TEST_CASE("a PNG file decodes to the same pixels", "[png]") {
  test::TempDir dir;
  for (const Index channels : {1, 3})
    for (const Index width : {1, 7, 300}) {
      io::Image image{5, width, channels, {}};
      for (Index i = 0; i < 5 * width * channels; ++i)
        image.pixels.push_back(static_cast<std::uint8_t>(i * i + i / 7));
      io::write_png(dir / "new/x.png", image);
      const auto back = io::read_image(dir / "new/x.png");
      CHECK(back.height == 5);
      CHECK(back.width == width);
      CHECK(back.channels == channels);
      CHECK(back.pixels == image.pixels);
    }
}

TEST_CASE("a picture that cannot be a PNG is an error", "[png]") {
  const auto error = [](const io::Image& image) { return error_of([&] { io::encode_png(image); }); };
  CHECK_THAT(error({}), ContainsSubstring("0 x 0"));
  CHECK_THAT(error({1, 1, 2, {1, 2}}), ContainsSubstring("1 x 1 x 2"));
  CHECK_THAT(error({2, 2, 1, {1, 2, 3}}), ContainsSubstring("takes 4 bytes, found 3"));
  CHECK_THAT(error({Index{1} << 20, Index{1} << 20, 3, {}}), ContainsSubstring("too large"));
  test::TempDir dir;
  test::write_bytes(dir / "file", "x");
  CHECK_THAT(error_of([&] {
               io::write_png(dir / "file/x.png", {1, 1, 1, {0}});
             }),
             ContainsSubstring((dir / "file/x.png").string()));
}

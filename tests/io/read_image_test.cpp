// PNG files of another program (Pillow), of each kind of pixel; damaged ones. tests/fuzz/image.cpp goes
// further.
#include "figment/io/read_image.hpp"

#include <cstdlib>

#include "figment/io/png.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::error_of;

namespace {

const std::filesystem::path seeds = std::filesystem::path(FIGMENT_SOURCE_DIR) / "tests/fuzz/seeds/image";

// The largest difference of a byte from what f(y, x, channel) says.
template <class F>
int worst(const io::Image& image, F f) {
  int most = 0;
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < image.width; ++x)
      for (Index c = 0; c < image.channels; ++c)
        most = std::max(most, std::abs(image.at(y, x)[c] - f(static_cast<int>(y), static_cast<int>(x), c)));
  return most;
}

void check_size(const io::Image& image, Index height, Index width, Index channels) {
  CHECK(image.height == height);
  CHECK(image.width == width);
  REQUIRE(image.channels == channels);
}

int slope(int y, int x, Index c) { return c == 0 ? 15 * x : c == 1 ? 28 * y : 128; }

}  // namespace

TEST_CASE("PNG files of each kind of pixel are read", "[read_image]") {
  const auto alpha = io::read_image(seeds / "alpha.png");  // its transparency is left out
  check_size(alpha, 9, 17, 3);
  CHECK(worst(alpha, slope) == 0);

  const auto bits = io::read_image(seeds / "bits.png");
  check_size(bits, 12, 16, 1);
  CHECK(worst(bits, [](int, int x, Index) { return x >= 8 ? 255 : 0; }) == 0);

  const auto palette = io::read_image(seeds / "palette.png");
  check_size(palette, 3, 4, 3);
  const int colors[4][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {10, 20, 30}};
  CHECK(worst(palette, [&](int y, int x, Index c) { return colors[(x + y) % 4][c]; }) == 0);
}

TEST_CASE("a picture is a tensor and a picture again", "[read_image]") {
  const auto image = io::read_image(seeds / "alpha.png");
  const auto x = io::to_tensor(image);
  CHECK(x.shape() == Shape{9, 17, 3});
  CHECK(x(0, 1, 0) == 15.0f / 255.0f);
  CHECK(io::to_image(x).pixels == image.pixels);
  CHECK(io::to_image(io::to_tensor<double>(image)).pixels == image.pixels);
  CHECK(io::to_tensor({}).shape() == Shape{0, 0, 1});
  CHECK(error_of([] {
          io::to_tensor({2, 2, 1, {1, 2, 3}});
        }) == "to_tensor: 2 x 2 x 1 takes 4 bytes, found 3");
}

TEST_CASE("what is no picture, or half of one, is refused by its name", "[read_image]") {
  test::TempDir dir;
  const auto file = dir / "x.png";
  const auto error = [&] { return error_of([&] { io::read_image(file); }); };
  CHECK(error() == "read_image: " + file.string() + ": no such file");
  CHECK(error_of([&] { io::read_image(dir.path()); }) ==
        "read_image: " + dir.path().string() + ": no such file");
  for (const char* bytes : {"", "text", "\x89PNG\r\n\x1a\n"}) {
    test::write_bytes(file, bytes);
    CHECK(error() == "read_image: " + file.string() + ": expected a PNG file");
  }
  const std::string whole = test::read_bytes(seeds / "alpha.png");
  test::write_bytes(file, whole.substr(0, whole.size() - 30));
  CHECK(error() == "read_image: " + file.string() + ": damaged (the file ends before its IEND)");
  std::string other = whole;
  other[41] = 0;  // no begin of a zlib stream
  test::write_bytes(file, other);
  CHECK_THAT(error(), StartsWith("read_image: " + file.string() + ": damaged ("));
  std::string vast = whole;
  vast[18] = vast[22] = 0x10;
  test::write_bytes(file, vast);
  CHECK(error() == "read_image: " + file.string() + ": 4105 x 4113 pixels do not fit into 100 bytes");
}

// Animations, read back by giflib.
#include "figment/io/gif.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using test::error_of;
using Bytes = std::vector<std::uint8_t>;

namespace {

struct Decoded {
  int width = 0, height = 0;
  std::vector<Bytes> frames;  // red, green and blue of each pixel
  std::vector<int> delays;    // hundredths of a second
  std::vector<int> loops;     // of each Netscape extension; 0 is for ever
};

Decoded decode_gif(const std::filesystem::path& path) {
  int error = 0;
  GifFileType* gif = DGifOpenFileName(path.string().c_str(), &error);
  REQUIRE(gif);
  REQUIRE(DGifSlurp(gif) == GIF_OK);
  Decoded out{gif->SWidth, gif->SHeight, {}, {}, {}};
  for (int i = 0; i < gif->ImageCount; ++i) {
    const SavedImage& image = gif->SavedImages[i];
    CHECK(image.ImageDesc.Left == 0);
    CHECK(image.ImageDesc.Top == 0);
    REQUIRE(image.ImageDesc.Width == gif->SWidth);
    REQUIRE(image.ImageDesc.Height == gif->SHeight);
    const ColorMapObject* map = image.ImageDesc.ColorMap ? image.ImageDesc.ColorMap : gif->SColorMap;
    REQUIRE(map);
    Bytes pixels;
    for (int p = 0; p < gif->SWidth * gif->SHeight; ++p) {
      REQUIRE(image.RasterBits[p] < map->ColorCount);
      const GifColorType c = map->Colors[image.RasterBits[p]];
      pixels.insert(pixels.end(), {c.Red, c.Green, c.Blue});
    }
    out.frames.push_back(pixels);
    GraphicsControlBlock control{};
    REQUIRE(DGifSavedExtensionToGCB(gif, i, &control) == GIF_OK);
    CHECK(control.TransparentColor == NO_TRANSPARENT_COLOR);
    out.delays.push_back(control.DelayTime);
    for (int k = 0; k + 1 < image.ExtensionBlockCount; ++k) {
      const ExtensionBlock &name = image.ExtensionBlocks[k], &data = image.ExtensionBlocks[k + 1];
      if (name.Function != APPLICATION_EXT_FUNC_CODE) continue;
      CHECK(std::string(name.Bytes, name.Bytes + name.ByteCount) == "NETSCAPE2.0");
      REQUIRE(data.ByteCount == 3);
      CHECK(data.Bytes[0] == 1);
      out.loops.push_back(data.Bytes[1] + 256 * data.Bytes[2]);
    }
  }
  CHECK(DGifCloseFile(gif, &error) == GIF_OK);
  return out;
}

io::Image picture(Index height, Index width, Index channels, Index start) {
  io::Image image{height, width, channels, {}};
  for (Index i = 0; i < height * width * channels; ++i)
    image.pixels.push_back(static_cast<std::uint8_t>(start + i * i + i / 5));
  return image;
}

}  // namespace

TEST_CASE("a grey animation comes back with every level", "[gif]") {
  test::TempDir dir;
  io::Image ramp{4, 64, 1, {}};
  for (int i = 0; i < 256; ++i) ramp.pixels.push_back(static_cast<std::uint8_t>(i));
  const std::vector<io::Image> frames{ramp, picture(4, 64, 1, 7), picture(4, 64, 1, 90)};
  io::write_gif(dir / "new/a.gif", frames, {.delay_ms = 250});
  const auto back = decode_gif(dir / "new/a.gif");
  CHECK(back.width == 64);
  CHECK(back.height == 4);
  REQUIRE(back.frames.size() == 3);
  for (std::size_t f = 0; f < 3; ++f) {
    Bytes expected;
    for (const std::uint8_t v : frames[f].pixels) expected.insert(expected.end(), {v, v, v});
    CHECK(back.frames[f] == expected);
  }
  CHECK(back.delays == std::vector<int>{25, 25, 25});
  CHECK(back.loops == std::vector<int>{0});
  CHECK(test::read_bytes(dir / "new/a.gif").substr(0, 6) == "GIF89a");
}

TEST_CASE("colors go to the nearest of six levels", "[gif]") {
  test::TempDir dir;
  const auto image = picture(30, 41, 3, 3);
  io::Image exact = image;
  for (auto& v : exact.pixels) v = static_cast<std::uint8_t>(v % 6 * 51);
  io::write_gif(dir / "c.gif", std::vector{image, exact}, {.delay_ms = 14, .loop = false});
  const auto back = decode_gif(dir / "c.gif");
  REQUIRE(back.frames.size() == 2);
  CHECK(back.frames[1] == exact.pixels);
  int farthest = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    CHECK(back.frames[0][i] % 51 == 0);
    farthest = std::max(farthest, std::abs(back.frames[0][i] - image.pixels[i]));
  }
  CHECK(farthest == 25);  // half of the 51 between two levels
  CHECK(back.delays == std::vector<int>{1, 1});
  CHECK(back.loops.empty());
}

TEST_CASE("frames that make no animation are an error, and leave the old file", "[gif]") {
  test::TempDir dir;
  test::write_bytes(dir / "a.gif", "old");
  const auto error = [&](const std::vector<io::Image>& frames, io::GifOptions options = {}) {
    return error_of([&] { io::write_gif(dir / "a.gif", frames, options); });
  };
  const auto a = picture(2, 3, 1, 0);
  CHECK(error({}) == "gif: expected one frame or more, found none");
  CHECK(error({a, a, picture(3, 2, 1, 0)}) == "gif: frame 2 is 3 x 2 x 1, the first 2 x 3 x 1");
  CHECK(error({a, picture(2, 3, 3, 0)}) == "gif: frame 1 is 2 x 3 x 3, the first 2 x 3 x 1");
  CHECK(error({{2, 3, 1, {1, 2}}}) == "gif: frame 0: 2 x 3 x 1 takes 6 bytes, found 2");
  CHECK(error({{1, 65536, 1, {}}}) ==
        "gif: frame 0: expected sides of 1 to 65535 pixels of 1 or 3 channels, found 1 x 65536 x 1");
  CHECK_THAT(error({{1, 1, 2, {1, 2}}}), ContainsSubstring("found 1 x 1 x 2"));
  CHECK_THAT(error({io::Image{}}), ContainsSubstring("found 0 x 0 x 1"));
  CHECK(error({a}, {.delay_ms = -1}) == "gif: expected a delay of 0 to 655350 ms, found -1");
  CHECK_THAT(error({a}, {.delay_ms = 655351}), ContainsSubstring("found 655351"));
  CHECK(test::read_bytes(dir / "a.gif") == "old");
  CHECK_THAT(error_of([&] { io::write_gif(dir / "a.gif/b.gif", std::vector{a}); }),
             ContainsSubstring((dir / "a.gif/b.gif").string()));
}

TEST_CASE("what giflib says becomes the error", "[gif]") {
  // A frame before the screen: giflib refuses it.
  CHECK(error_of([] {
          io::detail::GifEncoder().frame({1, 1, 1, {0}}, 1);
        }) == std::string("gif: giflib: ") + GifErrorString(E_GIF_ERR_NO_COLOR_MAP));
}

// Animated GIF files, by giflib. Not in io.hpp: giflib is optional.
#pragma once

#include <gif_lib.h>

#include <array>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "figment/io/file.hpp"
#include "figment/io/image.hpp"

namespace figment::io {

/// How an animation runs.
struct GifOptions {
  Index delay_ms = 200;  ///< how long a frame is shown; the file keeps hundredths of a second
  bool loop = true;      ///< begin again, for ever; else the last frame stays
};

namespace detail {

[[noreturn]] inline void gif_failed(int code) {
  const char* text = GifErrorString(code);
  fail("gif: giflib: {}", text ? text : "unknown error");
}

/// A GIF file that is written to memory: no exception has to pass through giflib, nor a disk's error.
class GifEncoder {
 public:
  GifEncoder() {
    int code = 0;
    gif_ = EGifOpen(&bytes_, append, &code);
    if (!gif_) gif_failed(code);
    EGifSetGifVersion(gif_, true);  // 89a: delays and loops
  }
  GifEncoder(const GifEncoder&) = delete;
  GifEncoder& operator=(const GifEncoder&) = delete;
  ~GifEncoder() {
    if (gif_) EGifCloseFile(gif_, nullptr);
  }

  /// Greys if there is one channel; else 6 levels of red, green and blue each.
  void begin(int width, int height, Index channels) {
    std::array<GifColorType, 256> colors{};
    for (std::size_t i = 0; i < 256; ++i) {
      const auto level = [](std::size_t step) { return static_cast<GifByteType>(step % 6 * 51); };
      const auto grey = static_cast<GifByteType>(i);
      if (channels == 1)
        colors[i] = {grey, grey, grey};
      else if (i < 216)
        colors[i] = {level(i / 36), level(i / 6), level(i)};
    }
    const std::unique_ptr<ColorMapObject, void (*)(ColorMapObject*)> map(GifMakeMapObject(256, colors.data()),
                                                                         GifFreeMapObject);
    if (!map) gif_failed(E_GIF_ERR_NOT_ENOUGH_MEM);
    confirm(EGifPutScreenDesc(gif_, width, height, 8, 0, map.get()));
  }

  /// The extension of Netscape 2.0: a count of repetitions, where 0 has no end.
  void loop_for_ever() {
    const std::array<GifByteType, 3> block{1, 0, 0};
    confirm(EGifPutExtensionLeader(gif_, APPLICATION_EXT_FUNC_CODE));
    confirm(EGifPutExtensionBlock(gif_, 11, "NETSCAPE2.0"));
    confirm(EGifPutExtensionBlock(gif_, 3, block.data()));
    confirm(EGifPutExtensionTrailer(gif_));
  }

  void frame(const Image& image, int hundredths) {
    const GraphicsControlBlock control{DISPOSAL_UNSPECIFIED, false, hundredths, NO_TRANSPARENT_COLOR};
    std::array<GifByteType, 4> block{};
    const auto size = EGifGCBToExtension(&control, block.data());
    confirm(EGifPutExtension(gif_, GRAPHICS_EXT_FUNC_CODE, static_cast<int>(size), block.data()));
    const auto width = static_cast<int>(image.width);
    confirm(EGifPutImageDesc(gif_, 0, 0, width, static_cast<int>(image.height), false, nullptr));
    const auto nearest = [](std::uint8_t v) { return (v * 5 + 127) / 255; };
    row_.resize(static_cast<std::size_t>(width));
    for (Index y = 0; y < image.height; ++y) {
      const std::uint8_t* p = image.at(y, 0);
      for (GifPixelType& place : row_) {
        place = image.channels == 1
                    ? *p
                    : static_cast<GifPixelType>(nearest(p[0]) * 36 + nearest(p[1]) * 6 + nearest(p[2]));
        p += image.channels;
      }
      confirm(EGifPutLine(gif_, row_.data(), width));
    }
  }

  std::vector<std::uint8_t> finish() {
    int code = 0;
    if (EGifCloseFile(std::exchange(gif_, nullptr), &code) != GIF_OK) gif_failed(code);
    return std::move(bytes_);
  }

 private:
  static int append(GifFileType* gif, const GifByteType* from, int n) {
    auto& bytes = *static_cast<std::vector<std::uint8_t>*>(gif->UserData);
    try {
      bytes.insert(bytes.end(), from, from + n);
    } catch (const std::bad_alloc&) {
      return 0;  // giflib then says that it could not write
    }
    return n;
  }

  void confirm(int status) {
    if (status != GIF_OK) gif_failed(gif_->Error);
  }

  std::vector<std::uint8_t> bytes_;
  std::vector<GifPixelType> row_;
  GifFileType* gif_ = nullptr;
};

inline void check_frames(std::span<const Image> frames) {
  ensure(!frames.empty(), "gif: expected one frame or more, found none");
  const Image& first = frames[0];
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Index h = frames[i].height, w = frames[i].width, c = frames[i].channels;
    ensure(h >= 1 && w >= 1 && h < 65536 && w < 65536 && (c == 1 || c == 3),
           "gif: frame {}: expected sides of 1 to 65535 pixels of 1 or 3 channels, found {} x {} x {}", i, h,
           w, c);
    ensure(h == first.height && w == first.width && c == first.channels,
           "gif: frame {} is {} x {} x {}, the first {} x {} x {}", i, h, w, c, first.height, first.width,
           first.channels);
    ensure(static_cast<Index>(frames[i].pixels.size()) == h * w * c,
           "gif: frame {}: {} x {} x {} takes {} bytes, found {}", i, h, w, c, h * w * c,
           frames[i].pixels.size());
  }
}

}  // namespace detail

/// The bytes of an animated GIF file. Grey frames keep their 256 levels; of colors each channel goes to the
/// nearest of 6 levels, without dithering. Throws when there is no frame, when one differs in size from the
/// first, and when giflib fails.
inline std::vector<std::uint8_t> encode_gif(std::span<const Image> frames, const GifOptions& options = {}) {
  detail::check_frames(frames);
  ensure(options.delay_ms >= 0 && options.delay_ms <= 655350,
         "gif: expected a delay of 0 to 655350 ms, found {}", options.delay_ms);
  const auto hundredths = static_cast<int>((options.delay_ms + 5) / 10);
  detail::GifEncoder encoder;
  encoder.begin(static_cast<int>(frames[0].width), static_cast<int>(frames[0].height), frames[0].channels);
  if (options.loop) encoder.loop_for_ever();
  for (const Image& frame : frames) encoder.frame(frame, hundredths);
  return encoder.finish();
}

/// Writes an animated GIF file, making the directories above it. Most programs show a frame for a tenth of a
/// second if its delay is below 20 ms.
inline void write_gif(const std::filesystem::path& path, std::span<const Image> frames,
                      const GifOptions& options = {}) {
  write_file(path, encode_gif(frames, options));
}

}  // namespace figment::io

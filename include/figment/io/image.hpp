// Pictures of bytes, made from tensors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "figment/core/finite.hpp"
#include "figment/core/tensor.hpp"

namespace figment::io {

/// Rows of pixels from the top, 1 (grey) or 3 (red, green, blue) bytes each.
struct Image {
  Index height = 0, width = 0, channels = 1;  ///< pixels; 1 or 3 bytes each
  std::vector<std::uint8_t> pixels = {};      ///< row by row

  /// The channels of the pixel in row y, column x, which is not checked.
  const std::uint8_t* at(Index y, Index x) const { return pixels.data() + (y * width + x) * channels; }
  /// The same, to write.
  std::uint8_t* at(Index y, Index x) { return pixels.data() + (y * width + x) * channels; }
};

/// How pictures stand side by side.
struct GridOptions {
  Index columns = 0;            ///< 0: as square as can be
  Index gap = 1;                ///< pixels between pictures, before scaling
  Index scale = 1;              ///< each pixel becomes scale x scale
  std::uint8_t background = 0;  ///< grey level of the gaps and empty places
};

namespace detail {

template <class T>
std::uint8_t to_byte(T v) {
  return figment::detail::is_nan(v) || v <= T(0)
             ? std::uint8_t{0}
             : static_cast<std::uint8_t>((std::min)(v, T(1)) * T(255) + T(0.5));
}

inline Image blank(Index height, Index width, Index channels, std::uint8_t level) {
  return {height, width, channels,
          std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * channels), level)};
}

/// Of a picture, in bytes: as many as a PNG file takes.
inline constexpr Index most_bytes = Index{1} << 30;

/// Of extents that are not negative.
inline void check_picture(const char* who, Index height, Index width, Index channels) {
  ensure(height == 0 || width <= most_bytes / channels / height, "{}: a picture of {} x {} x {} is too large",
         who, height, width, channels);
}

}  // namespace detail

/// Each pixel repeated `factor` times in both directions. Throws when the factor is not from 1 to 65536, when
/// the pixels are not as many as the picture's size says, and when it becomes larger than 1 GiB.
inline Image upscale(const Image& image, Index factor) {
  ensure(factor >= 1 && factor <= 65536, "upscale: expected a factor of 1 or more, at most 65536, found {}",
         factor);
  const Index h = image.height, w = image.width, c = image.channels;
  const auto bytes = static_cast<Index>(image.pixels.size());
  ensure(h >= 0 && h <= detail::most_bytes && w >= 0 && w <= detail::most_bytes && (c == 1 || c == 3) &&
             bytes == h * w * c,
         "upscale: {} bytes are no picture of {} x {} x {}", bytes, h, w, c);
  detail::check_picture("upscale", h * factor, w * factor, c);
  Image big = detail::blank(h * factor, w * factor, c, 0);
  for (Index y = 0; y < big.height; ++y)
    for (Index x = 0; x < big.width; ++x)
      std::copy_n(image.at(y / factor, x / factor), image.channels, big.at(y, x));
  return big;
}

/// Pictures (N, H, W), (N, H, W, 1) or (N, H, W, 3) with values in [0, 1], side by side, row after row.
/// Values outside are clamped, NaN is 0. Throws when there are no pixels, the shape is another, or the
/// picture larger than 1 GiB.
template <class T>
Image grid(const Tensor<T>& images, const GridOptions& options = {}) {
  const Shape& s = images.shape();
  const Index channels = s.rank() == 4 ? s[3] : 1;
  ensure((s.rank() == 3 || s.rank() == 4) && (channels == 1 || channels == 3) && s.size() > 0,
         "grid: expected images (N, H, W), (N, H, W, 1) or (N, H, W, 3), found {}", s);
  ensure(options.columns >= 0 && options.gap >= 0 && options.gap <= 65536,
         "grid: expected columns and gap of 0 or more, at most 65536, found {} and {}", options.columns,
         options.gap);
  const Index n = s[0], height = s[1], width = s[2], gap = options.gap;
  const auto square = static_cast<Index>(std::ceil(std::sqrt(static_cast<double>(n))));
  const Index columns = options.columns ? (std::min)(options.columns, n) : square;
  const Index rows = (n + columns - 1) / columns;
  const Index all_rows = rows * (height + gap) - gap, all_columns = columns * (width + gap) - gap;
  detail::check_picture("grid", all_rows, all_columns, channels);
  Image out = detail::blank(all_rows, all_columns, channels, options.background);
  const T* from = images.data();
  for (Index i = 0; i < n; ++i)
    for (Index y = 0; y < height; ++y, from += width * channels)
      std::transform(from, from + width * channels,
                     out.at(i / columns * (height + gap) + y, i % columns * (width + gap)),
                     detail::to_byte<T>);
  return upscale(out, options.scale);
}

/// A picture (H, W), (H, W, 1) or (H, W, 3) with values in [0, 1]. Values outside are clamped, NaN is 0.
template <class T>
Image to_image(const Tensor<T>& x) {
  const Shape& s = x.shape();
  ensure(s.rank() == 2 || (s.rank() == 3 && (s[2] == 1 || s[2] == 3)),
         "to_image: expected (H, W), (H, W, 1) or (H, W, 3), found {}", s);
  Image out = detail::blank(s[0], s[1], s.rank() == 3 ? s[2] : 1, 0);
  std::transform(x.values().begin(), x.values().end(), out.pixels.begin(), detail::to_byte<T>);
  return out;
}

/// The pixels (H, W, C) in [0, 1]; to_image makes the same picture of them.
template <class T = float>
Tensor<T> to_tensor(const Image& image) {
  Tensor<T> x({image.height, image.width, image.channels});
  ensure(static_cast<Index>(image.pixels.size()) == x.size(),
         "to_tensor: {} x {} x {} takes {} bytes, found {}", image.height, image.width, image.channels,
         x.size(), image.pixels.size());
  std::transform(image.pixels.begin(), image.pixels.end(), x.mutable_data(),
                 [](std::uint8_t v) { return static_cast<T>(v) / T(255); });
  return x;
}

}  // namespace figment::io

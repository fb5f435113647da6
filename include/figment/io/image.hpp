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

  /// The channels of the pixel in row y, column x.
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
             : static_cast<std::uint8_t>(std::min(v, T(1)) * T(255) + T(0.5));
}

inline Image blank(Index height, Index width, Index channels, std::uint8_t level) {
  return {height, width, channels,
          std::vector<std::uint8_t>(static_cast<std::size_t>(height * width * channels), level)};
}

}  // namespace detail

/// Each pixel repeated `factor` times in both directions.
inline Image upscale(const Image& image, Index factor) {
  check(factor >= 1, "upscale: expected a factor of 1 or more, found {}", factor);
  Image big = detail::blank(image.height * factor, image.width * factor, image.channels, 0);
  for (Index y = 0; y < big.height; ++y)
    for (Index x = 0; x < big.width; ++x)
      std::copy_n(image.at(y / factor, x / factor), image.channels, big.at(y, x));
  return big;
}

/// Pictures (N, H, W), (N, H, W, 1) or (N, H, W, 3) with values in [0, 1], side by side, row after row.
/// Values outside are clamped, NaN is 0. Throws when N is 0 or the shape is another.
template <class T>
Image grid(const Tensor<T>& images, const GridOptions& options = {}) {
  const Shape& s = images.shape();
  const Index channels = s.rank() == 4 ? s[3] : 1;
  check((s.rank() == 3 || s.rank() == 4) && (channels == 1 || channels == 3) && s.size() > 0,
        "grid: expected images (N, H, W), (N, H, W, 1) or (N, H, W, 3), found {}", s);
  check(options.columns >= 0 && options.gap >= 0,
        "grid: expected columns and gap of 0 or more, found {} and {}", options.columns, options.gap);
  const Index n = s[0], height = s[1], width = s[2], gap = options.gap;
  const auto square = static_cast<Index>(std::ceil(std::sqrt(static_cast<double>(n))));
  const Index columns = options.columns ? std::min(options.columns, n) : square;
  const Index rows = (n + columns - 1) / columns;
  Image out =
      detail::blank(rows * (height + gap) - gap, columns * (width + gap) - gap, channels, options.background);
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
  check(s.rank() == 2 || (s.rank() == 3 && (s[2] == 1 || s[2] == 3)),
        "to_image: expected (H, W), (H, W, 1) or (H, W, 3), found {}", s);
  Image out = detail::blank(s[0], s[1], s.rank() == 3 ? s[2] : 1, 0);
  std::transform(x.values().begin(), x.values().end(), out.pixels.begin(), detail::to_byte<T>);
  return out;
}

}  // namespace figment::io

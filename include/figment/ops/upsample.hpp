// Images of another size, channels last, with gradients of any order.
#pragma once

#include <cmath>

#include "figment/ops/resample.hpp"

namespace figment {

/// How a resized image's elements follow from the old ones. Centres of elements lie at halves, as in PyTorch
/// with align_corners=False and in Keras: output o is at (o + 1/2) in / out - 1/2. Shrinking does not blur
/// first.
enum class Interpolation {
  nearest,                ///< the element at floor(o in / out)
  bilinear,               ///< between the four around the place; outside the outermost centres, those
  bilinear_align_corners  ///< the same, output o being at o (in - 1) / (out - 1): corners stay corners
};

/// Its name, as "nearest".
inline std::string_view name(Interpolation mode) {
  return mode == Interpolation::nearest    ? "nearest"
         : mode == Interpolation::bilinear ? "bilinear"
                                           : "bilinear_align_corners";
}

namespace detail {

struct ResizeAxis {
  Index input, output;
  Interpolation mode;

  template <class F>
  void each(F f) const {
    const bool corners = mode == Interpolation::bilinear_align_corners;
    const double step = static_cast<double>(input) / static_cast<double>(output);
    for (Index o = 0; o < output; ++o) {
      if (mode == Interpolation::nearest) {
        f(o, o * input / output, 1.0);
        continue;
      }
      const double place = corners ? static_cast<double>(o * (input - 1)) /
                                         static_cast<double>((std::max)(output - 1, Index{1}))
                                   : (std::max)(0.0, (static_cast<double>(o) + 0.5) * step - 0.5);
      const Index low = static_cast<Index>(place);
      const double part = low + 1 < input ? place - static_cast<double>(low) : 0;
      f(o, low, 1 - part);
      if (part > 0) f(o, low + 1, part);
    }
  }
};

template <class T>
Tensor<T> resize(const char* name, const Tensor<T>& x, Extent2 size, Interpolation mode) {
  constexpr Index limit = (std::numeric_limits<std::int32_t>::max)();
  const bool possible = size.height >= 1 && size.width >= 1 && x.dim(1) >= 1 && x.dim(2) >= 1;
  ensure(possible && (std::max)({size.height, size.width, x.dim(1), x.dim(2)}) <= limit,
         "{}: cannot resize x {} to {} by {}", name, x.shape(), size.height, size.width);
  return resample(name, ResizeAxis{x.dim(1), size.height, mode}, ResizeAxis{x.dim(2), size.width, mode}, x);
}

}  // namespace detail

/// x (N, H, W, C) at another size: to (N, size.height, size.width, C).
template <detail::Real T>
Tensor<T> resize2d(const Tensor<T>& x, Extent2 size, Interpolation mode = Interpolation::nearest) {
  ensure(x.rank() == 4, "resize2d: expected x (N, H, W, C), found {}", x.shape());
  return detail::resize("resize2d", x, size, mode);
}

/// x (N, H, W, C) enlarged by whole factors: to (N, H factor.height, W factor.width, C).
template <detail::Real T>
Tensor<T> upsample2d(const Tensor<T>& x, Extent2 factor, Interpolation mode = Interpolation::nearest) {
  ensure(x.rank() == 4, "upsample2d: expected x (N, H, W, C), found {}", x.shape());
  ensure(factor.height >= 1 && factor.width >= 1,
         "upsample2d: expected factors of 1 or more, found {} and {}", factor.height, factor.width);
  const Extent2 size(detail::counted("upsample2d", x.dim(1), factor.height),
                     detail::counted("upsample2d", x.dim(2), factor.width));
  return detail::resize("upsample2d", x, size, mode);
}

}  // namespace figment

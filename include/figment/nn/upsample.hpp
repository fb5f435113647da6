// Up-sampling as a layer.
#pragma once

#include "figment/nn/describe.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/upsample.hpp"

namespace figment {

/// Images enlarged by whole factors: UpSample2d(2), UpSample2d({2, 1}, Interpolation::bilinear). See
/// upsample2d.
struct UpSample2d {
  Extent2 factor;      ///< 1 or more each way
  Interpolation mode;  ///< between pixels

  /// Twice as large, by repeating pixels, unless said otherwise.
  explicit UpSample2d(Extent2 f = 2, Interpolation m = Interpolation::nearest) : factor(f), mode(m) {
    ensure(f.height >= 1 && f.width >= 1, "UpSample2d: expected a factor of 1 or more, found {} and {}",
           f.height, f.width);
  }

  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return upsample2d(x, factor, mode); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const {
    return figment::format("UpSample2d({}, {})", detail::short_text(factor), name(mode));
  }
};

}  // namespace figment

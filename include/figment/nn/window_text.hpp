// How layers with windows describe themselves.
#pragma once

#include <string>

#include "figment/ops/conv_geometry.hpp"

namespace figment::detail {

/// "5x3".
inline std::string extent_text(Extent2 e) { return format("{}x{}", e.height, e.width); }
/// "2", or "2x1" where the two differ.
inline std::string short_text(Extent2 e) {
  return e.height == e.width ? std::to_string(e.height) : extent_text(e);
}

/// What of stride, padding and dilation is not the usual: ", stride 2, same, dilation 2".
inline std::string window_text(Extent2 stride, Extent2 usual_stride, const Padding& p, Extent2 dilation) {
  std::string s;
  if (!(stride == usual_stride)) s += ", stride " + short_text(stride);
  if (p.kind == Padding::Kind::same) s += ", same";
  if (p.kind == Padding::Kind::given)
    s += p.top == p.bottom && p.left == p.right
             ? ", padding " + short_text({p.top, p.left})
             : format(", padding {} {} {} {}", p.top, p.left, p.bottom, p.right);
  if (!(dilation == Extent2(1))) s += ", dilation " + short_text(dilation);
  return s;
}

}  // namespace figment::detail

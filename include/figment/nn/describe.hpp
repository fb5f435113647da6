// What descriptions of layers are made of.
#pragma once

#include <string>

#include "figment/ops/conv_geometry.hpp"
#include "figment/ops/matmul.hpp"

namespace figment {

/// Its name, as "leaky_relu".
inline std::string_view name(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return "relu";
    case Activation::leaky_relu:
      return "leaky_relu";
    case Activation::sigmoid:
      return "sigmoid";
    case Activation::tanh:
      return "tanh";
    default:
      return "none";
  }
}

namespace detail {

/// How a layer's description ends: with its activation, if it has one.
inline std::string closing_text(Activation a) {
  return a == Activation::none ? ")" : figment::format(", {})", name(a));
}

/// "5x3".
inline std::string extent_text(Extent2 e) { return figment::format("{}x{}", e.height, e.width); }
/// "2", or "2x1" where the two differ.
inline std::string short_text(Extent2 e) {
  return e.height == e.width ? std::to_string(e.height) : extent_text(e);
}

/// What of stride, padding and dilation is not the usual: ", stride 2, same, dilation 2".
inline std::string window_text(Extent2 stride, Extent2 usual_stride, const Padding& p, Extent2 dilation) {
  std::string s;
  if (!(stride == usual_stride)) s += ", stride " + short_text(stride);
  if (p.kind == Padding::Kind::same)
    s += ", same";
  else if (p.top != 0 || p.left != 0 || p.bottom != 0 || p.right != 0)
    s += p.top == p.bottom && p.left == p.right
             ? ", padding " + short_text({p.top, p.left})
             : figment::format(", padding {} {} {} {}", p.top, p.left, p.bottom, p.right);
  if (!(dilation == Extent2(1))) s += ", dilation " + short_text(dilation);
  return s;
}

}  // namespace detail

}  // namespace figment

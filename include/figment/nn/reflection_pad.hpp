// Images continued by their reflection.
#pragma once

#include "figment/nn/describe.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/pad.hpp"

namespace figment {

/// Images (N, H, W, C) with rows and columns more around them, which reflect those beside the edge without
/// the edge itself: ReflectionPad2d(1), ReflectionPad2d({2, 1}) or a Padding::of(top, left, bottom, right).
/// See pad.
struct ReflectionPad2d {
  Padding padding;  ///< how many on each side

  /// As many on opposite sides.
  explicit ReflectionPad2d(Extent2 p) : ReflectionPad2d(Padding::all(p)) {}
  /// Each side by itself. Throws unless all are given, and 0 or more.
  explicit ReflectionPad2d(const Padding& p) : padding(p) {
    ensure(p.kind == Padding::Kind::given && p.top >= 0 && p.left >= 0 && p.bottom >= 0 && p.right >= 0,
           "ReflectionPad2d: expected widths of 0 or more");
  }

  /// Throws where an extent is not larger than its padding.
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] {
      ensure(x.rank() == 4, "ReflectionPad2d: expected x (N, H, W, C), found {}", x.shape());
      return pad(x, {{}, {padding.top, padding.bottom}, {padding.left, padding.right}}, PadMode::reflect);
    });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const {
    const Padding& p = padding;
    return p.top == p.bottom && p.left == p.right
               ? figment::format("ReflectionPad2d({})", detail::short_text({p.top, p.left}))
               : figment::format("ReflectionPad2d({}, {}, {}, {})", p.top, p.left, p.bottom, p.right);
  }
};

}  // namespace figment

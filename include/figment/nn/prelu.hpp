// The layer of rectification with a learned slope.
#pragma once

#include <string>

#include "figment/nn/report.hpp"
#include "figment/ops/prelu.hpp"

namespace figment {

/// x, but slope x where it is negative, as prelu(), with a slope that is learned (He et al., 2015): one for
/// all elements, or one for each channel of x (…, C).
template <class T = float>
struct PRelu {
  using value_type = T;

  Tensor<T> slope;  ///< (1,) or (C,)

  /// One slope, or that many, of a starting value.
  explicit PRelu(Index slopes = 1, double start = 0.25)
      : slope(parameter(Tensor<T>::full({slopes}, static_cast<T>(start)))) {
    ensure(slopes >= 1, "PRelu: expected 1 or more slopes, found {}", slopes);
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return prelu(x, slope); });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void visit(auto&& v) { v("slope", slope, Layout::scale); }

  std::string describe() const { return figment::format("PRelu({})", slope.size()); }
};

}  // namespace figment

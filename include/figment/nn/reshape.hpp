// Layers that change the shape of each sample.
#pragma once

#include "figment/nn/report.hpp"
#include "figment/ops/shape.hpp"

namespace figment {

/// (N, …) -> (N, product of the rest).
struct Flatten {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return flatten(x); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
};

/// (N, …) -> (N, shape…).
struct Reshape {
  Shape shape;  ///< of each sample
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    Shape out{x.rank() ? x.dim(0) : 1};
    for (Index d : shape) out.push_back(d);
    return detail::reported(*this, x, [&] { return figment::reshape(x, out); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const { return figment::format("Reshape{}", shape); }
};

}  // namespace figment

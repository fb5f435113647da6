// Activations as layers.
#pragma once

#include <string>

#include "figment/nn/report.hpp"
#include "figment/ops/activation.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

/// max(x, 0) of each element, as relu().
struct Relu {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return relu(x); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
};
/// x, but slope x where it is negative, as leaky_relu().
struct LeakyRelu {
  double slope = 0.3;  ///< Keras' default; PyTorch's is 0.01
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return leaky_relu(x, slope); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const { return figment::format("LeakyRelu({})", slope); }
};
/// x, but alpha (e^x - 1) where it is negative, as elu().
struct Elu {
  double alpha = 1;  ///< minus the limit for x towards -infinity
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return elu(x, alpha); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
  std::string describe() const { return figment::format("Elu({})", alpha); }
};
/// x Phi(x) of each element, as gelu().
struct Gelu {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return gelu(x); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
};
/// x sigmoid(x) of each element, as silu().
struct Silu {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return silu(x); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
};
/// log(1 + e^x) of each element, as softplus().
struct Softplus {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return softplus(x); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
};
/// 1 / (1 + e^-x) of each element, as sigmoid(). Not before a loss that takes logits.
struct Sigmoid {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return sigmoid(x); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
};
/// tanh(x) of each element.
struct Tanh {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return tanh(x); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
};
/// Over the last dimension.
struct Softmax {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] { return softmax(x); });
  }
  /// forward(x).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x) const {
    return forward(x);
  }
};

}  // namespace figment

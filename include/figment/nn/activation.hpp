// Activations as layers.
#pragma once

#include <string>

#include "figment/ops/activation.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

struct Relu {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return relu(x);
  }
};
struct LeakyRelu {
  double slope = 0.3;  ///< Keras' default; PyTorch's is 0.01
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return leaky_relu(x, slope);
  }
  std::string describe() const { return format("LeakyRelu({})", slope); }
};
struct Elu {
  double alpha = 1;
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return elu(x, alpha);
  }
  std::string describe() const { return format("Elu({})", alpha); }
};
struct Gelu {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return gelu(x);
  }
};
struct Silu {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return silu(x);
  }
};
struct Softplus {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return softplus(x);
  }
};
struct Sigmoid {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return sigmoid(x);
  }
};
struct Tanh {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return tanh(x);
  }
};
/// Over the last dimension.
struct Softmax {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return softmax(x);
  }
};

}  // namespace figment

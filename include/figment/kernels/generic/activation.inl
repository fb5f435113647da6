// The closing activation of a product. Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/elementwise.inl"  // opened alone
#endif

template <class T>
void activate(Activation activation, double slope, T* y, Index n) noexcept {
  switch (activation) {
    case Activation::none:
      return;
    case Activation::relu:
      return unary(op::Relu{}, y, y, n);
    case Activation::leaky_relu:
      return unary(op::LeakyRelu{slope}, y, y, n);
    case Activation::sigmoid:
      return unary(op::Sigmoid{}, y, y, n);
    case Activation::tanh:
      return unary(op::Tanh{}, y, y, n);
  }
}

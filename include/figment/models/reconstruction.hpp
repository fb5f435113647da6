// How autoencoders compare what they made with what they were given.
#pragma once

#include "figment/ops/loss.hpp"
#include "figment/ops/matmul.hpp"

namespace figment {

/// How far a reconstruction is from its image: binary cross-entropy or squared error.
enum class Reconstruction { bce, mse };

/// Its name, as "bce".
inline std::string_view name(Reconstruction r) { return r == Reconstruction::bce ? "bce" : "mse"; }

namespace detail {

/// A decoder's logits as pixels.
template <class T>
Tensor<T> pixels_of(const Tensor<T>& logits, Activation output) {
  switch (output) {
    case Activation::none:
      return logits;
    case Activation::relu:
      return relu(logits);
    case Activation::tanh:
      return tanh(logits);
    default:
      ensure(output == Activation::sigmoid, "a decoder's output is none, relu, tanh or sigmoid");
      return sigmoid(logits);
  }
}

/// Of logits whose sigmoid is the pixels.
template <class T>
Tensor<T> reconstruction_loss(Reconstruction kind, const Tensor<T>& logits, const Tensor<T>& target,
                              Reduction reduction) {
  if (kind == Reconstruction::mse) return mse(sigmoid(logits), target, reduction);
  return bce_with_logits(logits, target, reduction);
}
/// Of any output. Apart, as a VAE has no other than the sigmoid, and need not compile them.
template <class T>
Tensor<T> reconstruction_loss(Reconstruction kind, const Tensor<T>& logits, const Tensor<T>& target,
                              Reduction reduction, Activation output) {
  if (output == Activation::sigmoid) return reconstruction_loss(kind, logits, target, reduction);
  const Tensor<T> pixels = pixels_of(logits, output);
  return kind == Reconstruction::mse ? mse(pixels, target, reduction) : bce(pixels, target, reduction);
}

}  // namespace detail

}  // namespace figment

// Spectral normalisation: layers that stretch no input by more than 1.
#pragma once

#include <algorithm>
#include <cmath>

#include "figment/nn/layer.hpp"
#include "figment/ops/matmul.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

/// A layer whose weight is divided by its largest singular value (Miyato et al., 2018), as a matrix of all
/// extents but the last by the last: of Linear and Conv2d that is (all else, out). The singular value is
/// estimated from the buffer `u`, (out,), which takes one power iteration each forward pass of training, none
/// otherwise. The singular vectors are constants to the gradient. The layer's tensors keep their names.
///
///   Sequential{SpectralNorm(Conv2d(1, 64, rng, options), rng), LeakyRelu{0.2}}
///
/// PyTorch keeps v besides u and so uses, when not training, its last estimate in training; here v is made
/// anew from u, which is right for changed or averaged weights too, and the same once u has settled. Of a
/// ConvTranspose2d this divides by what the convolution it is the adjoint of would be divided by.
template <class L>
struct SpectralNorm {
  static_assert(
      requires(L & l) { l.weight; }, "figment: SpectralNorm is for layers with a `weight`");
  using value_type = module_value_t<L>;
  using T = value_type;

  L layer;      ///< what x goes through, its weight divided
  Tensor<T> u;  ///< the right singular vector of the largest value, as known so far

  /// From a random u.
  SpectralNorm(L l, Rng& rng)
      : layer(std::move(l)), u(unit(cast<T>(rng.normal<double>({layer.weight.dim(-1)})))) {}
  /// From a given u (the weight's last extent,), of any norm.
  SpectralNorm(L l, const Tensor<T>& start) : layer(std::move(l)) {
    const Shape expected{layer.weight.dim(-1)};
    ensure(start.shape() == expected, "SpectralNorm: expected u {} for weight {}, found {}", expected,
           layer.weight.shape(), start.shape());
    u = no_grad([&] { return unit(start); });
  }

  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return detail::reported(*this, x, [&] {
      L normalised = layer;  // handles
      normalised.weight = weight_for(context);
      return detail::forward_part(normalised, x, context);
    });
  }
  /// forward(x, context).
  Tensor<T> operator()(const Tensor<T>& x, const Context& context = {}) const { return forward(x, context); }

  /// The divided weight that forward computes with.
  Tensor<T> weight_for(const Context& context) const {
    const Tensor<T>& weight = layer.weight;
    const Index out = weight.dim(-1);
    const Tensor<T> w = reshape(weight, {-1, out});
    Tensor<T> left, right;  // the singular vectors, (rows, 1) and (1, out)
    {
      NoGrad guard;
      left = unit(matmul(w, reshape(u, {out, 1})));
      right = context.training ? unit(matmul(left, w, {.a = true})) : unit(reshape(u, {1, out}));
    }
    const Tensor<T> sigma = sum(matmul(left, w, {.a = true}) * right);
    ensure(sigma.item() != 0, "SpectralNorm: weight {} maps u to 0: is it all zeros?", weight.shape());
    if (context.training) {
      Tensor<T> kept = u;  // the same memory: the layer itself is constant while a model runs
      kept.copy_from(right.view_as({out}));
    }
    return weight / sigma;
  }

  void visit(auto&& v) {
    layer.visit(v);
    v("u", u, buffer, Layout::singular);
  }

  std::string describe() const { return figment::describe(layer) + " spectral norm"; }

 private:
  /// x / ||x||, or 0 of 0.
  static Tensor<T> unit(const Tensor<T>& x) {
    const double norm = std::sqrt(static_cast<double>(sum(square(x)).item()));
    return x * (1 / (std::max)(norm, 1e-12));  // PyTorch's bound
  }
};

}  // namespace figment

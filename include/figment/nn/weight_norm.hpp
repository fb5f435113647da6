// Weight normalisation: a weight's length learned apart from its direction.
#pragma once

#include "figment/nn/layer.hpp"
#include "figment/ops/math.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

/// A layer whose weight is g v / ||v||, for each of its last extent's places by itself (Salimans and Kingma,
/// 2016): of Linear and Conv2d those are the outputs, as in PyTorch. v takes the weight's place and its name,
/// and g begins as ||v||, so that the layer begins as it is.
///
///   Sequential{WeightNorm(Conv2d(1, 64, rng, options)), Relu{}}
template <class L>
struct WeightNorm {
  static_assert(
      requires(L & l) { l.weight; }, "figment: WeightNorm is for layers with a `weight`");
  using value_type = module_value_t<L>;
  using T = value_type;

  L layer;      ///< what x goes through; its weight is v
  Tensor<T> g;  ///< (the weight's last extent,), the lengths

  /// Throws when v has no length, as the length of 0 has no gradient.
  explicit WeightNorm(L l) : layer(std::move(l)) {
    g = parameter(no_grad([&] { return reshape(lengths(), Shape{layer.weight.dim(-1)}); }));
    for (const T length : std::as_const(g).values())
      ensure(length > 0, "WeightNorm: weight {} has columns of zeros", layer.weight.shape());
  }

  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return detail::reported(*this, x, [&] {
      L normalised = layer;  // handles
      normalised.weight = weight();
      return detail::forward_part(normalised, x, context);
    });
  }
  /// forward(x, context).
  Tensor<T> operator()(const Tensor<T>& x, const Context& context = {}) const { return forward(x, context); }

  /// The weight that forward computes with.
  Tensor<T> weight() const { return layer.weight * (g / lengths()); }

  void visit(auto&& v) {
    layer.visit(v);
    v("g", g, Layout::length);
  }

  std::string describe() const { return figment::describe(layer) + " weight norm"; }

 private:
  /// ||v||, one for each of the last extent: (1, …, 1, out).
  Tensor<T> lengths() const {
    const auto& v = layer.weight;
    Shape kept = v.shape();
    for (Index i = 0; i + 1 < kept.rank(); ++i) kept[i] = 1;
    return sqrt(sum_to(square(v), kept));
  }
};

}  // namespace figment

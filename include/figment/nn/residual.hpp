// Layers around which their input goes: added to what they make of it, or put beside it.
#pragma once

#include "figment/nn/sequential.hpp"
#include "figment/ops/shape.hpp"

namespace figment {

namespace detail {

/// x through layers that are another layer's own: the Sequential that holds them is no layer of the model.
template <class T>
Tensor<T> through(const Sequential<T>& layers, Tensor<T> x, const Context& context) {
  for (const auto& layer : layers) x = layer.forward(x, context);
  return x;
}

/// Of a constructor that takes layers: not the copy.
template <class Self, class First, class... Rest>
concept TakesLayers = sizeof...(Rest) > 0 || !std::is_same_v<First, Self>;

}  // namespace detail

/// x + f(x), f being layers one after the other that keep x's shape (He et al., 2015). Their tensors are
/// named as in a Sequential.
///
///   Residual{Conv2d(8, 8, rng, {.padding = Padding::same()}), GroupNorm(2, 8), Silu{}}
template <class T = float>
struct Residual {
  using value_type = T;

  Sequential<T> layers;  ///< f

  /// Layers and named() ones, from the first to the last.
  template <class First, class... Rest>
  requires detail::TakesLayers<Residual, First, Rest...>
  explicit Residual(First first, Rest... rest) {
    layers.add(std::move(first));
    (layers.add(std::move(rest)), ...);
  }

  /// Throws when f(x) has another shape.
  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return detail::reported(*this, x, [&] {
      const auto y = detail::through(layers, x, context);
      ensure(y.shape() == x.shape(), "Residual: its layers make {} of x {}, expected its shape", y.shape(),
             x.shape());
      return x + y;
    });
  }
  /// forward(x, context).
  Tensor<T> operator()(const Tensor<T>& x, const Context& context = {}) const { return forward(x, context); }

  void visit(auto&& v) { layers.visit(v); }
};
/// The number type is that of the first layer that has one, or float.
template <class First, class... Rest>
Residual(First, Rest...) -> Residual<typename detail::layers_value<First, Rest...>::type>;

/// x and behind its channels those of f(x), f being layers one after the other that keep all of x's extents
/// but the last: (N, …, C) to (N, …, C + C'). What a U-Net goes down and up inside.
///
///   Skip{MaxPool2d(2), Conv2d(8, 8, rng, {.padding = Padding::same()}), UpSample2d(2)}
template <class T = float>
struct Skip {
  using value_type = T;

  Sequential<T> layers;  ///< f

  /// Layers and named() ones, from the first to the last.
  template <class First, class... Rest>
  requires detail::TakesLayers<Skip, First, Rest...>
  explicit Skip(First first, Rest... rest) {
    layers.add(std::move(first));
    (layers.add(std::move(rest)), ...);
  }

  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return detail::reported(*this, x, [&] { return concat({x, detail::through(layers, x, context)}, -1); });
  }
  /// forward(x, context).
  Tensor<T> operator()(const Tensor<T>& x, const Context& context = {}) const { return forward(x, context); }

  void visit(auto&& v) { layers.visit(v); }
};
/// The number type is that of the first layer that has one, or float.
template <class First, class... Rest>
Skip(First, Rest...) -> Skip<typename detail::layers_value<First, Rest...>::type>;

}  // namespace figment

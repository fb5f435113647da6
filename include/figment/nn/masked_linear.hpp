// Dense layers some of whose weights are nothing, as autoregressive networks have them.
#pragma once

#include <vector>

#include "figment/nn/layer.hpp"
#include "figment/nn/linear.hpp"

namespace figment {

/// y = act(x (W * mask) + b), the mask (in, out) being of ones and zeros: x (…, in) -> (…, out). The weights
/// where it is 0 begin, and so stay, at 0.
template <class T = float>
struct MaskedLinear {
  using value_type = T;

  Linear<T> linear;  ///< its weight before the mask
  Tensor<T> mask;    ///< (in, out), a constant that is not saved

  /// Draws as Linear does.
  MaskedLinear(const Tensor<T>& of, Rng& rng, LinearOptions options = {})
      : linear(checked(of).dim(0), checked(of).dim(1), rng, options), mask(of.clone()) {
    linear.weight.copy_from(no_grad([&] { return masked_weight(); }));
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] {
      Linear<T> masked = linear;  // handles
      masked.weight = masked_weight();
      return detail::forward_part(masked, x, {});
    });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  /// The weight that forward computes with.
  Tensor<T> masked_weight() const { return linear.weight * mask; }

  void visit(auto&& v) { linear.visit(v); }

  std::string describe() const { return "Masked" + linear.describe(); }

 private:
  static const Tensor<T>& checked(const Tensor<T>& mask) {
    ensure(mask.rank() == 2, "MaskedLinear: expected a mask (in, out), found {}", mask.shape());
    return mask;
  }
};

/// The masks (in, out) of a MADE (Germain et al., 2015): of dense layers from `inputs` numbers through hidden
/// ones of these sizes to `outputs` for each of the numbers, in columns d * outputs to (d + 1) * outputs - 1
/// for number d, which follow from numbers 0 to d - 1 alone. Hidden units see the first 1, 2, …, inputs - 1
/// numbers in turn.
///
///   for (const auto& mask : made_masks(784, {500, 500})) net.add(MaskedLinear(mask, rng, …));
template <class T = float>
std::vector<Tensor<T>> made_masks(Index inputs, const std::vector<Index>& hidden, Index outputs = 1) {
  ensure(inputs >= 1 && outputs >= 1, "made_masks: expected 1 or more inputs and outputs, found {} and {}",
         inputs, outputs);
  // How many numbers a unit sees; of number d itself it is d + 1, and of its outputs d.
  std::vector<Index> sees, next;
  for (Index d = 0; d < inputs; ++d) sees.push_back(d + 1);
  std::vector<Tensor<T>> masks;
  const auto layer = [&] {
    Tensor<T> mask(Shape{static_cast<Index>(sees.size()), static_cast<Index>(next.size())});
    T* out = mask.mutable_data();
    for (const Index from : sees)
      for (const Index to : next) *out++ = T(from <= to);
    masks.push_back(mask);
    sees = std::exchange(next, {});
  };
  for (const Index units : hidden) {
    ensure(units >= 1, "made_masks: expected hidden layers of 1 or more units, found {}", units);
    for (Index j = 0; j < units; ++j) next.push_back(inputs > 1 ? 1 + j % (inputs - 1) : 0);
    layer();
  }
  for (Index d = 0; d < inputs * outputs; ++d) next.push_back(d / outputs);
  layer();
  return masks;
}

}  // namespace figment

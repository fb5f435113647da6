// Where gradients stop, and where they go another way than values.
#pragma once

#include "figment/autograd/record.hpp"

namespace figment {

/// The values of x, in its memory, for which no gradient comes back: PyTorch's x.detach(), as a function.
template <class T>
Tensor<T> stop_gradient(const Tensor<T>& x) {
  return x.detach();
}

/// The values of one tensor, in its memory, whose gradient goes to another of the same shape as if these were
/// that one's (Bengio et al., 2013): straight_through(round(x), x). dvalue = 0, dgradient_of = dy.
template <class T>
Tensor<T> straight_through(const Tensor<T>& value, const Tensor<T>& gradient_of) {
  ensure(value.shape() == gradient_of.shape(),
         "straight_through: value {} and gradient_of {} are not of one shape", value.shape(),
         gradient_of.shape());
  return record(
      "straight_through", {gradient_of}, value.detach(),
      [](auto&, auto& dy, auto& dx) { dx(0, [&] { return dy; }); }, Keep::nothing);
}

}  // namespace figment

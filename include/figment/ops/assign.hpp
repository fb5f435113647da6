// += -= *= /= of tensors and numbers.
#pragma once

#include "figment/ops/arithmetic.hpp"

namespace figment {

namespace detail {

template <class T, class Y>
concept Assigned = std::floating_point<T> &&(std::same_as<Y, Tensor<T>> || Number<Y>);

/// x = f(x, y). Of what is not recorded the values change, in the memory that x has; of what is, x becomes
/// the result, as nothing that a graph has may change.
template <class T, class Y, class F>
Tensor<T>& assign(const char* op, Tensor<T>& x, const Y& y, F f) {
  bool recorded = recording(x);
  if constexpr (is_tensor<Y>) {
    const Shape shape = broadcast(x.shape(), y.shape(), op);
    recorded = recorded || recording(y);
    ensure(recorded || shape == x.shape(), "{}: x {} would become {}", op, x.shape(), shape);
  }
  if (!recorded) {
    x.copy_from(no_grad([&] { return f(x, y); }));
    return x;
  }
  const bool leaf = x.tracked() && node_of(x)->leaf();
  ensure(!leaf, "{}: x {} is a parameter: it changes under NoGrad, where operations are not recorded", op,
         x.shape());
  return x = f(x, y);
}

}  // namespace detail

/// x + y in x's place, y broadcasting to it: the values change, for all handles to their memory. While
/// operations are recorded and x or y is part of a graph, x is instead what x + y gives, with gradients as
/// ever; a parameter is then refused: change it under NoGrad.
template <std::floating_point T, class Y>
requires detail::Assigned<T, Y> Tensor<T>
&operator+=(Tensor<T>& x, const Y& y) {
  return detail::assign("+=", x, y, [](auto& a, auto& b) { return a + b; });
}
/// x - y in x's place, as +=.
template <std::floating_point T, class Y>
requires detail::Assigned<T, Y> Tensor<T>
&operator-=(Tensor<T>& x, const Y& y) {
  return detail::assign("-=", x, y, [](auto& a, auto& b) { return a - b; });
}
/// x y in x's place, as +=.
template <std::floating_point T, class Y>
requires detail::Assigned<T, Y> Tensor<T>
&operator*=(Tensor<T>& x, const Y& y) {
  return detail::assign("*=", x, y, [](auto& a, auto& b) { return a * b; });
}
/// x / y in x's place, as +=.
template <std::floating_point T, class Y>
requires detail::Assigned<T, Y> Tensor<T>
&operator/=(Tensor<T>& x, const Y& y) {
  return detail::assign("/=", x, y, [](auto& a, auto& b) { return a / b; });
}

}  // namespace figment

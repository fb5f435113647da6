// Sums, products and broadcasting: the recorded operations that the engine itself needs.
#pragma once

#include "figment/autograd/record.hpp"
#include "figment/core/copy.hpp"
#include "figment/core/reduce.hpp"

namespace figment {

template <detail::Real T>
Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape);

/// x repeated along dimensions of extent 1, and along new leading ones, to `shape`. dx = dy summed back.
template <class T>
Tensor<T> broadcast_to(const Tensor<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  ensure(broadcast(x.shape(), shape, "broadcast_to") == shape, "broadcast_to: {} does not broadcast to {}",
         x.shape(), shape);
  Tensor<T> y(shape);
  detail::copy(detail::CopyLoops(shape, x.shape(), shape), x.data(), y.mutable_data());
  return record(
      "broadcast_to", {x}, std::move(y),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return sum_to(dy, s.in_shape(0)); }); }, Keep::nothing);
}

/// The adjoint of broadcast_to: x summed down to `shape`, which broadcasts to x's. dx = dy broadcast.
template <detail::Real T>
Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  ensure(broadcast(shape, x.shape(), "sum_to") == x.shape(), "sum_to: {} does not sum to {}", x.shape(),
         shape);
  return record(
      "sum_to", {x}, detail::reduce_to(x, shape),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return broadcast_to(dy, s.in_shape(0)); }); },
      Keep::nothing);
}

/// a + b with broadcasting. da = db = dy.
template <std::floating_point T>
Tensor<T> operator+(const Tensor<T>& a, const Tensor<T>& b) {
  return record(
      "add", {a, b}, detail::map(kernels::op::Add{}, a, b, "add"),
      [](auto&, auto& dy, auto& dx) {
        dx(0, [&] { return dy; });
        dx(1, [&] { return dy; });
      },
      Keep::nothing);
}

/// a * b with broadcasting. da = dy b, db = dy a.
template <std::floating_point T>
Tensor<T> operator*(const Tensor<T>& a, const Tensor<T>& b) {
  return record(
      "mul", {a, b}, detail::map(kernels::op::Mul{}, a, b, "mul"),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] { return dy * s.in(1); });
        dx(1, [&] { return dy * s.in(0); });
      },
      Keep::inputs);
}

}  // namespace figment

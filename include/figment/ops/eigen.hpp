// Operations on Eigen's matrices, arrays and tensors, as on tensors of their values: beside a tensor all of
// them, and without one those that Eigen does not have itself.
#pragma once

#include "figment/core/eigen.hpp"
#include "figment/ops/activation.hpp"
#include "figment/ops/assign.hpp"
#include "figment/ops/comparison.hpp"
#include "figment/ops/index.hpp"
#include "figment/ops/layer_norm.hpp"
#include "figment/ops/loss.hpp"
#include "figment/ops/math.hpp"
#include "figment/ops/matmul.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

namespace detail {

/// An expression's value as a tensor; anything else as it is.
template <class A>
decltype(auto) evaluated(const A& a) {
  if constexpr (Expression<A>)
    return Tensor<ValueOf<A>>(a);
  else
    return (a);
}

/// Eigen has exp(array) and its like itself, whose result assigns to arrays.
template <class D>
D* as_array(const Eigen::ArrayBase<D>&);
template <class A>
concept EigenArrayLike = requires(const A& a) {
  as_array(a);
};
template <class First, class... Rest>
concept TakenFromEigen = (Expression<First> || ... ||
                          Expression<Rest>)&&((is_tensor<First> || ... || is_tensor<Rest>) ||
                                              !EigenArrayLike<First>);

template <class A, class B>
concept BesideEigen = (is_tensor<A> && Expression<B>) || (Expression<A> && is_tensor<B>);
template <class A>
concept EigenMatrixLike = EigenExpression<A> && !EigenArrayLike<A>;
/// One line in the place of a guess.
template <class A, class B>
constexpr void elementwise_only() {
  static_assert(
      !EigenMatrixLike<A> && !EigenMatrixLike<B>,
      "figment: * and / of tensors are elementwise, and * of Eigen's matrices is a product: say which, "
      "by matmul(x, m), x * m.array() or x * Tensor(m)");
}

}  // namespace detail

/// The operation of that name, of expressions too. Undefined below.
#define FIGMENT_OF_EIGEN(op)                                           \
  template <class First, class... Rest>                                \
  requires detail::TakenFromEigen<First, Rest...>                      \
  auto(op)(const First& first, const Rest&... rest) {                  \
    return (op)(detail::evaluated(first), detail::evaluated(rest)...); \
  }
FIGMENT_OF_EIGEN(abs)
FIGMENT_OF_EIGEN(all)
FIGMENT_OF_EIGEN(any)
FIGMENT_OF_EIGEN(argmax)
FIGMENT_OF_EIGEN(argmin)
FIGMENT_OF_EIGEN(bce)
FIGMENT_OF_EIGEN(bce_with_logits)
FIGMENT_OF_EIGEN(clamp)
FIGMENT_OF_EIGEN(cos)
FIGMENT_OF_EIGEN(cross_entropy)
FIGMENT_OF_EIGEN(elu)
FIGMENT_OF_EIGEN(equal)
FIGMENT_OF_EIGEN(erf)
FIGMENT_OF_EIGEN(exp)
FIGMENT_OF_EIGEN(expm1)
FIGMENT_OF_EIGEN(flatten)
FIGMENT_OF_EIGEN(gaussian_kl)
FIGMENT_OF_EIGEN(gelu)
FIGMENT_OF_EIGEN(gelu_tanh)
FIGMENT_OF_EIGEN(greater)
FIGMENT_OF_EIGEN(huber)
FIGMENT_OF_EIGEN(is_finite)
FIGMENT_OF_EIGEN(kl_divergence)
FIGMENT_OF_EIGEN(layer_norm)
FIGMENT_OF_EIGEN(leaky_relu)
FIGMENT_OF_EIGEN(less)
FIGMENT_OF_EIGEN(linear)
FIGMENT_OF_EIGEN(log)
FIGMENT_OF_EIGEN(log1p)
FIGMENT_OF_EIGEN(log_softmax)
FIGMENT_OF_EIGEN(logsumexp)
FIGMENT_OF_EIGEN(mae)
FIGMENT_OF_EIGEN(matmul)
FIGMENT_OF_EIGEN(max)
FIGMENT_OF_EIGEN(maximum)
FIGMENT_OF_EIGEN(mean)
FIGMENT_OF_EIGEN(min)
FIGMENT_OF_EIGEN(minimum)
FIGMENT_OF_EIGEN(mse)
FIGMENT_OF_EIGEN(one_hot)
FIGMENT_OF_EIGEN(pick)
FIGMENT_OF_EIGEN(pow)
FIGMENT_OF_EIGEN(reciprocal)
FIGMENT_OF_EIGEN(relu)
FIGMENT_OF_EIGEN(reshape)
FIGMENT_OF_EIGEN(rsqrt)
FIGMENT_OF_EIGEN(select)
FIGMENT_OF_EIGEN(sigmoid)
FIGMENT_OF_EIGEN(sign)
FIGMENT_OF_EIGEN(silu)
FIGMENT_OF_EIGEN(sin)
FIGMENT_OF_EIGEN(slice)
FIGMENT_OF_EIGEN(softmax)
FIGMENT_OF_EIGEN(softplus)
FIGMENT_OF_EIGEN(sqrt)
FIGMENT_OF_EIGEN(square)
FIGMENT_OF_EIGEN(squeeze)
FIGMENT_OF_EIGEN(sum)
FIGMENT_OF_EIGEN(take)
FIGMENT_OF_EIGEN(tanh)
FIGMENT_OF_EIGEN(transpose)
FIGMENT_OF_EIGEN(unsqueeze)
FIGMENT_OF_EIGEN(var)
FIGMENT_OF_EIGEN(where)
#undef FIGMENT_OF_EIGEN

/// The same of an operator. Undefined below.
#define FIGMENT_OPERATOR_OF_EIGEN(op) \
  template <class A, class B>         \
  requires detail::BesideEigen<A, B>  \
  auto operator op(const A& a, const B& b) { return detail::evaluated(a) op detail::evaluated(b); }
FIGMENT_OPERATOR_OF_EIGEN(+)
FIGMENT_OPERATOR_OF_EIGEN(-)
FIGMENT_OPERATOR_OF_EIGEN(>)
FIGMENT_OPERATOR_OF_EIGEN(<)
FIGMENT_OPERATOR_OF_EIGEN(>=)
FIGMENT_OPERATOR_OF_EIGEN(<=)
FIGMENT_OPERATOR_OF_EIGEN(==)
FIGMENT_OPERATOR_OF_EIGEN(!=)
#undef FIGMENT_OPERATOR_OF_EIGEN

/// x * a elementwise, of an array or an Eigen tensor beside a tensor.
template <class A, class B>
requires detail::BesideEigen<A, B>
auto operator*(const A& a, const B& b) {
  detail::elementwise_only<A, B>();
  return detail::evaluated(a) * detail::evaluated(b);
}
/// x / a elementwise, in the same way.
template <class A, class B>
requires detail::BesideEigen<A, B>
auto operator/(const A& a, const B& b) {
  detail::elementwise_only<A, B>();
  return detail::evaluated(a) / detail::evaluated(b);
}
/// x += m, as of a tensor of m's values.
template <class X, detail::Expression E>
requires detail::is_tensor<X> X& operator+=(X& x, const E& e) { return x += detail::evaluated(e); }
/// x -= m, in the same way.
template <class X, detail::Expression E>
requires detail::is_tensor<X> X& operator-=(X& x, const E& e) { return x -= detail::evaluated(e); }

}  // namespace figment

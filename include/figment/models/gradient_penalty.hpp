// Penalties on the slope of a discriminator. Their own gradients are second derivatives.
#pragma once

#include "figment/core/random.hpp"
#include "figment/ops/compare.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

namespace detail {

/// The gradient of each sample's logit by that sample, (N, elements), recorded if the caller records. The
/// samples become a leaf: nothing flows on to what made them.
template <class Discriminate, class T>
Tensor<T> slopes(const char* who, Discriminate&& discriminate, const Tensor<T>& samples) {
  const bool again = recording_enabled;
  RecordingScope recording(true);  // under NoGrad, too, the slope itself takes a graph
  const Tensor<T> x = parameter(samples.detach());
  const Tensor<T> logits = discriminate(x);
  ensure(logits.rank() >= 1 && logits.dim(0) == x.dim(0), "{}: expected logits (N, …) of x {}, found {}", who,
         x.shape(), logits.shape());
  return flatten(grad(sum(logits), x, {.create_graph = again}));
}

/// sqrt, with a slope of 0 at 0.
template <class T>
Tensor<T> norm_of_squares(const Tensor<T>& squares) {
  // Where D is flat, as relu units that are all off make it, sqrt's slope is infinite and its product with
  // the zero gradient NaN. An epsilon under the root would shift every other value; a NaN stays one here.
  const Mask flat = equal(squares, T(0));
  const Tensor<T> zero = Tensor<T>::zeros({}), one = Tensor<T>::ones({});
  return where(flat, zero, sqrt(where(flat, one, squares)));
}

}  // namespace detail

/// The penalty of WGAN-GP (Gulrajani et al., 2017, equation 3): the mean of (||dD(x)/dx|| - 1)^2 over x =
/// real + u (fake - real), u one number for each sample, (N,). real and fake are (N, …); of more of one than
/// of the other the first are taken, and u is as long as the shorter. Add 10 of it to D's loss, as the paper
/// does. `discriminate` maps a batch to logits (N, 1). It should treat samples apart: a batch norm inside
/// makes each slope depend on the others. The result is recorded for D's parameters, not for what made the
/// fakes.
template <class Discriminate, class T>
Tensor<T> gradient_penalty(Discriminate&& discriminate, const Tensor<T>& real, const Tensor<T>& fake,
                           const Tensor<T>& u) {
  const char* who = "gradient_penalty";
  ensure(real.rank() >= 1 && fake.rank() >= 1, "{}: expected (N, …), found real {} and fake {}", who,
         real.shape(), fake.shape());
  const Index n = (std::min)(real.dim(0), fake.dim(0));
  ensure(n >= 1 && detail::with_extent(real.shape(), 0, n) == detail::with_extent(fake.shape(), 0, n),
         "{}: real {} and fake {} are not samples of one shape", who, real.shape(), fake.shape());
  ensure(u.shape() == Shape{n}, "{}: expected u {}, found {}", who, Shape{n}, u.shape());
  const auto between = no_grad([&] {
    const auto first = [n](const Tensor<T>& x) { return x.dim(0) == n ? x : slice(x, 0, 0, n); };
    const Tensor<T> from = first(real), to = first(fake);
    Shape each{n};
    while (each.rank() < from.rank()) each.push_back(1);
    return from + reshape(u, each) * (to - from);
  });
  const auto slopes = detail::slopes(who, discriminate, between);
  const auto norms = detail::norm_of_squares(sum(square(slopes), 1));
  return sum(square(norms - 1)) * (1.0 / static_cast<double>(n));
}
/// With u uniform in [0, 1).
template <class Discriminate, class T>
Tensor<T> gradient_penalty(Discriminate&& discriminate, const Tensor<T>& real, const Tensor<T>& fake,
                           Rng& rng) {
  const Index n = real.rank() && fake.rank() ? (std::min)(real.dim(0), fake.dim(0)) : 0;
  return gradient_penalty(discriminate, real, fake, rng.uniform<T>({n}));
}

/// The mean of ||dD(x)/dx||^2 over x (N, …): with real samples R1, with fakes R2 (Mescheder et al., 2018,
/// equations 9 and 10), where gamma / 2 of it is added to D's loss. `discriminate` and the recording are as
/// in gradient_penalty.
template <class Discriminate, class T>
Tensor<T> squared_gradient(Discriminate&& discriminate, const Tensor<T>& x) {
  ensure(x.rank() >= 1 && x.dim(0) >= 1, "squared_gradient: expected samples (N, …), found {}", x.shape());
  const auto slopes = detail::slopes("squared_gradient", discriminate, x);
  return sum(square(slopes)) * (1.0 / static_cast<double>(x.dim(0)));
}

}  // namespace figment

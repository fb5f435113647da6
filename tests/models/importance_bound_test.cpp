// The importance-weighted bound against integrals done otherwise.
#include "figment/models/importance_bound.hpp"

#include "figment/nn/reshape.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::error_of;

namespace {

using D = Tensor<double>;

/// Six pixels, a code of one.
auto small_vae(VaeOptions options = {}) {
  Rng rng(9);
  const LinearOptions wide{.init = init::normal(0, 0.8), .bias_init = init::normal(0, 0.5)};
  // Wider than N(0, 1), so that no code weighs much more than the others.
  const LinearOptions spread{.init = init::normal(0, 0.1), .bias_init = init::constant(0.5)};
  const Linear<double> features(6, 4, rng, {.activation = Activation::tanh});
  GaussianEncoder encoder(Sequential{Flatten{}, features}, 4, 1, rng, spread);
  return Vae(encoder, Sequential{Linear<double>(1, 6, rng, wide)}, options);
}

D pixels(Index n) {
  Rng rng(2);
  return rng.bernoulli<double>({n, 6}, 0.5);
}

/// log of the integral of p(x | z) N(z; 0, 1) over z, by the trapezoidal rule.
double log_probability(const auto& vae, const D& x) {
  const Index steps = 4000;
  double total = 0;
  D z({steps + 1, 1});
  for (Index i = 0; i <= steps; ++i) z.mutable_data()[i] = -10 + 20 * static_cast<double>(i) / steps;
  const auto logits = no_grad([&] { return vae.decoder.forward(z); });
  for (Index i = 0; i <= steps; ++i) {
    double log_p = -0.5 * std::pow(z(i, 0), 2) - 0.5 * std::log(2 * std::numbers::pi);
    for (Index k = 0; k < 6; ++k) {
      const double l = logits(i, k);
      log_p += x.data()[k] * l - std::log1p(std::exp(l));
    }
    total += std::exp(log_p) * 20 / static_cast<double>(steps);
  }
  return std::log(total);
}

}  // namespace

TEST_CASE("with many codes the bound is log p of x", "[models]") {
  const auto vae = small_vae();
  const auto x = pixels(3);
  Rng rng(1);
  const auto bound = importance_bound(vae, x, 20000, rng);
  REQUIRE(bound.shape() == Shape{3});
  // Seeds 1 to 10 differ from the integral by 0.0044 (root mean square) and 0.0104 at most.
  for (Index i = 0; i < 3; ++i)
    CHECK(std::abs(bound(i) - log_probability(vae, slice(x, 0, i, i + 1))) < 0.02);
  CHECK_FALSE(bound.tracked());
}

TEST_CASE("with one code the bound is the evidence lower bound of the same noise", "[models]") {
  const auto vae = small_vae();
  const auto x = pixels(5);
  Rng a(4), b(4);
  const auto bound = importance_bound(vae, x, 1, a);
  const auto code = vae.encode(x);
  const auto noise = b.normal<double>({5, 1}), z = code.sample(noise);
  const auto logits = vae.decoder.forward(z);
  for (Index i = 0; i < 5; ++i) {
    double log_w = 0.5 * (noise(i, 0) * noise(i, 0) + code.log_var(i, 0) - z(i, 0) * z(i, 0));
    for (Index k = 0; k < 6; ++k) log_w += x(i, k) * logits(i, k) - std::log1p(std::exp(logits(i, k)));
    CHECK_THAT(bound(i), WithinRel(log_w, 1e-13));
  }
}

TEST_CASE("the bound rises with the number of codes", "[models]") {
  const auto vae = small_vae();
  const auto x = pixels(400);
  const auto at = [&](Index k) {
    Rng rng(6);
    return mean(importance_bound(vae, x, k, rng)).item();
  };
  const double one = at(1), five = at(5), many = at(200);
  CHECK(one < five);
  CHECK(five < many);
  double exact = 0;
  for (Index i = 0; i < 400; ++i) exact += log_probability(vae, slice(x, 0, i, i + 1)) / 400;
  CHECK(five < exact);
}

TEST_CASE("the bound of a conditional VAE uses the labels, in every batch", "[models]") {
  Rng rng(3);
  GaussianEncoder encoder(Sequential{Linear<double>(6 + 2, 4, rng)}, 4, 1, rng);
  const ConditionalVae vae(encoder, Sequential{Linear<double>(1 + 2, 6, rng)}, 2);
  const auto x = figment::concat({pixels(600), pixels(600)});
  Indices labels(Shape{1200});
  for (Index i = 0; i < 1200; ++i) labels.mutable_data()[i] = static_cast<std::int32_t>(i / 600);
  Rng a(8);
  const auto bound = importance_bound(vae, x, labels, 50, a);
  CHECK(bound.shape() == Shape{1200});
  // The same images under the two labels: another decoder, another probability.
  Rng b(8);
  const auto first = importance_bound(vae, pixels(600), Indices::full({600}, 1), 50, b);
  CHECK(std::abs(mean(slice(bound, 0, 600, 1200)).item() - mean(first).item()) < 0.05);
  CHECK(std::abs(mean(slice(bound, 0, 0, 600)).item() - mean(first).item()) > 0.05);
}

TEST_CASE("the bound's bad options", "[models]") {
  Rng rng;
  CHECK(error_of([&] { importance_bound(small_vae(), pixels(2), 0, rng); }) ==
        "importance_bound: expected 1 or more samples, found 0");
  CHECK(error_of([&] {
          importance_bound(small_vae({.reconstruction = Reconstruction::mse}), pixels(2), 1, rng);
        }) == "importance_bound: needs the bce reconstruction; the squared error gives no probability of x");
}

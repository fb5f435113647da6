// The layer norm layer beyond its values, which tests/ops/golden_layer_norm_test.cpp has.
#include "figment/nn/layer_norm.hpp"

#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/summary.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/heap_calls.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;
using Doubles = Tensor<double>;

TEST_CASE("layer norm by hand", "[nn]") {
  // Rows of means 2 and 5, biased variances 1 and 16, and epsilon 0 to a few units.
  const Doubles x({2, 2}, {1, 3, 9, 1});
  LayerNorm<double> layer(2, {.epsilon = 1e-15});
  CHECK(test::difference(layer.forward(x), Doubles({2, 2}, {-1, 1, 1, -1}), 8) == "");
  layer.gamma.copy_from(Doubles({2}, {2, 3})), layer.beta.copy_from(Doubles({2}, {10, 20}));
  CHECK(test::difference(layer.forward(x), Doubles({2, 2}, {8, 23, 12, 17}), 8) == "");
  // Variance 1 and epsilon 3: divided by 2.
  const auto wide = LayerNorm<double>(2, {.epsilon = 3}).forward(Doubles({1, 2}, {1, 3}));
  CHECK(test::difference(wide, Doubles({1, 2}, {-0.5, 0.5}), 2) == "");
}

TEST_CASE("layer norm's rows do not see each other", "[nn]") {
  Rng rng(4);
  const LayerNorm<double> layer(7);
  const auto x = rng.normal<double>({2, 3, 7}, 5, 2);
  const auto y = layer.forward(x), rows = layer.forward(x.view_as({6, 7}));
  CHECK(bit_difference(y.view_as({6, 7}), rows) == "");
  CHECK(bit_difference(layer.forward(select(x, 0, 1)), select(y, 0, 1)) == "");
}

// A mean 10^4 times the deviation: a difference of mean squares would leave no digit of the variance.
TEST_CASE("layer norm survives large means", "[nn]") {
  Rng rng(2);
  const auto x = cast<float>(rng.normal<double>({20, 500}) + 10000.0);
  const auto y = LayerNorm(500).forward(x);
  const auto exact = LayerNorm<double>(500).forward(cast<double>(x));
  // A row's sum, 5e6, is spaced by 0.5: a few roundings put its mean, and so all of y, off by a few 1e-3.
  CHECK(test::difference(y, exact, 5e4) == "");
}

TEST_CASE("layer norm's options and messages", "[nn]") {
  Rng rng(1);
  LayerNorm plain(3, {.affine = false});
  CHECK(parameters(plain).empty());
  CHECK(plain.describe() == "LayerNorm(3)");
  CHECK(plain.epsilon == 1e-3);
  CHECK(error_of([&] {
          plain.forward(Tensor<float>::ones({4, 2}));
        }) == "LayerNorm(3): layer_norm: x (4, 2) needs 3 features");
  CHECK(error_of([] { LayerNorm(3, {.epsilon = 0}); }) == "LayerNorm: expected a positive epsilon, found 0");
  const Doubles two = Doubles::ones({2}), none, x = Doubles::ones({4, 3});
  CHECK(error_of([&] { layer_norm(x, two, none, 1e-3); }) ==
        "layer_norm: parameter (2,) for 3 features of (4, 3)");
  CHECK(error_of([&] { layer_norm(x, none, two, 1e-3); }) ==
        "layer_norm: parameter (2,) for 3 features of (4, 3)");
  CHECK(error_of([&] { layer_norm(x, none, none, 0); }) ==
        "layer_norm: expected a positive epsilon, found 0");
  CHECK(error_of([&] { layer_norm(Doubles::scalar(1), none, none, 1e-3); }) ==
        "layer_norm: expected (…, C), found shape ()");
  CHECK(error_of([&] {
          layer_norm(Doubles::ones({2, 0}), none, none, 1e-3);
        }) == "layer_norm: expected (…, C), found shape (2, 0)");

  Sequential net{Linear(4, 3, rng), LayerNorm(3)};
  std::vector<std::string> names;
  for (const auto& [name, t] : named_tensors(net)) names.push_back(name);
  CHECK(names == std::vector<std::string>{"0.weight", "0.bias", "1.gamma", "1.beta"});
  CHECK(parameters(net).size() == 4);
  CHECK_THAT(summary(net, {4}), ContainsSubstring("LayerNorm(3)  (N, 3)           6"));
}

TEST_CASE("steps through layer norm take nothing from the heap", "[nn]") {
  if (!test::counts_heap_calls) return;
  Rng rng(3);
  Sequential net{Linear(20, 64, rng), LayerNorm(64), Linear(64, 10, rng)};
  const auto weights = parameters(net);
  const auto x = rng.normal({512, 20});
  long before = 0;
  for (int step = 0; step < 10; ++step) {
    if (step == 5) before = test::heap_calls();
    grad(sum(square(net.forward(x, {.training = true}))), weights);
  }
  CHECK(test::heap_calls() == before);
}

// The batch norm layer beyond its values, which tests/ops/golden_norm_test.cpp has.
#include "figment/nn/batch_norm.hpp"

#include "figment/nn/dropout.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/summary.hpp"
#include "figment/ops/loss.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/heap_calls.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;
using Doubles = Tensor<double>;

TEST_CASE("batch norm follows its batches by hand", "[nn]") {
  // Channels (1, 3) and (2, 6): means 2 and 4, biased variances 1 and 4, unbiased 2 and 8.
  const Doubles x({2, 2}, {1, 2, 3, 6});
  BatchNorm<double> layer(2, {.momentum = 0.75, .epsilon = 1e-12});
  const auto y = layer.forward(x, {.training = true});
  CHECK(test::difference(y, Doubles({2, 2}, {-1, -1, 1, 1}), 1e4) == "");  // up to epsilon / 2
  // 3/4 of (0, 1) and 1/4 of the batch's.
  CHECK(bit_difference(layer.running_mean, Doubles({2}, {0.5, 1})) == "");
  CHECK(bit_difference(layer.running_var, Doubles({2}, {1.25, 2.75})) == "");
  layer.forward(x, {.training = false});
  CHECK(bit_difference(layer.running_mean, Doubles({2}, {0.5, 1})) == "");
}

TEST_CASE("batch norm's options and messages", "[nn]") {
  BatchNorm plain(3, {.affine = false});
  CHECK(parameters(plain).empty());
  const auto count = count_parameters(plain);
  CHECK((count.trainable == 0 && count.fixed == 6));
  CHECK(plain.describe() == "BatchNorm(3)");
  CHECK(BatchNorm(3, {.activation = Activation::leaky_relu}).describe() == "BatchNorm(3, leaky_relu)");
  const Context training{.training = true};
  CHECK(error_of([&] {
          plain.forward(Tensor<float>::ones({4, 2}), training);
        }) == "BatchNorm(3): batch_norm: x (4, 2) needs 3 channels");
  CHECK(error_of([&] {
          plain.forward(Tensor<float>::ones({1, 3}), training);
        }) == "BatchNorm(3): batch_norm: training takes 2 or more values a channel, found x (1, 3)");
  CHECK(error_of([] { BatchNorm(3, {.momentum = 1.5}); }) ==
        "BatchNorm: expected a momentum in [0, 1], found 1.5");
  CHECK(error_of([&] {
          BatchNorm(3, {.activation = Activation::tanh}).forward(Tensor<float>::ones({4, 3}), training);
        }) == "BatchNorm(3, tanh): batch_norm: closes with none, relu, or leaky_relu of a positive slope");
  const Doubles two = Doubles::ones({2}), x = Doubles::ones({4, 3});
  CHECK(error_of([&] { batch_norm(x, two, two, 1e-3); }) ==
        "batch_norm: parameter (2,) for 3 channels of (4, 3)");
  CHECK(error_of([&] { batch_norm(x, Doubles(), Doubles(), 0); }) ==
        "batch_norm: expected a positive epsilon, found 0");
  CHECK(error_of([] {
          batch_moments(Doubles::ones({0, 3}));
        }) == "batch_moments: expected some examples (N, …, C), found shape (0, 3)");
}

TEST_CASE("batch norm in a model: names, summary, clones and copies", "[nn]") {
  Rng rng(1);
  Sequential net{Linear(4, 3, rng), BatchNorm(3)};
  std::vector<std::string> names;
  for (const auto& [name, t] : named_tensors(net)) names.push_back(name);
  CHECK(names == std::vector<std::string>{"0.weight", "0.bias", "1.gamma", "1.beta", "1.running_mean",
                                          "1.running_var"});
  CHECK(parameters(net).size() == 4);
  CHECK_THAT(summary(net, {4}), ContainsSubstring("BatchNorm(3)  (N, 3)          12"));
  CHECK_THAT(summary(net, {4}), ContainsSubstring("trainable 21, not trainable 6"));

  auto twin = clone(net);
  const auto x = rng.normal({8, 4});
  net.forward(x, {.training = true});
  const auto moved = named_tensors(net), kept = named_tensors(twin);
  CHECK(bit_difference(moved[4].second, kept[4].second) != "");  // a clone's buffers are its own
  CHECK(bit_difference(kept[4].second, Tensor<float>::zeros({3})) == "");
  Sequential alias = net;  // a copy shares them
  CHECK(named_tensors(alias)[4].second.shares_memory_with(moved[4].second));
}

TEST_CASE("steps through batch norm, dropout and cross-entropy take nothing from the heap", "[nn]") {
  if (!test::counts_heap_calls) return;
  Rng rng(3);
  Sequential net{Linear(20, 64, rng), BatchNorm(64, {.activation = Activation::relu}), Dropout(0.2),
                 Linear(64, 10, rng)};
  const auto weights = parameters(net);
  const auto x = rng.normal({512, 20});
  const auto labels = Indices::full({512}, 3);
  long before = 0;
  for (int step = 0; step < 10; ++step) {
    if (step == 5) before = test::heap_calls();
    grad(cross_entropy(net.forward(x, {.training = true, .rng = &rng}), labels), weights);
  }
  CHECK(test::heap_calls() == before);
}

// A mean 10^4 times the deviation: the difference of mean squares would leave no digit of the variance.
TEST_CASE("batch moments survive large means", "[nn]") {
  Rng rng(2);
  for (Index channels : {1, 5, 64}) {
    const Index rows = 40000 / channels;
    const auto noise = rng.normal<double>({rows, channels});
    const auto x = cast<float>(noise + 10000.0);
    const auto found = batch_moments(x);
    const auto exact = batch_moments(cast<double>(x));
    CHECK(test::difference(found.mean, exact.mean, 0.5) == "");  // rounded once
    CHECK(test::difference(found.var, exact.var, 32) == "");     // sums of a thousand squares

    CHECK(test::difference(exact.var, var(cast<double>(x), 0), 1e4) == "");  // rounded at the size of x
  }
}

TEST_CASE("the variance of a constant channel is 0, not below it", "[nn]") {
  Rng rng(3);
  for (int round = 0; round < 40; ++round) {
    const Index channels = 1 + rng.below(40), rows = 2 + rng.below(3000);
    const auto level = rng.uniform({channels}, 1e4f, 1e6f);
    const auto x = Tensor<float>::zeros({rows, channels}) + level;
    const auto found = batch_moments(x);
    INFO(rows << " rows, " << channels << " channels");
    for (const float v : found.var.values()) CHECK(v >= 0);
    const auto y = batch_norm(x, Tensor<float>(), Tensor<float>(), 1e-5);
    CHECK(std::all_of(y.values().begin(), y.values().end(), [](float v) { return std::isfinite(v); }));
  }
}

// A module's moving average: parameters, buffers, and memory of its own.
#include "figment/train/averaged.hpp"

#include "figment/nn/activation.hpp"
#include "figment/nn/batch_norm.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/spectral_norm.hpp"
#include "figment/ops/loss.hpp"
#include "figment/optim/sgd.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using namespace figment;
using test::bit_difference;

TEST_CASE("tied weights are averaged once", "[train]") {
  Rng rng(1);
  Linear<double> first(2, 2, rng, {.bias = false}), second = first;
  Sequential net{std::move(first), std::move(second)};
  parameters(net)[0].fill(0);
  Averaged average(net, {.decay = 0.5});
  parameters(net)[0].fill(8);
  average.update();
  CHECK(parameters(average.module)[0](0, 0) == 4);
}

TEST_CASE("an averaged module follows parameters and buffers", "[train]") {
  Rng rng(1);
  Sequential net{Linear<double>(3, 4, rng), BatchNorm<double>(4, {.momentum = 0.5}), Tanh{},
                 SpectralNorm(Linear<double>(4, 2, rng), rng)};
  Averaged average(net, {.decay = 0.75});
  const auto x = rng.normal<double>({6, 3}), target = rng.normal<double>({6, 2});
  CHECK(bit_difference(average.module.forward(x), net.forward(x)) == "");  // they begin alike

  // The average by hand, tensor by tensor.
  std::vector<Tensor<double>> expected;
  for (const auto& [name, t] : named_tensors(net)) expected.push_back(t.clone());
  REQUIRE(expected.size() == 9);  // two of batch norm's and one of SpectralNorm's are buffers
  Sgd<double> sgd(parameters(net), {.rate = 0.1});
  for (int step = 0; step < 5; ++step) {
    sgd.step(grad(mse(net.forward(x, {.training = true}), target), sgd.parameters()));
    average.update();
    const auto now = named_tensors(net), found = named_tensors(average.module);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      INFO(now[i].first << " after step " << step);
      expected[i] = no_grad([&] { return 0.75 * expected[i] + 0.25 * now[i].second; });
      CHECK(found[i].first == now[i].first);
      CHECK(test::difference(found[i].second, expected[i], 4) == "");
      CHECK(bit_difference(found[i].second, now[i].second) != "");
      CHECK_FALSE(found[i].second.shares_memory_with(now[i].second));
    }
  }
  CHECK(average.ema().updates() == 5);
  CHECK(parameters(average.module).size() == 6);

  // A mean of unit vectors is shorter than 1, which must not change what SpectralNorm divides by.
  auto scaled = clone(average.module);
  Tensor<double> u = named_tensors(scaled)[8].second;
  REQUIRE(named_tensors(scaled)[8].first == "3.u");
  u.copy_from(no_grad([&] { return 2.0 * u; }));
  CHECK(test::difference(scaled.forward(x), average.module.forward(x), 8) == "");

  // Moving the whole keeps what it follows.
  Averaged moved = std::move(average);
  const auto before = named_tensors(moved.module)[0].second.clone();
  moved.update();
  CHECK(bit_difference(named_tensors(moved.module)[0].second, before) != "");
}

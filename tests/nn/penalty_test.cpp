// Penalties on activations and weights: values, gradients, and their way into a model's loss.
#include "figment/nn/penalty.hpp"

#include "figment/autograd/gradcheck.hpp"
#include "figment/nn/activation.hpp"
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

TEST_CASE("a penalty's value by hand", "[nn]") {
  const Doubles x({2, 2}, {1, -2, 3, 0});
  CHECK(penalty(x, {.l1 = 0.5}).item() == 3);
  CHECK(penalty(x, {.l2 = 0.25}).item() == 3.5);  // not halved
  CHECK(penalty(x, {.l1 = 0.5, .l2 = 0.25}).item() == 6.5);
  CHECK(penalty(x, {}).item() == 0);
}

TEST_CASE("a penalty's gradients are l1 sign(x) + 2 l2 x", "[nn]") {
  const auto x = parameter(Doubles({3}, {1, -2, 0}));
  const auto gradients = grad(penalty(x, {.l1 = 0.5, .l2 = 0.25}), {x});
  CHECK(bit_difference(gradients[0], Doubles({3}, {1, -1.5, 0})) == "");
  const Doubles away({2, 3}, {1.5, -2, 0.25, -0.5, 3, -1});  // from |x|'s kink
  for (const auto o :
       {PenaltyOptions{.l1 = 0.3}, PenaltyOptions{.l2 = 0.7}, PenaltyOptions{.l1 = 0.3, .l2 = 0.7}})
    CHECK(gradcheck([o](auto in) { return penalty(in[0], o); }, {away}).message == "");
}

TEST_CASE("penalties add up in each number type apart", "[nn]") {
  Penalties penalties;
  CHECK_FALSE(penalties.total<float>().defined());
  penalties.add(Tensor<float>::scalar(1));
  penalties.add(Tensor<float>::scalar(2));
  CHECK(penalties.total<float>().item() == 3);
  CHECK_FALSE(penalties.total<double>().defined());
  CHECK(error_of([&] { penalties.add(Doubles::ones({2})); }) ==
        "Penalties: expected a scalar, found shape (2,)");
}

TEST_CASE("an activity penalty passes x on and is averaged over the batch", "[nn]") {
  const ActivityPenalty layer({.l1 = 0.5, .l2 = 0.25});
  const auto x = parameter(Doubles({2, 2}, {1, -2, 3, 0}));
  Penalties penalties;
  const auto y = layer.forward(x, {.training = true, .penalties = &penalties});
  CHECK(y.shares_memory_with(x));
  CHECK(penalties.total<double>().item() == 3.25);
  // Half of l1 sign(x) + 2 l2 x for a batch of two, beside the ones of sum(y).
  const auto gradients = grad(sum(y) + penalties.total<double>(), {x});
  CHECK(bit_difference(gradients[0], Doubles({2, 2}, {1.5, 0.25, 2, 1})) == "");

  Penalties validation;  // the figure is told there too, as Keras does
  layer.forward(x, {.training = false, .penalties = &validation});
  CHECK(validation.total<double>().item() == 3.25);
  CHECK(layer.forward(x, {.training = false}).shares_memory_with(x));
  CHECK(error_of([&] { layer.forward(x, {.training = true}); }) ==
        "ActivityPenalty(l1 0.5 l2 0.25): ActivityPenalty: needs Penalties in its Context while training");

  CHECK(layer.describe() == "ActivityPenalty(l1 0.5 l2 0.25)");
  CHECK(ActivityPenalty({.l1 = 1e-4}).describe() == "ActivityPenalty(l1 0.0001)");
  CHECK(error_of([] { ActivityPenalty({.l2 = -1}); }) ==
        "ActivityPenalty: expected l1 and l2 of 0 or more, found 0 and -1");
}

TEST_CASE("a weight penalty is of the weight alone", "[nn]") {
  Rng rng(1);
  WeightPenalty layer(Linear<double>(2, 2, rng), {.l1 = 0.5, .l2 = 0.25});
  layer.layer.weight.copy_from(Doubles({2, 2}, {1, -2, 3, -4}));
  layer.layer.bias.fill(100);
  const Doubles x({1, 2}, {1, 1});
  Penalties penalties;
  const auto y = layer.forward(x, {.training = true, .penalties = &penalties});
  CHECK(bit_difference(y, Doubles({1, 2}, {104, 94})) == "");
  CHECK(penalties.total<double>().item() == 12.5);  // 10 / 2 + 30 / 4, whatever the batch
  const auto gradients = grad(sum(y) + penalties.total<double>(), {layer.layer.weight, layer.layer.bias});
  CHECK(bit_difference(gradients[0], Doubles({2, 2}, {2, -0.5, 3, -1.5})) == "");
  CHECK(bit_difference(gradients[1], Doubles::ones({2})) == "");

  CHECK(bit_difference(layer.forward(x), y) == "");
  CHECK(error_of([&] { layer.forward(x, {.training = true}); }) ==
        "Linear(2, 2) l1 0.5 l2 0.25: WeightPenalty: needs Penalties in its Context while training");
  CHECK(error_of([&] { WeightPenalty(Linear(2, 2, rng), {.l1 = -1}); }) ==
        "WeightPenalty: expected l1 and l2 of 0 or more, found -1 and 0");
}

TEST_CASE("penalties reach the loss through a Sequential", "[nn]") {
  Rng rng(2);
  Sequential net{WeightPenalty(Linear(4, 3, rng), {.l2 = 1e-4}), Relu{}, ActivityPenalty({.l1 = 1e-2}),
                 Linear(3, 4, rng)};
  std::vector<std::string> names;
  for (const auto& [name, t] : named_tensors(net)) names.push_back(name);
  CHECK(names == std::vector<std::string>{"0.weight", "0.bias", "3.weight", "3.bias"});
  CHECK_THAT(summary(net, {4}), ContainsSubstring("0     Linear(4, 3) l2 0.0001    (N, 3)          15"));
  CHECK_THAT(error_of([&] {
               net.forward(Tensor<float>::ones({2, 5}));
             }),
             StartsWith("0 Linear(4, 3) l2 0.0001: linear: x (2, 5)"));

  const auto x = rng.normal({8, 4});
  Penalties penalties;
  net.forward(x, {.training = true, .penalties = &penalties});
  const auto weights = parameters(net);
  const auto code = relu(linear(x, weights[0], weights[1]));
  const auto expected = 1e-4f * sum(square(weights[0])) + 1e-2f / 8 * sum(code);  // relu's are not negative
  CHECK(test::difference(penalties.total<float>(), cast<double>(expected), 4) == "");

  auto twin = clone(net);
  twin.forward(x, {.training = true, .penalties = &penalties});
  CHECK(test::difference(penalties.total<float>(), cast<double>(2.0f * expected), 8) == "");
  CHECK_FALSE(parameters(twin)[0].shares_memory_with(weights[0]));
}

TEST_CASE("gradients of a Sequential's loss with penalties equal finite differences", "[nn]") {
  Rng rng(3);
  const auto loss = [](auto in) {
    Rng other(1);
    Linear<double> first(3, 4, other, {.activation = Activation::tanh}), second(4, 2, other);
    first.weight = in[1], second.weight = in[2];
    const Sequential net{WeightPenalty(first, {.l2 = 0.3}), ActivityPenalty({.l1 = 0.2, .l2 = 0.1}),
                         WeightPenalty(second, {.l1 = 0.1})};
    Penalties penalties;
    const auto y = net.forward(in[0], {.training = true, .penalties = &penalties});
    return sum(square(y)) + penalties.template total<double>();
  };
  const std::vector inputs{rng.normal<double>({5, 3}), rng.normal<double>({3, 4}),
                           rng.normal<double>({4, 2})};
  CHECK(gradcheck(loss, inputs).message == "");
}

TEST_CASE("steps with penalties take nothing from the heap", "[nn]") {
  if (!test::counts_heap_calls) return;
  Rng rng(3);
  Sequential net{WeightPenalty(Linear(20, 64, rng), {.l2 = 1e-4}), Relu{}, ActivityPenalty({.l1 = 1e-4}),
                 Linear(64, 20, rng)};
  const auto weights = parameters(net);
  const auto x = rng.normal({512, 20});
  long before = 0;
  for (int step = 0; step < 10; ++step) {
    if (step == 5) before = test::heap_calls();
    Penalties penalties;
    const auto y = net.forward(x, {.training = true, .penalties = &penalties});
    grad(mse(y, x) + penalties.total<float>(), weights);
  }
  CHECK(test::heap_calls() == before);
}

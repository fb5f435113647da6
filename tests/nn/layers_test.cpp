// The layers one by one: Linear against a hand computation, Dropout's statistics, activations and shapes.
#include "figment/autograd/grad.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/layer.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/sequential.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;
using Doubles = Tensor<double>;

TEST_CASE("a linear layer and its gradients are the ones by hand", "[nn]") {
  Rng rng;
  Linear<double> layer(3, 2, rng, {.activation = Activation::relu});
  layer.weight.copy_from(Doubles({3, 2}, {1, 0, 2, -1, -1, 1}));
  layer.bias.copy_from(Doubles({2}, {0.5, -1}));
  const auto x = parameter(Doubles({2, 3}, {1, 2, -1, 0, 1, 3}));
  // x W + b = (6.5, -4), (-0.5, 1)
  const auto y = layer.forward(x);
  CHECK(bit_difference(y, Doubles({2, 2}, {6.5, 0, 0, 1})) == "");
  // With L = sum(c y) and c = (1, 2), (3, 4), the closed units pass nothing: dz = (1, 0), (0, 4).
  // dW = x^T dz, db = the sum of dz's rows, dx = dz W^T.
  const auto loss = sum(Doubles({2, 2}, {1, 2, 3, 4}) * y);
  const auto gradients = grad(loss, {layer.weight, layer.bias, x});
  CHECK(bit_difference(gradients[0], Doubles({3, 2}, {1, 0, 2, 4, -1, 12})) == "");
  CHECK(bit_difference(gradients[1], Doubles({2}, {1, 4})) == "");
  CHECK(bit_difference(gradients[2], Doubles({2, 3}, {1, 2, -1, 0, -4, 4})) == "");
}

TEST_CASE("a linear layer maps the last axis of any rank", "[nn]") {
  Rng rng(3);
  const Linear<double> layer(3, 2, rng, {.activation = Activation::tanh});
  const auto rows = Rng(4).normal<double>({8, 3}), dy = Rng(5).normal<double>({8, 2});
  const auto of_rows = [&](const Shape& in, const Shape& out) {
    const auto x = parameter(reshape(rows, in));
    const auto y = layer.forward(x);
    auto all = vjp(y, reshape(dy, out), std::vector{x, layer.weight, layer.bias});
    all.push_back(y);
    return all;
  };
  const auto expected = of_rows({8, 3}, {8, 2});
  for (const auto& [in, out] :
       {std::pair<Shape, Shape>{{2, 4, 3}, {2, 4, 2}}, {{2, 1, 2, 2, 3}, {2, 1, 2, 2, 2}}}) {
    const auto found = of_rows(in, out);
    REQUIRE(found[0].shape() == in);
    REQUIRE(found[3].shape() == out);
    for (std::size_t i = 0; i < found.size(); ++i)
      CHECK(bit_difference(reshape(found[i], expected[i].shape()), expected[i]) == "");
  }
  CHECK(layer.forward(Doubles::ones({3})).shape() == Shape{2});
}

TEST_CASE("a linear layer's options", "[nn]") {
  Rng rng(1);
  Linear<double> bare(3, 2, rng, {.bias = false});
  CHECK_FALSE(bare.bias.defined());
  CHECK(parameters(bare).size() == 1);
  CHECK(bit_difference(bare.forward(Doubles::zeros({4, 3})), Doubles::zeros({4, 2})) == "");

  Linear<double> filled(3, 2, rng, {.init = init::constant(2), .bias_init = init::constant(-1)});
  CHECK(bit_difference(filled.forward(Doubles::ones({1, 3})), Doubles::full({1, 2}, 5)) == "");

  Linear<double> leaky(1, 1, rng,
                       {.activation = Activation::leaky_relu, .slope = 0.25, .init = init::constant(1)});
  CHECK(leaky.forward(Doubles::full({1, 1}, -4)).item() == -1);

  Linear usual(300, 200, rng);  // Glorot's limits, and no bias
  const double limit = std::sqrt(6.0 / 500);
  const auto [low, high] = std::minmax_element(usual.weight.values().begin(), usual.weight.values().end());
  CHECK((*high <= limit && *low >= -limit));
  CHECK((*high > 0.99 * limit && *low < -0.99 * limit));
  CHECK(bit_difference(usual.bias, Tensor<float>::zeros({200})) == "");

  CHECK(error_of([&] {
          leaky.forward(Doubles::ones({2, 3}));
        }) == "Linear(1, 1, leaky_relu): linear: x (2, 3) needs 1 features (weight (1, 1))");
  CHECK(usual.describe() == "Linear(300, 200)");
  CHECK(leaky.describe() == "Linear(1, 1, leaky_relu)");
}

TEST_CASE("float and double networks of one seed begin alike", "[nn]") {
  Rng a(5), b(5);
  const Linear<float> f(20, 30, a);
  const Linear<double> d(20, 30, b);
  CHECK(bit_difference(f.weight, cast<float>(d.weight)) == "");
  CHECK(a.state() == b.state());
}

TEST_CASE("dropout sets the asked share to 0 and scales the rest", "[nn]") {
  const Index n = 200000;
  const auto x = parameter(Tensor<float>::full({n}, 3));
  const double rate = GENERATE(0.1, 0.5, 0.75);
  Rng rng(11);
  const auto y = Dropout(rate).forward(x, {.training = true, .rng = &rng});
  const double kept = 3 / (1 - rate);
  Index dropped = 0, adjacent = 0, wrong = 0;
  for (Index i = 0; i < n; ++i) {
    dropped += y(i) == 0;
    adjacent += i > 0 && y(i) == 0 && y(i - 1) == 0;
    // One rounding each of 1 / (1 - rate) and of the product: 2^-23.
    wrong += y(i) != 0 && !(std::abs(y(i) - kept) <= 0x1p-23 * kept);
  }
  CHECK(wrong == 0);
  // Binomial: five standard deviations.
  const double expected = rate * n;
  CHECK_THAT(static_cast<double>(dropped), WithinAbs(expected, 5 * std::sqrt(expected * (1 - rate))));
  // Independent of its neighbour. A pair's variance is below three times an element's, p = rate^2.
  const double pairs = rate * rate * n;
  CHECK_THAT(static_cast<double>(adjacent), WithinAbs(pairs, 5 * std::sqrt(3 * pairs)));

  const auto dx = grad(sum(y), x);  // 0 where dropped, 1 / (1 - rate) elsewhere: y / 3
  CHECK(test::difference(dx, cast<double>(y) / 3.0, 2) == "");

  const auto again = Dropout(rate).forward(x, {.training = true, .rng = &rng});
  CHECK(bit_difference(y, again) != "");  // the generator has moved on
  Rng same(11);
  CHECK(bit_difference(y, Dropout(rate).forward(x, {.training = true, .rng = &same})) == "");
}

TEMPLATE_TEST_CASE("dropout draws as a Bernoulli fill does, and again for each gradient", "[nn][kernels]",
                   float, double) {
  using T = TestType;
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index n : {1, 7, 33, 100003}) {
      INFO(n << " values on " << name(isa));
      Rng a(3), b(3);
      const auto x = parameter(Rng(4).normal<T>({n})), dy = parameter(Rng(5).normal<T>({n}));
      const auto y = Dropout(0.25).forward(x, {.training = true, .rng = &a});
      const auto scale = affine(b.bernoulli<T>({n}, T(0.75)), 1 / 0.75, 0);
      CHECK(a.state() == b.state());
      CHECK(test::difference(y, cast<double>(x * scale), 1) == "");
      const auto dx = vjp(y, dy, std::vector{x}, {.create_graph = true})[0];
      CHECK(test::difference(dx, cast<double>(dy * scale), 1) == "");
      // dx is linear in dy, by the same fill, and does not depend on x.
      const auto second = vjp(dx, Tensor<T>::ones({n}), std::vector{dy, x});
      CHECK(bit_difference(second[0], scale) == "");
      CHECK(bit_difference(second[1], Tensor<T>::zeros({n})) == "");
    }
  }
}

TEST_CASE("dropout is the identity when not training", "[nn]") {
  Rng rng(1);
  const auto before = rng.state();
  const auto x = Tensor<float>::full({10, 10}, 2);
  CHECK(Dropout(0.5).forward(x, {.training = false, .rng = &rng}).shares_memory_with(x));
  CHECK(Dropout(0).forward(x, {.training = true}).shares_memory_with(x));
  CHECK(rng.state() == before);
  CHECK(error_of([&] { Dropout(0.5).forward(x, {.training = true}); }) ==
        "Dropout(0.5): Dropout: needs a random generator in its Context");
  CHECK(error_of([] { Dropout(1); }) == "Dropout: expected a rate in [0, 1), found 1");
  CHECK(error_of([] { Dropout(-0.1); }) == "Dropout: expected a rate in [0, 1), found -0.1");
  CHECK(describe(Dropout(0.25)) == "Dropout(0.25)");
}

TEMPLATE_TEST_CASE("activation layers are the operations of their names", "[nn]", float, double) {
  using T = TestType;
  Rng rng(2);
  const auto x = rng.normal<T>({7, 5}, 0, 2);
  CHECK(bit_difference(Relu{}.forward(x), relu(x)) == "");
  CHECK(bit_difference(LeakyRelu{}.forward(x), leaky_relu(x, 0.3)) == "");
  CHECK(bit_difference(LeakyRelu{0.01}.forward(x), leaky_relu(x, 0.01)) == "");
  CHECK(bit_difference(Elu{}.forward(x), elu(x, 1)) == "");
  CHECK(bit_difference(Elu{0.5}.forward(x), elu(x, 0.5)) == "");
  CHECK(bit_difference(Gelu{}.forward(x), gelu(x)) == "");
  CHECK(bit_difference(Silu{}.forward(x), silu(x)) == "");
  CHECK(bit_difference(Softplus{}.forward(x), softplus(x)) == "");
  CHECK(bit_difference(Sigmoid{}.forward(x), sigmoid(x)) == "");
  CHECK(bit_difference(Tanh{}.forward(x), tanh(x)) == "");
  CHECK(bit_difference(Softmax{}.forward(x), softmax(x, -1)) == "");
  CHECK(describe(Relu{}) == "Relu");
  CHECK(describe(LeakyRelu{0.2}) == "LeakyRelu(0.2)");
  CHECK(describe(Elu{}) == "Elu(1)");
}

TEST_CASE("Flatten and Reshape keep the batch and the order", "[nn]") {
  const auto x = Tensor<float>::arange(24).view_as({2, 3, 4});
  const auto flat = Flatten{}.forward(x);
  CHECK(flat.shape() == Shape{2, 12});
  CHECK(flat(1, 0) == 12);
  const auto square = Reshape{{2, 6, 1}}.forward(flat);
  CHECK(square.shape() == Shape{2, 2, 6, 1});
  CHECK(square(1, 1, 5, 0) == 23);
  CHECK(Flatten{}.forward(Tensor<float>::zeros({0, 3, 4})).shape() == Shape{0, 12});
  CHECK(describe(Reshape{{7, 7, 64}}) == "Reshape(7, 7, 64)");
  CHECK(error_of([&] { Reshape{{5}}.forward(x); }) ==
        "Reshape(5,): reshape: (2, 3, 4) has 24 elements, (2, 5) has 10");

  const auto p = parameter(x);
  const auto dx = grad(sum(square * Reshape{{2, 6, 1}}.forward(Flatten{}.forward(p))), p);
  CHECK(bit_difference(dx, x) == "");
}

TEST_CASE("a layer is called as a function too", "[nn]") {
  figment::Rng rng(1);
  const auto x = rng.normal({2, 3});
  const figment::Linear linear(3, 4, rng);
  CHECK(test::bit_difference(linear(x), linear.forward(x)) == "");
  CHECK(test::bit_difference(figment::Elu{0.5}(x), figment::elu(x, 0.5)) == "");
  const figment::Sequential net{linear, figment::Dropout{0.5}};
  CHECK(test::bit_difference(net(x), linear.forward(x)) == "");
  CHECK(test::bit_difference(figment::Dropout{0.5}(x, {.training = false}), x) == "");
}

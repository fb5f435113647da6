// Modules: names and order of their tensors, copies and clones, layers of one's own.
#include <array>
#include <optional>

#include "figment/autograd/grad.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/trace.hpp"
#include "figment/ops/reduce.hpp"
#include "figment/optim/sgd.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;
using Names = std::vector<std::string>;

namespace {

/// A user's layer, with a buffer: it remembers the largest value it ever saw.
struct Scale {
  Tensor<float> factor = parameter(Tensor<float>::scalar(2));
  Tensor<float> largest = Tensor<float>::scalar(0);

  Tensor<float> forward(const Tensor<float>& x) const {
    Tensor<float> seen = largest;
    seen.fill(std::max(seen.item(), max(x).item()));
    return x * factor;
  }
  void visit(auto&& v) {
    v("factor", factor);
    v("largest", largest, buffer);
  }
};

/// Members in containers.
struct Stack {
  std::vector<Linear<float>> hidden;
  std::array<Tensor<float>, 2> gains{parameter(Tensor<float>::ones({1})),
                                     parameter(Tensor<float>::ones({1}))};
  std::vector<Tensor<float>> means{Tensor<float>::zeros({2})};
  std::optional<Linear<float>> head, none;
  std::optional<Tensor<float>> bias = parameter(Tensor<float>::zeros({3}));
  std::vector<std::vector<Scale>> scales{{Scale{}}, {}, {Scale{}, Scale{}}};
  std::vector<Tanh> activations{Tanh{}, Tanh{}};
  std::vector<int> sizes{4, 3};
  std::optional<double> rate;

  explicit Stack(Rng& rng) : head(Linear<float>(3, 1, rng)) {
    hidden.emplace_back(4, 3, rng);
    hidden.emplace_back(3, 3, rng, LinearOptions{.bias = false});
  }
  void visit(auto&& v) {
    v("hidden", hidden), v("gains", gains), v("means", means, buffer);
    v("head", head), v("none", none), v("bias", bias), v("scales", scales);
    v("activations", activations), v("sizes", sizes), v("rate", rate);
  }
};

/// One that asks for the Context, in any number type.
struct Jitter {
  double deviation = 1;
  template <class T>
  Tensor<T> forward(const Tensor<T>& x, const Context& context) const {
    if (!context.training) return x;
    return x + context.generator("Jitter").normal<T>(x.shape(), 0, static_cast<T>(deviation));
  }
};

/// Modules inside a module.
struct Detour {
  using value_type = double;
  Linear<double> inner;
  Sequential<double> tail;

  explicit Detour(Rng& rng) : inner(3, 3, rng), tail{Linear<double>(3, 3, rng), Tanh{}} {}
  Tensor<double> forward(const Tensor<double>& x, const Context& context) const {
    return x + figment::forward("tail", tail, figment::forward("inner", inner, x, context), context);
  }
  void visit(auto&& v) {
    v("inner", inner);
    v("tail", tail);
  }
};

/// Says what its tensors are.
struct Told {
  Tensor<float> w = Tensor<float>::zeros({2, 2}), plain = w.clone(), kept = w.clone(), table = w.clone();
  std::vector<Tensor<float>> heads{w.clone()};
  void visit(auto&& v) {
    v("w", w, Layout::dense), v("plain", plain);
    v("kept", kept, buffer), v("table", table, buffer, Layout::table);
    v("heads", heads, Layout::dense);
  }
};

template <class M>
Names names(M& module) {
  Names list;
  for (const auto& [name, tensor] : named_tensors(module)) list.push_back(name);
  return list;
}

/// Two layers of one shape.
struct Two {
  using value_type = double;
  Linear<double> a, b;
  void visit(auto&& v) {
    v("a", a);
    v("b", b);
  }
};

}  // namespace

TEST_CASE("a visit says what a tensor is, to who asks", "[nn]") {
  Told own;
  std::vector<std::pair<bool, Layout>> asked;
  for_each_tensor(own,
                  [&](const std::string&, auto&, bool trained, Layout l) { asked.emplace_back(trained, l); });
  CHECK(asked == std::vector<std::pair<bool, Layout>>{{true, Layout::dense},
                                                      {true, Layout::plain},
                                                      {false, Layout::plain},
                                                      {false, Layout::table},
                                                      {true, Layout::dense}});
  // Who asks for nothing is told nothing, and a visitor of one's own has to know no more than before.
  struct Paths final : Visitor<float> {
    Names list;
    void tensor(const std::string& path, Tensor<float>&, bool) override { list.push_back(path); }
  } paths;
  own.visit(paths);
  CHECK(paths.list == names(own));
}

TEST_CASE("tensors are named by the path to them, in visiting order", "[nn]") {
  Rng rng;
  Detour residual(rng);
  CHECK(names(residual) == Names{"inner.weight", "inner.bias", "tail.0.weight", "tail.0.bias"});
  Sequential net{Flatten{}, Linear<double>(3, 3, rng), named("block", residual), Relu{}};
  CHECK(names(net) == Names{"1.weight", "1.bias", "block.inner.weight", "block.inner.bias",
                            "block.tail.0.weight", "block.tail.0.bias"});
  const auto p = parameters(net);
  REQUIRE(p.size() == 6);
  CHECK(p[0].shape() == Shape{3, 3});
  CHECK(p[1].shape() == Shape{3});
  CHECK(p[2].shares_memory_with(residual.inner.weight));
  CHECK(count_parameters(net).trainable == 3 * 12);
  // Every one gets its gradient through all of them.
  const auto gradients = grad(sum(square(net.forward(rng.normal<double>({4, 3})))), p);
  for (const auto& g : gradients) CHECK(sum(square(g)).item() > 0);
}

TEST_CASE("members in vectors, arrays and optionals are visited by their positions", "[nn]") {
  Rng rng(1);
  Stack stack(rng);
  Names names;
  for (const auto& [path, tensor] : named_tensors(stack)) names.push_back(path);
  CHECK(names == Names{"hidden.0.weight", "hidden.0.bias", "hidden.1.weight", "gains.0", "gains.1", "means.0",
                       "head.weight", "head.bias", "bias", "scales.0.0.factor", "scales.0.0.largest",
                       "scales.2.0.factor", "scales.2.0.largest", "scales.2.1.factor", "scales.2.1.largest"});
  CHECK(parameters(stack).size() == 11);  // the means, and what the scales saw, are buffers
  const ParameterCount count = count_parameters(stack);
  CHECK((count.trainable == 15 + 9 + 2 + 4 + 3 + 3 && count.fixed == 2 + 3));
  const Stack copy = clone(stack);
  stack.hidden[1].weight.fill(7);
  stack.bias->fill(7);
  CHECK((copy.hidden[1].weight(0, 0) != 7 && (*copy.bias)(0) == 0));
}

TEST_CASE("a sequential's number type is that of its first layer that has one", "[nn]") {
  Rng rng;
  const Sequential plain{Flatten{}, Relu{}};
  const Sequential flat{Flatten{}, Linear<double>(2, 2, rng)};
  const Sequential called{named("first", Linear<double>(2, 2, rng)), Relu{}};
  const Sequential nested{flat, Relu{}};  // a sequential of two, not a copy
  static_assert(std::is_same_v<decltype(plain)::value_type, float>);
  static_assert(std::is_same_v<decltype(flat)::value_type, double>);
  static_assert(std::is_same_v<decltype(called)::value_type, double>);
  static_assert(std::is_same_v<decltype(nested)::value_type, double>);
  CHECK(nested.size() == 2);
  const auto x = rng.normal<double>({3, 2});
  CHECK(bit_difference(nested.forward(x), relu(flat.forward(x))) == "");
}

TEST_CASE("layers draw their weights from left to right", "[nn]") {
  Rng a(9), b(9);
  Sequential net{Linear(4, 3, a), Linear(3, 2, a)};
  const Linear first(4, 3, b), second(3, 2, b);
  const auto p = parameters(net);
  CHECK(bit_difference(p[0], first.weight) == "");
  CHECK(bit_difference(p[2], second.weight) == "");
}

TEST_CASE("layers can be named, once each", "[nn]") {
  Rng rng;
  Sequential net{named("hidden", Linear(2, 3, rng)), Relu{}};
  net.add(named("out", Linear(3, 1, rng)));
  CHECK(names(net) == Names{"hidden.weight", "hidden.bias", "out.weight", "out.bias"});
  CHECK(error_of([&] { net.add(named("hidden", Relu{})); }) == "Sequential: two layers are named 'hidden'");
  CHECK(net.size() == 3);

  Sequential<float> both;
  both.append(net);
  both.append(net);
  CHECK(both.size() == 6);
  CHECK(names(both) ==
        Names{"0.weight", "0.bias", "2.weight", "2.bias", "3.weight", "3.bias", "5.weight", "5.bias"});
  CHECK(parameters(both)[0].shares_memory_with(parameters(net)[0]));
  both.append(both);
  CHECK(both.size() == 12);
}

TEST_CASE("tied weights are one parameter by several names", "[nn]") {
  Rng rng(6);
  Sequential net{Linear<double>(3, 3, rng)};
  Sequential<double> twice;
  twice.append(net);
  twice.append(net);
  REQUIRE(parameters(twice).size() == 2);
  CHECK(count_parameters(twice).trainable == 12);
  CHECK(named_tensors(twice).size() == 4);

  // A step of plain descent changes them once, by the gradient through both places.
  const auto x = rng.normal<double>({4, 3});
  const auto before = parameters(net)[0].clone();
  const auto dw = grad(sum(square(twice.forward(x))), parameters(twice));
  Sgd<double> sgd(parameters(twice), {.rate = 0.1});
  sgd.step(dw);
  CHECK(test::difference(parameters(net)[0], before - 0.1 * dw[0], 2) == "");  // fused or not

  auto copy = clone(twice);
  CHECK(parameters(copy).size() == 2);
  CHECK(!parameters(copy)[0].shares_memory_with(parameters(net)[0]));
  CHECK(bit_difference(copy.forward(x), twice.forward(x)) == "");
}

// Each of the two would have half of the gradient, and one of them alone would be listed.
TEST_CASE("two parameters of one memory are refused", "[nn]") {
  Rng rng(6);
  Two two{Linear<double>(3, 3, rng), Linear<double>(3, 3, rng)};
  two.b.weight = parameter(two.a.weight);
  const std::string why =
      "a.weight and b.weight are one memory but two parameters: to tie them copy the tensor, as in b.weight "
      "= "
      "a.weight";
  CHECK(error_of([&] { parameters(two); }) == "parameters: " + why);
  CHECK(error_of([&] { clone(two); }) == "clone: " + why);
  two.b.weight = two.a.weight.detach();
  CHECK(error_of([&] { parameters(two); }) == "parameters: " + why);
  two.b.weight = parameter(two.a.weight.view_as({9}));
  CHECK(error_of([&] { parameters(two); }) == "parameters: " + why);
  two.b.weight = two.a.weight;
  CHECK(parameters(two).size() == 3);
  CHECK(parameters(two)[0].node().get() == two.b.weight.node().get());
}

TEST_CASE("copies share their tensors and clones do not", "[nn]") {
  Rng rng(4);
  Sequential net{Linear(3, 4, rng), Relu{}, Scale{}};
  Sequential copy = net;
  Sequential<float> assigned;
  assigned = net;
  auto cloned = clone(net);

  const auto x = rng.uniform<float>({5, 3}, 1.0f, 2.0f);
  const auto before = net.forward(x);
  CHECK(bit_difference(before, cloned.forward(x)) == "");
  CHECK(names(cloned) == names(net));
  const auto originals = named_tensors(net), clones = named_tensors(cloned);
  REQUIRE(clones.size() == 4);
  for (std::size_t i = 0; i < clones.size(); ++i) {
    CHECK(clones[i].second.tracked() == originals[i].second.tracked());
    CHECK_FALSE(clones[i].second.shares_memory_with(originals[i].second));
  }

  parameters(net)[0].fill(1);
  CHECK(bit_difference(net.forward(x), before) != "");
  CHECK(bit_difference(net.forward(x), copy.forward(x)) == "");
  CHECK(bit_difference(net.forward(x), assigned.forward(x)) == "");
  CHECK(bit_difference(before, cloned.forward(x)) == "");
  // A clone's parameters are its own in the graph too: the original's have no part in its loss.
  const auto loss = sum(cloned.forward(x));
  CHECK(sum(square(grad(loss, parameters(cloned))[0])).item() > 0);
  CHECK(sum(square(grad(loss, parameters(net))[0])).item() == 0);

  const Sequential moved = std::move(net);
  CHECK(moved.size() == 3);
}

TEST_CASE("a layer of one's own: a buffer is kept but not trained", "[nn]") {
  Sequential net{Scale{}, Relu{}};
  CHECK(names(net) == Names{"0.factor", "0.largest"});
  CHECK(parameters(net).size() == 1);
  CHECK(count_parameters(net).trainable == 1);
  CHECK(count_parameters(net).fixed == 1);
  const auto y = net.forward(Tensor<float>({3}, {-1, 2, 3}));
  CHECK(bit_difference(y, Tensor<float>({3}, {0, 4, 6})) == "");
  CHECK(named_tensors(net)[1].second.item() == 3);
  CHECK(grad(sum(y), parameters(net))[0].item() == 5);
  const auto other = clone(net);
  net.forward(Tensor<float>({1}, {9}));
  Sequential look = other;
  CHECK(named_tensors(look)[1].second.item() == 3);
}

TEST_CASE("a layer of one's own gets the Context if it takes one", "[nn]") {
  Sequential net{Relu{}, Jitter{0.5}};
  const auto x = Tensor<float>::ones({4});
  CHECK(bit_difference(net.forward(x), x) == "");
  Rng rng(3), same(3);
  const auto y = net.forward(x, {.training = true, .rng = &rng});
  CHECK(bit_difference(y, x + same.normal<float>({4}, 0, 0.5f)) == "");
  CHECK(error_of([&] { net.forward(x, {.training = true}); }) ==
        "1 Jitter: Jitter: needs a random generator in its Context");
}

TEST_CASE("errors name the path to the layer", "[nn]") {
  Rng rng;
  const Sequential net{Relu{}, named("block", Detour(rng))};
  CHECK(error_of([&] {
          net.forward(Tensor<double>::ones({2, 5}));
        }) == "block.inner Linear(3, 3): linear: x (2, 5) needs 3 features (weight (3, 3))");
  const Sequential wrong{Linear<double>(3, 4, rng), Detour(rng)};
  CHECK(error_of([&] {
          wrong.forward(Tensor<double>::ones({2, 3}));
        }) == "1.inner Linear(3, 3): linear: x (2, 4) needs 3 features (weight (3, 3))");
  // The trace of a failed pass leaves nothing behind.
  CHECK_THROWS_AS(trace(wrong, {1, 3}), Error);
  CHECK(trace(net, {1, 3}).size() == 6);
}

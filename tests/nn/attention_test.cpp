// Attention against PyTorch, and beyond its values.
#include "figment/nn/attention.hpp"

#include "figment/autograd/grad.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/summary.hpp"
#include "figment/ops/positions.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/golden.hpp"

using namespace figment;
using test::error_of;

namespace {

// Sums of at most ten products, exponentials of them and their quotients, in another order.
constexpr double attention_units = 256;

const golden::Golden& attention_golden() {
  static const golden::Golden golden("attention");
  return golden;
}

template <class T>
void check_product(const std::string& name, AttentionOptions<T> options, const std::string& mask = "") {
  const auto get = [&](const std::string& part) { return attention_golden()[name + "." + part]; };
  std::vector<std::string> names{"q", "k", "v"};
  std::vector<Tensor<T>> by;
  if (mask == "added") names.push_back(mask);
  for (const auto& part : names) by.push_back(parameter(cast<T>(get(part))));
  if (mask == "mask") options.mask = cast<std::uint8_t>(get("mask"));
  if (mask == "added") options.mask = by[3];
  const auto dy = parameter(cast<T>(get("dy")));
  for (auto isa : test::supported_isas()) {
    INFO(name << " in " << 8 * sizeof(T) << " bits on " << kernels::name(isa));
    test::IsaScope scope(isa);
    const auto y = scaled_dot_product_attention(by[0], by[1], by[2], options);
    CHECK(test::difference(y, get("y"), attention_units) == "");
    for (const bool create_graph : {false, true}) {
      const auto gradients = vjp(y, dy, by, {.create_graph = create_graph});
      for (std::size_t i = 0; i < by.size(); ++i)
        CHECK(test::difference(gradients[i], get("d" + names[i]), attention_units) == "");
      if (create_graph)
        CHECK(test::difference(vjp(gradients[0], cast<T>(get("to")), std::vector{dy})[0], get("ddy"),
                               attention_units) == "");
    }
  }
}

/// MultiHeadAttention(6, 3) of x, or of x and another sequence.
template <class T>
void check_heads(const std::string& name, MultiHeadAttentionOptions options, bool cross = false) {
  const auto get = [&](const std::string& part) { return attention_golden()[name + "." + part]; };
  INFO(name << " in " << 8 * sizeof(T) << " bits");
  Rng rng(1);
  MultiHeadAttention<T> layer(6, 3, rng, options);
  std::vector<std::string> names{"x"};
  std::vector by{parameter(cast<T>(get("x")))};
  if (cross) names.push_back("source"), by.push_back(parameter(cast<T>(get("source"))));
  for_each_tensor(layer, [&](const std::string& path, Tensor<T>& t, bool) {
    t.copy_from(cast<T>(get(path)));
    names.push_back(path), by.push_back(t);
  });
  const auto y = cross ? layer.forward(by[0], by[1], by[1], cast<std::uint8_t>(get("mask"))) : layer(by[0]);
  CHECK(test::difference(y, get("y"), attention_units) == "");
  const auto gradients = vjp(y, cast<T>(get("dy")), by);
  for (std::size_t i = 0; i < by.size(); ++i) {
    INFO(names[i]);
    CHECK(test::difference(gradients[i], get("d" + names[i]), attention_units) == "");
  }
}

}  // namespace

TEMPLATE_TEST_CASE("attention by scaled dot products equals PyTorch's", "[nn]", float, double) {
  using T = TestType;
  check_product<T>("plain", {});
  check_product<T>("matrices", {.scale = 0.7});
  check_product<T>("causal", {.causal = true});
  check_product<T>("mask", {}, "mask");
  check_product<T>("added", {}, "added");
}

TEMPLATE_TEST_CASE("multi-head attention equals PyTorch's", "[nn]", float, double) {
  using T = TestType;
  check_heads<T>("self", {});
  check_heads<T>("self_causal", {.causal = true});
  check_heads<T>("cross", {.bias = false}, true);
}

TEST_CASE("attention's masks: of all heads, padding, causal and given at once", "[nn]") {
  Rng rng(2);
  const MultiHeadAttention<double> layer(4, 2, rng, {.causal = true});
  const auto x = rng.normal<double>({2, 5, 4});
  // Causal: what is behind a position does not change it.
  const auto y = layer(x), shorter = layer(slice(x, 1, 0, 3));
  CHECK(test::difference(slice(y, 1, 0, 3), shorter, 16) == "");
  // A padded sample is as one without the padding.
  Mask padding = Mask::ones({2, 1, 1, 5});
  padding.set({1, 0, 0, 3}, 0), padding.set({1, 0, 0, 4}, 0);
  const auto padded = layer.forward(x, x, x, padding);
  CHECK(test::bit_difference(select(padded, 0, 0), select(y, 0, 0)) == "");
  CHECK(test::difference(slice(select(padded, 0, 1), 0, 0, 3), select(shorter, 0, 1), 16) == "");
  // Three handles to one memory are one product, unless the gradient tells them apart.
  const auto p = parameter(x.clone());
  const auto open = sum(square(layer.forward(p, p.detach(), p.detach())));
  CHECK(test::difference(open, sum(square(y)), 64) == "");
  CHECK(test::bit_difference(grad(open, p), grad(sum(square(layer(p))), p)) != "");
  // An image's pixels are a sequence.
  CHECK(test::bit_difference(layer(x.view_as({2, 5, 1, 4})), y.view_as({2, 5, 1, 4})) == "");
}

TEST_CASE("attention's names, options and messages", "[nn]") {
  Rng rng(1);
  MultiHeadAttention layer(6, 3, rng, {.causal = true});
  std::vector<std::string> names;
  for (const auto& [name, t] : named_tensors(layer)) names.push_back(name);
  CHECK(names ==
        std::vector<std::string>{"in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"});
  CHECK(layer.describe() == "MultiHeadAttention(6, heads 3, causal)");
  CHECK_THAT(summary(layer, {7, 6}), ContainsSubstring("MultiHeadAttention(6, heads 3, causal)  (N, 7, 6)"));
  CHECK(error_of([&] { MultiHeadAttention(6, 4, rng); }) ==
        "MultiHeadAttention: 4 head(s) do not divide 6 features");
  const auto ones = [](const Shape& s) { return Tensor<float>::ones(s); };
  CHECK_THAT(error_of([&] {
               layer(ones({2, 6}));
             }),
             ContainsSubstring("MultiHeadAttention: expected (N, …, 6), found (2, 6)"));
  CHECK(error_of([&] {
          layer.forward(ones({2, 3, 6}), ones({2, 4, 6}), ones({2, 5, 6}));
        }) ==
        "MultiHeadAttention: expected queries (N, L, 6), and keys and values (N, S, 6), found (2, 3, 6), (2, "
        "4, 6) and (2, 5, 6)");
  const auto product = [&](const Shape& q, const Shape& k, const Shape& mask) {
    return error_of(
        [&] { scaled_dot_product_attention(ones(q), ones(k), ones(k), {.mask = Mask::ones(mask)}); });
  };
  CHECK(
      product({3, 2}, {4, 3}, {}) ==
      "scaled_dot_product_attention: expected queries (…, L, d), keys (…, S, d) and values (…, S, e), found "
      "(3, 2), (4, 3) and (4, 3)");
  CHECK(product({3, 2}, {4, 2}, {2, 3, 4}) ==
        "scaled_dot_product_attention: mask (2, 3, 4) for scores (3, 4)");
  CHECK(error_of([&] {
          rotary_positions(ones({4, 3}));
        }) == "rotary_positions: expected (…, L, d) of even d, found (4, 3)");
  CHECK(error_of([&] {
          time_embedding(ones({4, 3}), 4);
        }) == "time_embedding: expected times (N,) and 2 or more features, found (4, 3) and 4");
}

TEST_CASE("sinusoidal positions by their definition", "[nn]") {
  const auto y = sinusoidal_positions<double>(50, 6);
  for (const Index p : {0, 1, 49})
    for (const Index i : {0, 1, 2}) {
      const double angle = static_cast<double>(p) * std::exp(-std::log(1e4) * static_cast<double>(i) / 3);
      CHECK(std::abs(y(p, 2 * i) - std::sin(angle)) < 1e-13);  // angles up to 49, to a few units
      CHECK(std::abs(y(p, 2 * i + 1) - std::cos(angle)) < 1e-13);
    }
}

TEST_CASE("products of rotated rows depend on their distance alone", "[nn]") {
  Rng rng(5);
  const auto q = rng.normal<double>({1, 8}), k = rng.normal<double>({1, 8});
  const auto product = [&](Index i, Index j) {
    return sum(rotary_positions(q, {.first = i}) * rotary_positions(k, {.first = j})).item();
  };
  // Sines and cosines of up to a hundred, good to 1e-14.
  CHECK(std::abs(product(3, 1) - product(100, 98)) < 1e-12);
  CHECK(std::abs(product(3, 1) - product(3, 2)) > 1e-3);
}

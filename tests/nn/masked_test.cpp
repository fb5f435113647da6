// Layers whose weights are masked, and vectors that become codes.
#include "figment/autograd/grad.hpp"
#include "figment/nn/conv2d.hpp"
#include "figment/nn/masked_linear.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/summary.hpp"
#include "figment/nn/vector_quantizer.hpp"
#include "figment/optim/adam.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/golden.hpp"

using namespace figment;
using test::error_of;

namespace {

/// For each output of f which of x's numbers it depends on, as "0110", by its gradients.
template <class F>
std::vector<std::string> dependences(const F& f, const Tensor<double>& at) {
  const auto x = parameter(at.clone());
  const auto y = reshape(f(x), {-1});
  std::vector<std::string> rows;
  for (Index i = 0; i < y.size(); ++i) {
    std::string row;
    const auto gradient = grad(select(y, 0, i), x);
    for (const double v : gradient.values()) row += v != 0 ? '1' : '0';
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

TEST_CASE("a MADE's outputs depend on the numbers before theirs alone", "[nn]") {
  Rng rng(3);
  Sequential<double> net;
  for (const auto& mask : made_masks<double>(4, {9, 8}, 2)) net.add(MaskedLinear(mask, rng));
  const auto seen = dependences([&](const auto& x) { return net(x); }, rng.normal<double>({1, 4}));
  CHECK(seen == std::vector<std::string>{"0000", "0000", "1000", "1000", "1100", "1100", "1110", "1110"});
  // Of one number there is nothing to see; without hidden layers all before.
  CHECK(made_masks(1, {3}).back().shape() == Shape{3, 1});
  CHECK(sum(made_masks(1, {3})[0]).item() == 0);
  CHECK(test::bit_difference(made_masks(3, {})[0], Tensor<float>({3, 3}, {0, 1, 1, 0, 0, 1, 0, 0, 0})) == "");
}

TEST_CASE("masked weights begin and stay at 0", "[nn]") {
  Rng rng(1);
  const Tensor<float> mask({2, 3}, {1, 0, 1, 0, 1, 1});
  MaskedLinear layer(mask, rng, {.activation = Activation::tanh});
  CHECK(layer.describe() == "MaskedLinear(2, 3, tanh)");
  CHECK(parameters(layer).size() == 2);
  Adam adam(parameters(layer), {.rate = 0.1});
  for (int i = 0; i < 3; ++i) adam.step(grad(sum(square(layer(rng.normal({5, 2})))), parameters(layer)));
  CHECK(test::bit_difference(layer.linear.weight.detach() * mask, layer.linear.weight.detach()) == "");
  CHECK(layer.linear.weight(0, 1) == 0);
  // Also where somebody writes others.
  layer.linear.weight.fill(1);
  CHECK(test::bit_difference(layer.masked_weight().detach(), mask) == "");
  CHECK_THAT(summary(layer, {2}), ContainsSubstring("MaskedLinear(2, 3, tanh)  (N, 3)           9"));
  CHECK(error_of([&] { MaskedLinear(Tensor<float>::ones({3}), rng); }) ==
        "MaskedLinear: expected a mask (in, out), found (3,)");
  CHECK(error_of([&] {
          layer(Tensor<float>::ones({5, 4}));
        }) == "MaskedLinear(2, 3, tanh): linear: x (5, 4) needs 2 features (weight (2, 3))");
}

TEST_CASE("masked convolutions see what comes before a pixel", "[nn]") {
  Rng rng(5);
  const auto conv = [&](Index in, Index out, Extent2 kernel, ConvMask mask, Index colours = 1) {
    return Conv2d<double>(in, out, rng,
                          {.kernel = kernel, .padding = Padding::same(), .mask = mask, .colours = colours});
  };
  const auto a = conv(1, 1, 3, ConvMask::causal_a), b = conv(1, 1, 3, ConvMask::causal_b);
  const auto x = rng.normal<double>({1, 2, 3, 1});
  CHECK(dependences(a, x) ==
        std::vector<std::string>{"000000", "100000", "010000", "110000", "111100", "011010"});
  CHECK(dependences(b, x) ==
        std::vector<std::string>{"100000", "110000", "011000", "110100", "111110", "011011"});
  // Of three colours each follows from those before it, in the same pixel too.
  const auto red_first = conv(3, 3, 1, ConvMask::causal_a, 3),
             then = conv(3, 6, {1, 3}, ConvMask::causal_b, 3);
  CHECK(dependences(red_first, rng.normal<double>({1, 1, 1, 3})) ==
        std::vector<std::string>{"000", "100", "110"});
  const auto rows = dependences(then, rng.normal<double>({1, 1, 2, 3}));
  CHECK(std::vector<std::string>(rows.begin(), rows.begin() + 6) ==
        std::vector<std::string>{"100000", "100000", "110000", "110000", "111000", "111000"});
  CHECK(rows[6] == "111100");
  CHECK(a.describe() == "Conv2d(1, 1, 3x3, same, causal A)");
  CHECK(then.describe() == "Conv2d(3, 6, 1x3, same, causal B)");
  // The weights that are not there are 0, also for who reads them as they are.
  CHECK(test::bit_difference(b.weight.detach(), b.masked_weight().detach()) == "");
  CHECK(b.weight(1, 2, 0, 0) == 0);
  CHECK(error_of([&] { conv(1, 1, 4, ConvMask::causal_a); }) ==
        "Conv2d: a mask needs an odd kernel, found 4x4");
  CHECK(error_of([&] { conv(3, 4, 3, ConvMask::causal_a, 3); }) ==
        "Conv2d: 3 colour(s) do not divide 3 and 4 channels in 1 group(s)");
}

TEMPLATE_TEST_CASE("vector quantisation equals its definition in PyTorch", "[nn]", float, double) {
  using T = TestType;
  const golden::Golden golden("quantizer");
  const auto get = [&](const std::string& part) { return cast<T>(golden["vq." + part]); };
  const auto units = [&](const Tensor<T>& found, const std::string& part) {  // sums of two dozen squares
    return test::difference(found, golden["vq." + part], 64);
  };
  Rng rng(1);
  VectorQuantizer<T> layer(5, 4, rng);
  layer.codebook.copy_from(get("codes"));
  const auto x = parameter(get("x"));
  const auto q = layer.quantize(x);
  CHECK(units(q.output, "y") == "");
  CHECK(units(cast<T>(q.codes).view_as({6}), "chosen") == "");
  CHECK(units(q.codebook, "codebook") == "");
  CHECK(units(q.commitment, "commitment") == "");
  CHECK(test::bit_difference(layer.lookup(q.codes).detach(), q.output.detach()) == "");
  const auto g = grad(sum(q.output * get("dy")) + 3 * q.codebook + 5 * q.commitment, {x, layer.codebook});
  CHECK(units(g[0], "dx") == "");
  CHECK(units(g[1], "dcodes") == "");
  Penalties penalties;
  layer(x, {.training = true, .penalties = &penalties});
  CHECK(test::bit_difference(penalties.total<T>(), q.codebook + q.commitment) == "");

  VectorQuantizer<T> moving(5, 4, rng, {.decay = 0.9});
  moving.codebook.copy_from(get("codes")), moving.sums.copy_from(get("codes"));
  CHECK(parameters(moving).empty());
  CHECK(units(moving.quantize(x).output, "y") == "");
  CHECK(units(moving.codebook, "codes") == "");  // it was no training
  const auto step = moving.quantize(x, {.training = true});
  CHECK(units(step.output, "y") == "");
  CHECK(step.codebook.item() == 0);
  CHECK(units(moving.counts, "counts") == "");
  CHECK(units(moving.sums, "sums") == "");
  CHECK(units(moving.codebook, "moved") == "");
}

TEST_CASE("codes that nothing chooses become vectors of the batch", "[nn]") {
  Rng rng(4);
  VectorQuantizer layer(8, 2, rng, {.decay = 0.5, .restart_below = 0.1});
  const auto x = rng.normal({200, 2}, 3, 1);  // far from where codes begin
  const auto count = [&] {
    std::vector<bool> chosen(8);
    const auto codes = layer.quantize(x).codes;
    for (const auto c : codes.values()) chosen[static_cast<std::size_t>(c)] = true;
    return std::count(chosen.begin(), chosen.end(), true);
  };
  CHECK(count() < 8);
  for (int i = 0; i < 12; ++i) layer.quantize(x, {.training = true, .rng = &rng});
  CHECK(count() == 8);
  CHECK(layer.describe() == "VectorQuantizer(8, 2, decay 0.5)");
  std::vector<std::string> names;
  for (const auto& [name, t] : named_tensors(layer)) names.push_back(name);
  CHECK(names == std::vector<std::string>{"codebook", "counts", "sums"});
  CHECK(error_of([&] { VectorQuantizer(8, 2, rng, {.restart_below = 0.1}); }) ==
        "VectorQuantizer: codes restart with a decay alone");
  CHECK(error_of([&] { VectorQuantizer(8, 2, rng, {.decay = 1}); }) ==
        "VectorQuantizer: expected a decay in [0, 1), found 1");
  CHECK(error_of([&] {
          layer(Tensor<float>::ones({3, 5}));
        }) == "VectorQuantizer(8, 2, decay 0.5): VectorQuantizer: x (3, 5) needs 2 features");
}

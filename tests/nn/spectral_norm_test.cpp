// Spectral normalisation: PyTorch's values and gradients of both orders, and the norm it promises.
#include "figment/nn/spectral_norm.hpp"

#include <Eigen/SVD>

#include "figment/autograd/gradcheck.hpp"
#include "figment/core/eigen.hpp"
#include "figment/models/gradient_penalty.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/conv2d.hpp"
#include "figment/nn/conv_transpose2d.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/summary.hpp"
#include "figment/optim/sgd.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/golden.hpp"
#include "support/heap_calls.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;
using Doubles = Tensor<double>;

namespace {

const Context training{.training = true};

const golden::Golden& values() {
  static const golden::Golden golden("gan");
  return golden;
}

template <class T>
Eigen::VectorXd singular_values(const Tensor<T>& weight) {
  const Eigen::MatrixXd m = weight.matrix().template cast<double>();
  return Eigen::JacobiSVD<Eigen::MatrixXd>(m).singularValues();
}

// Units of epsilon * max(1, |value|): sums of up to 12 terms of some size, divided by a sigma that is one of
// them; the second order multiplies three such. 2.8 is the worst seen.
constexpr double units = 32;

template <class T, class L>
void check_case(const std::string& name, L layer) {
  const auto& golden = values();
  const auto whole = [&](const std::string& part) { return golden[name + "." + part]; };
  const auto given = [&](const std::string& part) { return cast<T>(whole(part)); };
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    L own = clone(layer);
    own.weight.copy_from(given("weight"));
    own.bias.copy_from(given("bias"));
    SpectralNorm<L> normed(own, given("u"));
    const auto weight = normed.layer.weight, bias = normed.layer.bias;
    for (int step = 0; step < 3; ++step) {
      INFO(name << " in " << 8 * sizeof(T) << " bits on " << kernels::name(isa) << ", step " << step);
      const std::string at = "_" + std::to_string(step);
      const auto x = parameter(given("x" + at)), dy = parameter(given("dy" + at));
      const auto y = normed.forward(x, training);
      CHECK(test::difference(y, whole("y" + at), units) == "");
      CHECK(test::difference(normed.u, whole("u_after" + at), units) == "");
      const auto first = vjp(y, dy, {{x, weight, bias}}, {.create_graph = true});
      CHECK(test::difference(first[0], whole("dx" + at), units) == "");
      CHECK(test::difference(first[1], whole("dweight" + at), units) == "");
      CHECK(test::difference(first[2], whole("dbias" + at), units) == "");
      const auto second = grad(sum(first[0] * given("v" + at)), {dy, weight});
      CHECK(test::difference(second[0], whole("ddy" + at), units) == "");
      CHECK(test::difference(second[1], whole("ddweight" + at), units) == "");
      Tensor<T> moved = weight;
      moved.copy_from(no_grad([&] { return weight + given("move" + at); }));
    }
    // Settled; a pass of evaluation then agrees with PyTorch's, which takes v as training left it.
    for (int i = 0; i < 2000; ++i) normed.weight_for(training);
    const auto u = normed.u.clone();
    CHECK(test::difference(normed.forward(given("eval.x")), whole("eval.y"), units) == "");
    CHECK(bit_difference(normed.u, u) == "");
  }
}

}  // namespace

TEMPLATE_TEST_CASE("spectral normalisation and its gradients are PyTorch's", "[nn]", float, double) {
  using T = TestType;
  Rng rng(1);
  check_case<T>("spectral_linear", Linear<T>(5, 4, rng));
  check_case<T>("spectral_conv", Conv2d<T>(2, 5, rng, {.kernel = {3, 2}, .stride = 2}));
}

TEMPLATE_TEST_CASE("after many passes the weight's spectral norm is 1", "[nn]", float, double) {
  using T = TestType;
  Rng rng(2);
  const auto check_layer = [&](const auto& layer) {
    INFO(describe(layer));
    const SpectralNorm normed(layer, rng);
    const auto before = singular_values(layer.weight);
    REQUIRE(std::abs(before[0] - 1) > 0.05);
    const double at_first = singular_values(normed.weight_for({}))[0];
    // The estimate is of some direction's stretch, which is the largest only in the end.
    CHECK(at_first > 1.01);
    for (int i = 0; i < 3000; ++i) normed.weight_for(training);
    const auto after = singular_values(normed.weight_for({}));
    const double epsilon = std::numeric_limits<T>::epsilon();
    // The rounding of products of up to 48 terms, sigma's and the decomposition's; 14 were seen.
    CHECK_THAT(after[0], WithinAbs(1, 64 * epsilon));
    // The others keep their proportions.
    for (Eigen::Index i = 0; i < after.size(); ++i)
      CHECK_THAT(after[i], WithinAbs(before[i] / before[0], 64 * epsilon));
  };
  check_layer(Linear<T>(30, 12, rng, {.init = init::normal(0, 1)}));
  check_layer(Linear<T>(7, 20, rng, {.init = init::normal(0, 0.01)}));
  check_layer(Conv2d<T>(3, 10, rng, {.kernel = {4, 4}, .init = init::normal(0, 1)}));
  check_layer(Conv2d<T>(4, 6, rng, {.groups = 2, .init = init::normal(0, 1)}));
  check_layer(ConvTranspose2d<T>(6, 4, rng, {.init = init::normal(0, 1)}));
}

TEST_CASE("a power iteration by hand", "[nn]") {
  Rng rng(1);
  Linear<double> layer(2, 2, rng, {.bias = false});
  layer.weight.copy_from(Doubles({2, 2}, {3, 0, 0, 4}));
  const SpectralNorm normed(layer, Doubles({2}, {10, 10}));
  const double r = std::sqrt(0.5);
  CHECK(test::difference(normed.u, Doubles({2}, {r, r}), 2) == "");
  // Not training: sigma = ||W u|| = 5 sqrt(1/2), and u stays.
  CHECK(test::difference(normed.weight_for({}), Doubles({2, 2}, {0.6 / r, 0, 0, 0.8 / r}), 4) == "");
  CHECK(test::difference(normed.u, Doubles({2}, {r, r}), 2) == "");
  // Training: v = (3, 4) / 5, W^T v = (9, 16) / 5, whose length is sigma.
  const double sigma = std::sqrt(337.0) / 5;
  const auto y = normed.forward(Doubles({1, 2}, {1, 1}), training);
  CHECK(test::difference(y, Doubles({1, 2}, {3 / sigma, 4 / sigma}), 4) == "");
  CHECK(test::difference(normed.u, Doubles({2}, {9 / std::sqrt(337.0), 16 / std::sqrt(337.0)}), 4) == "");
}

TEST_CASE("gradients of spectral normalisation equal finite differences", "[nn]") {
  Rng rng(3);
  const auto check = [&](auto layer, const Doubles& x, const Doubles& u, const Context& context) {
    const auto f = [&](auto in) {
      auto own = layer;
      own.weight = in[1], own.bias = in[2];
      return SpectralNorm(own, u).forward(in[0], context);
    };
    // First derivatives: there u and v, which follow the weight, change nothing, as sigma is stationary in
    // them.
    const std::vector inputs{x, layer.weight.clone(), layer.bias.clone()};
    CHECK(gradcheck(f, inputs, {.second_order = false}).message == "");
  };
  const Linear<double> linear(5, 4, rng);
  const Conv2d<double> conv(2, 3, rng, {.kernel = {2, 2}});
  // Not training, sigma = ||W u|| is so for any u.
  check(linear, rng.normal<double>({3, 5}), rng.normal<double>({4}), {});
  check(conv, rng.normal<double>({2, 3, 3, 2}), rng.normal<double>({3}), {});
  // In training, for a u that has settled.
  const SpectralNorm settled(linear, rng);
  for (int i = 0; i < 1000; ++i) settled.weight_for(training);
  check(linear, rng.normal<double>({3, 5}), settled.u, training);
}

TEST_CASE("a loss may be made of several passes through a normalised layer", "[nn]") {
  // Each pass moves u in place; what earlier ones recorded must not depend on it.
  Rng rng(4);
  SpectralNorm layer(Linear<double>(3, 2, rng), rng);
  const auto weights = parameters(layer);
  const auto a = rng.normal<double>({4, 3}), b = rng.normal<double>({4, 3});
  const auto u = layer.u.clone();
  const auto first = layer.forward(a, training), second = layer.forward(b, training);
  const auto together = grad(sum(first) - sum(second), weights);
  layer.u.copy_from(u);
  const auto alone = grad(sum(layer.forward(a, training)), weights);
  const auto other = grad(sum(layer.forward(b, training)), weights);
  for (std::size_t i = 0; i < weights.size(); ++i)
    CHECK(test::difference(together[i], alone[i] - other[i], 8) == "");
}

TEST_CASE("a gradient penalty goes through normalised layers", "[nn]") {
  Rng rng(5);
  Sequential net{SpectralNorm(Linear<double>(3, 4, rng, {.activation = Activation::tanh}), rng),
                 SpectralNorm(Linear<double>(4, 1, rng), rng)};
  const auto weights = parameters(net);
  const auto x = rng.normal<double>({5, 3});
  const auto value = [&] { return squared_gradient([&](const Doubles& in) { return net.forward(in); }, x); };
  const auto gradients = grad(value(), weights);
  // By differences of each weight: not training, sigma is stationary.
  for (std::size_t w = 0; w < weights.size(); ++w)
    for (Index i = 0; i < weights[w].size(); ++i) {
      Doubles t = weights[w];
      double& at = t.mutable_data()[i];
      const double here = at, step = 1e-5;
      at = here + step;
      const double high = value().item();
      at = here - step;
      const double low = value().item();
      at = here;
      CHECK_THAT(gradients[w].data()[i], WithinAbs((high - low) / (2 * step), 1e-9));
    }
}

TEST_CASE("spectral normalisation in a model: names, summary, clones and messages", "[nn]") {
  Rng rng(6);
  Sequential net{SpectralNorm(Linear(4, 3, rng), rng), Relu{}, SpectralNorm(Linear(3, 1, rng), rng)};
  std::vector<std::string> names;
  for (const auto& [name, t] : named_tensors(net)) names.push_back(name);
  CHECK(names == std::vector<std::string>{"0.weight", "0.bias", "0.u", "2.weight", "2.bias", "2.u"});
  CHECK(parameters(net).size() == 4);
  CHECK_THAT(summary(net, {4}), ContainsSubstring("0     Linear(4, 3) spectral norm  (N, 3)          18"));
  CHECK_THAT(error_of([&] {
               net.forward(Tensor<float>::ones({2, 5}));
             }),
             StartsWith("0 Linear(4, 3) spectral norm: linear: x (2, 5)"));

  const auto twin = clone(net);
  const auto x = rng.normal({8, 4});
  const auto before = named_tensors(net)[2].second.clone();
  twin.forward(x, training);
  CHECK(bit_difference(named_tensors(net)[2].second, before) == "");  // a clone's u is its own
  net.forward(x, training);
  CHECK(bit_difference(named_tensors(net)[2].second, before) != "");

  CHECK(error_of([&] { SpectralNorm(Linear(4, 3, rng), Tensor<float>::ones({4})); }) ==
        "SpectralNorm: expected u (3,) for weight (4, 3), found (4,)");
  const SpectralNorm zero(Linear(4, 3, rng, {.init = init::zeros()}), rng);
  const auto u = zero.u.clone();
  CHECK(error_of([&] { zero.forward(x, training); }) ==
        "Linear(4, 3) spectral norm: SpectralNorm: weight (4, 3) maps u to 0: is it all zeros?");
  CHECK(bit_difference(zero.u, u) == "");

  // A float and a double network of one seed begin alike.
  Rng one(7), same(7);
  const SpectralNorm narrow(Linear<float>(4, 3, one), one);
  const SpectralNorm wide(Linear<double>(4, 3, same), same);
  CHECK(test::difference(narrow.u, wide.u, 2) == "");
}

TEST_CASE("steps through normalised layers take nothing from the heap", "[nn]") {
  if (!test::counts_heap_calls) return;
  Rng rng(8);
  Sequential net{SpectralNorm(Conv2d(1, 32, rng, {.stride = 2}), rng), LeakyRelu{0.2},
                 SpectralNorm(Conv2d(32, 8, rng, {.stride = 2}), rng)};
  Sgd<float> sgd(parameters(net), {.rate = 0.01});
  const auto x = rng.normal({32, 28, 28, 1});
  long before = 0;
  for (int step = 0; step < 12; ++step) {
    if (step == 6) before = test::heap_calls();
    sgd.step(grad(mean(net.forward(x, training)), sgd.parameters()));
  }
  CHECK(test::heap_calls() == before);
}

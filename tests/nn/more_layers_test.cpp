// Layers of images and rows against PyTorch, with both orders of gradients, and what they say; layers that
// hold others.
#include <optional>

#include "figment/autograd/grad.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/conv1d.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/embedding.hpp"
#include "figment/nn/group_norm.hpp"
#include "figment/nn/layer_norm.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/parallel.hpp"
#include "figment/nn/pixel_shuffle.hpp"
#include "figment/nn/pool.hpp"
#include "figment/nn/prelu.hpp"
#include "figment/nn/reflection_pad.hpp"
#include "figment/nn/rms_norm.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/summary.hpp"
#include "figment/nn/upsample.hpp"
#include "figment/nn/weight_norm.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/golden.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;
using Doubles = Tensor<double>;

namespace {

// Double results of another order of operations: sums of up to a hundred terms, divided by a deviation whose
// third power second gradients have.
constexpr double more_layers_units = 512;

/// A layer's parameters are set to the file's, in their order, by these names.
template <class L>
void check_against_pytorch(const std::string& name, L layer, const std::vector<std::string>& names) {
  using T = module_value_t<L>;
  static const golden::Golden golden("more_layers");
  const auto get = [&](const std::string& part) { return golden[name + "." + part]; };
  for (auto isa : test::supported_isas()) {
    INFO(name << " in " << 8 * sizeof(T) << " bits on " << figment::kernels::name(isa));
    test::IsaScope scope(isa);
    const auto x = parameter(cast<T>(get("x"))), dy = parameter(cast<T>(get("dy")));
    auto by = parameters(layer);
    REQUIRE(by.size() == names.size());
    for (std::size_t i = 0; i < names.size(); ++i) by[i].copy_from(cast<T>(get(names[i])));
    by.insert(by.begin(), x);
    const auto y = layer.forward(x);
    CHECK(test::difference(y, get("y"), more_layers_units) == "");
    for (const bool create_graph : {false, true}) {
      const auto found = vjp(y, dy, by, {.create_graph = create_graph});
      for (std::size_t i = 0; i < found.size(); ++i) {
        const std::string which = i == 0 ? "dx" : "d" + names[i - 1];
        INFO(which);
        CHECK(test::difference(found[i], get(which), more_layers_units) == "");
      }
      if (!create_graph) continue;
      const auto second = vjp(found[0], cast<T>(get("v")), std::vector{x, dy});
      CHECK(test::difference(second[0], get("ddx"), more_layers_units) == "");
      CHECK(test::difference(second[1], get("ddy"), more_layers_units) == "");
    }
  }
}

/// A U-Net's lists of layers, and what it may have.
struct Ladder {
  std::vector<Linear<float>> down, up;
  std::optional<Linear<float>> middle, none;
  explicit Ladder(Rng& rng) : middle(Linear(2, 2, rng)) {
    for (Index size : {6, 4}) down.emplace_back(size, size - 2, rng);
    for (Index size : {2, 4}) up.emplace_back(size, size + 2, rng);
  }
  Tensor<float> forward(const Tensor<float>& x) const {
    Tensor<float> y = x;
    for (const auto& layer : down) y = layer(y);
    if (middle) y = middle->forward(y);
    for (const auto& layer : up) y = layer(y);
    return y;
  }
  void visit(auto&& v) { v("down", down), v("up", up), v("middle", middle), v("none", none); }
};

template <class M>
std::vector<std::string> tensor_names(M& module) {
  std::vector<std::string> names;
  for (const auto& [name, t] : named_tensors(module)) names.push_back(name);
  return names;
}

}  // namespace

TEMPLATE_TEST_CASE("norms of groups and rows, and learned slopes, equal PyTorch's", "[nn]", float, double) {
  using T = TestType;
  check_against_pytorch("group_norm_odd", GroupNorm<T>(3, 9), {"gamma", "beta"});
  check_against_pytorch("group_norm_one", GroupNorm<T>(1, 5), {"gamma", "beta"});
  check_against_pytorch("group_norm_plain", GroupNorm<T>(2, 4, {.affine = false}), {});
  check_against_pytorch("instance_norm", InstanceNorm<T>(5), {});
  check_against_pytorch("instance_norm_affine", InstanceNorm<T>(3, {.affine = true}), {"gamma", "beta"});
  check_against_pytorch("rms_norm", RmsNorm<T>(7), {"gamma"});
  check_against_pytorch("prelu_one", PRelu<T>(), {"slope"});
  check_against_pytorch("prelu_channels", PRelu<T>(5), {"slope"});
}

TEMPLATE_TEST_CASE("convolutions of sequences and of channels, and normalised weights, equal PyTorch's",
                   "[nn]", float, double) {
  using T = TestType;
  Rng rng;
  const std::vector<std::string> names{"weight", "bias"}, normed{"weight", "bias", "g"};
  const Conv1dOptions dilated{.stride = 2, .padding = Padding::all(1), .dilation = 2};
  check_against_pytorch("conv1d", Conv1d<T>(3, 4, rng, dilated), names);
  check_against_pytorch("conv1d_groups", Conv1d<T>(4, 6, rng, {.kernel = 2, .groups = 2}), names);
  const Conv2dOptions depthwise{.stride = {2, 1}, .padding = Padding::all(1), .groups = 5};
  check_against_pytorch("depthwise", Conv2d<T>(5, 5, rng, depthwise), names);
  check_against_pytorch("weight_norm", WeightNorm(Linear<T>(4, 3, rng)), normed);
  check_against_pytorch("weight_norm_conv", WeightNorm(Conv2d<T>(2, 3, rng, {.kernel = 2})), normed);
}

TEMPLATE_TEST_CASE("pooling to a size, windows that stand out, corners and shuffled pixels equal PyTorch's",
                   "[nn]", float, double) {
  using T = TestType;
  const auto check_layer = [](const char* name, auto layer) {
    check_against_pytorch(name, Sequential<T>(layer), {});
  };
  check_layer("avg_ceil", AvgPool2d({.window = 3,
                                     .stride = 2,
                                     .padding = Padding::all(1),
                                     .ceil_mode = true,
                                     .count_include_pad = true}));
  check_layer("avg_ceil_inside", AvgPool2d({.ceil_mode = true}));
  check_layer("max_ceil", MaxPool2d({.window = 3, .stride = 2, .ceil_mode = true}));
  check_layer("adaptive_avg", AdaptiveAvgPool2d({3, 2}));
  check_layer("adaptive_max", AdaptiveMaxPool2d({2, 3}));
  check_layer("up_corners", UpSample2d({2, 3}, Interpolation::bilinear_align_corners));
  check_layer("pixel_shuffle", PixelShuffle(2));
  check_layer("pixel_unshuffle", PixelUnshuffle(2));
}

// A mean 10^4 times the deviation: a difference of mean squares would leave no digit of the variance.
TEST_CASE("group norm survives large means", "[nn]") {
  Rng rng(2);
  const auto x = cast<float>(rng.normal<double>({3, 20, 6, 8}) + 10000.0);
  const auto exact = GroupNorm<double>(2, 8).forward(cast<double>(x));
  // The mean is rounded at its own size, 10^4 times y's.
  CHECK(test::difference(GroupNorm(2, 8).forward(x), exact, 2e4) == "");
}

TEST_CASE("group norm between its two ends", "[nn]") {
  Rng rng(3);
  const auto x = rng.normal<double>({3, 4, 5, 6}, 2, 3);
  // A group for each channel, and one for all of a sample's features.
  CHECK(bit_difference(GroupNorm<double>(6, 6).forward(x), InstanceNorm<double>(6).forward(x)) == "");
  const auto whole = GroupNorm<double>(1, 6).forward(x);
  const auto rows = layer_norm(reshape(x, {3, 120}), Doubles(), Doubles(), 1e-3);
  CHECK(test::difference(whole, rows.view_as({3, 4, 5, 6}), 64) == "");
}

TEST_CASE("what the norms and slopes say of themselves and of what does not fit", "[nn]") {
  Rng rng(1);
  CHECK(GroupNorm(2, 6).describe() == "GroupNorm(2, 6)");
  CHECK(InstanceNorm(6).describe() == "InstanceNorm(6)");
  CHECK(RmsNorm(6).describe() == "RmsNorm(6)");
  CHECK(PRelu(6).describe() == "PRelu(6)");
  CHECK(error_of([] { GroupNorm(4, 6); }) == "GroupNorm: 4 group(s) do not divide 6 channels");
  CHECK(error_of([] { GroupNorm(0, 6); }) == "GroupNorm: 0 group(s) do not divide 6 channels");
  CHECK(error_of([] { GroupNorm(2, 6, {.epsilon = 0}); }) ==
        "GroupNorm: expected a positive epsilon, found 0");
  CHECK(error_of([] { InstanceNorm(6, {.epsilon = -1}); }) ==
        "InstanceNorm: expected a positive epsilon, found -1");
  CHECK(error_of([] { RmsNorm(6, {.epsilon = 0}); }) == "RmsNorm: expected a positive epsilon, found 0");
  CHECK(error_of([] { PRelu(0); }) == "PRelu: expected 1 or more slopes, found 0");
  const auto x = Tensor<float>::ones({4, 3, 5});
  CHECK(error_of([&] { GroupNorm(2, 6).forward(x); }) ==
        "GroupNorm(2, 6): group_norm: x (4, 3, 5) needs 6 channels");
  CHECK(error_of([&] {
          InstanceNorm(5).forward(reshape(x, {12, 5}));
        }) == "InstanceNorm(5): instance_norm: x (12, 5) needs positions and 5 channels");
  CHECK(error_of([&] {
          InstanceNorm(5).forward(reshape(x, {12, 1, 5}));
        }) == "InstanceNorm(5): instance_norm: takes 2 or more positions, found x (12, 1, 5)");
  CHECK(error_of([&] { RmsNorm(6).forward(x); }) == "RmsNorm(6): rms_norm: x (4, 3, 5) needs 6 features");
  CHECK(error_of([&] { PRelu(4).forward(x); }) ==
        "PRelu(4): prelu: expected a slope for all or one for each last extent of x (4, 3, 5), found shape "
        "(4,)");

  Sequential net{Linear(4, 6, rng), GroupNorm(2, 6), PRelu(6), RmsNorm(6)};
  CHECK(tensor_names(net) ==
        std::vector<std::string>{"0.weight", "0.bias", "1.gamma", "1.beta", "2.slope", "3.gamma"});
  CHECK_THAT(summary(net, {4}), ContainsSubstring("GroupNorm(2, 6)  (N, 6)          12"));
}

TEST_CASE("a sequential's layers are reached by position, by name, by type and one after the other", "[nn]") {
  Rng rng(1);
  Sequential net{Linear(4, 3, rng), Relu{}, named("head", Linear(3, 2, rng))};
  CHECK((net[0].name() == "0" && net[0].describe() == "Linear(4, 3)"));
  CHECK((net[-1].name() == "head" && net["head"].describe() == "Linear(3, 2)"));
  const auto x = rng.normal({5, 4});
  CHECK(bit_difference(net[2](net[1].forward(net[0](x))), net(x)) == "");
  Tensor<float> y = x;
  std::string seen;
  for (const auto& layer : net) y = layer(y), seen += layer.name() + " ";
  CHECK(bit_difference(y, net.forward(x)) == "");
  CHECK(seen == "0 1 head ");
  CHECK(std::distance(net.begin(), net.end()) == net.size());
  CHECK(Sequential<float>().begin() == Sequential<float>().end());

  // The layer itself, to be read and changed.
  net.get<Linear<>>(0).weight.fill(0.5f);
  net.get<Linear<>>("head").bias.fill(7);
  CHECK(net[0].as<Linear<>>()->weight(0, 0) == 0.5f);
  CHECK((net[0].as<Linear<double>>() == nullptr && net[1].as<Relu>() != nullptr));
  const Sequential copy = net;  // of handles
  CHECK(copy.get<Linear<>>(-1).bias(1) == 7);
  // Those of one layer are trained alone.
  CHECK(parameters(net[0]).size() == 2);
  CHECK(parameters(net[0])[0].shares_memory_with(net.get<Linear<>>(0).weight));
  for (auto& layer : net)
    CHECK(count_parameters(layer).trainable == (layer.name() == "1" ? 0 : layer.name() == "0" ? 15 : 8));

  CHECK(error_of([&] { net[3]; }) == "Sequential: no layer 3 among 3");
  CHECK(error_of([&] { net[-4]; }) == "Sequential: no layer -4 among 3");
  CHECK(error_of([&] { net["tail"]; }) == "Sequential: no layer is named 'tail'");
  CHECK(error_of([&] { net.get<Linear<>>(1); }) ==
        "Sequential: layer '1' is Relu, not of the type asked for");
  CHECK(error_of([&] { net.get<Linear<double>>(0); }) ==
        "Sequential: layer '0' is Linear(4, 3), not of the type asked for");
}

TEST_CASE("lists of layers and optional ones need no help", "[nn]") {
  Rng rng(1);
  Ladder net(rng);
  CHECK(tensor_names(net) == std::vector<std::string>{"down.0.weight", "down.0.bias", "down.1.weight",
                                                      "down.1.bias", "up.0.weight", "up.0.bias",
                                                      "up.1.weight", "up.1.bias", "middle.weight",
                                                      "middle.bias"});
  std::string paths;
  for (const TraceRow& row : trace(net, Shape{3, 6})) paths += row.path + " ";
  CHECK(paths == "down.0 down.1 middle up.0 up.1 ");
  CHECK(error_of([&] {
          net.down[1](Tensor<float>::ones({3, 5}));
        }) == "Linear(4, 2): linear: x (3, 5) needs 4 features (weight (4, 2))");
}

TEST_CASE("a residual adds its input, and a skip puts it in front", "[nn]") {
  Rng rng(2);
  Residual residual{Linear(4, 6, rng), Relu{}, named("last", Linear(6, 4, rng))};
  Skip skip{Linear(4, 2, rng), Relu{}};
  const auto x = rng.normal({3, 4});
  const auto f = residual.layers(x);
  CHECK(bit_difference(residual(x), x + f) == "");
  CHECK(bit_difference(skip(x), concat({x, skip.layers(x)}, 1)) == "");
  CHECK(tensor_names(residual) == std::vector<std::string>{"0.weight", "0.bias", "last.weight", "last.bias"});
  static_assert(std::is_same_v<decltype(Residual{Relu{}, Linear<double>(1, 1, rng)})::value_type, double>);

  // In a network: the layers inside have their paths, and training reaches them.
  Sequential net{residual, skip, Linear(6, 2, rng)};
  CHECK(summary(net, {4}) == R"(path    layer         output  parameters
----------------------------------------
0.0     Linear(4, 6)  (N, 6)          30
0.1     Relu          (N, 6)           0
0.last  Linear(6, 4)  (N, 4)          28
0       Residual      (N, 4)           0
1.0     Linear(4, 2)  (N, 2)          10
1.1     Relu          (N, 2)           0
1       Skip          (N, 6)           0
2       Linear(6, 2)  (N, 2)          14
parameters: 82, trainable 82, not trainable 0
)");
  const auto gradients = grad(sum(square(net(x))), parameters(net));
  for (const auto& g : gradients) CHECK(sum(square(g)).item() > 0);
  CHECK(error_of([&] { Sequential{Residual{Linear(4, 3, rng)}}(x); }) ==
        "0 Residual: Residual: its layers make (3, 3) of x (3, 4), expected its shape");
  CHECK(error_of([&] { Sequential{Skip{Linear(3, 3, rng)}}(x); }) ==
        "0.0 Linear(3, 3): linear: x (3, 4) needs 3 features (weight (3, 3))");
  // The Context reaches them.
  CHECK(error_of([&] { Residual{Dropout(0.5)}(x, {.training = true}); }) ==
        "0 Dropout(0.5): Dropout: needs a random generator in its Context");
}

TEST_CASE("parallel layers are concatenated or added", "[nn]") {
  Rng rng(3);
  const auto x = rng.normal({2, 3, 4});
  Parallel branches{Linear(4, 2, rng), Sequential{Linear(4, 3, rng), Relu{}}, Relu{}};
  CHECK(branches.describe() == "Parallel(3)");
  const auto &a = branches.branches.get<Linear<>>(0),
             &b = branches.branches.get<Sequential<>>(1).get<Linear<>>(0);
  CHECK(bit_difference(branches(x), concat({a(x), relu(b(x)), relu(x)}, 2)) == "");
  CHECK(tensor_names(branches) == std::vector<std::string>{"0.weight", "0.bias", "1.0.weight", "1.0.bias"});
  Parallel sums(Merge::sum, Linear(4, 4, rng), named("same", Relu{}));
  CHECK(sums.describe() == "Parallel(2, sum)");
  CHECK(bit_difference(sums(x), sums.branches[0](x) + relu(x)) == "");
  CHECK(
      error_of([&] { Parallel(Merge::sum, Linear(4, 3, rng), Relu{})(x); }) ==
      "Parallel(2, sum): Parallel: branches make (2, 3, 3) and (2, 3, 4) of x (2, 3, 4), expected one shape");
}

/// Words by their numbers, and a class for each sentence.
struct Sentences {
  Embedding<float> words;
  Linear<float> out;
  Tensor<float> forward(const Indices& x) const { return out(mean(words(x), 1)); }
  void visit(auto&& v) { v("words", words), v("out", out); }
};

TEST_CASE("an embedding's rows, and the one that is not trained", "[nn]") {
  Rng rng(4);
  Embedding<double> layer(5, 2, rng, {.padding = 3});
  CHECK(layer.describe() == "Embedding(5, 2, padding 3)");
  CHECK((layer.table(3, 0) == 0 && layer.table(3, 1) == 0 && layer.table(2, 0) != 0));
  const Indices x({2, 3}, {1, 3, 1, 0, 4, 3});
  const auto y = layer(x);
  CHECK(y.shape() == Shape{2, 3, 2});
  CHECK((y(0, 2, 1) == layer.table(1, 1) && y(1, 1, 0) == layer.table(4, 0) && y(1, 2, 0) == 0));
  // Each row as often as it was taken, but for the padding.
  const auto dtable = grad(sum(y), layer.table);
  CHECK(bit_difference(dtable, Doubles({5, 2}, {1, 1, 2, 2, 0, 0, 0, 0, 1, 1})) == "");
  // Both orders: dy once more.
  const auto recorded = grad(sum(square(layer(x))), layer.table, {.create_graph = true});
  const auto second = grad(sum(recorded), layer.table);
  CHECK(bit_difference(second, Doubles({5, 2}, {2, 2, 4, 4, 0, 0, 0, 0, 2, 2})) == "");
  CHECK(error_of([&] {
          layer(Indices({2}, {1, 5}));
        }) == "Embedding(5, 2, padding 3): embedding: position 5 at 1 is not in 0 to 4");
  CHECK(error_of([&] { Embedding(5, 2, rng, {.padding = 5}); }) == "Embedding: padding 5 is none of 5 rows");
  CHECK(error_of([&] { Embedding(0, 2, rng); }) == "Embedding: expected sizes of 1 or more, found 0 and 2");

  Sentences net{Embedding(9, 4, rng), Linear(4, 3, rng)};
  CHECK_THAT(summary(net, {.inputs = {{"words", {7}}}}),
             ContainsSubstring("words  Embedding(9, 4)  (N, 7, 4)          36"));
}

TEST_CASE("Conv1d says what it is and what does not fit", "[nn]") {
  Rng rng(5);
  const Conv1d layer(4, 6, rng, {.kernel = 5, .stride = 2, .padding = Padding::same(), .groups = 2});
  CHECK(layer.describe() == "Conv1d(4, 6, 5, stride 2, same, groups 2)");
  CHECK(Conv1d(4, 6, rng, {.padding = Padding::all(2), .dilation = 3, .activation = Activation::relu})
            .describe() == "Conv1d(4, 6, 3, padding 2, dilation 3, relu)");
  CHECK(layer(Tensor<float>::ones({2, 9, 4})).shape() == Shape{2, 5, 6});
  CHECK(layer.weight.shape() == Shape{5, 2, 6});
  CHECK(error_of([&] { Conv1d(0, 6, rng); }) == "Conv1d: expected channels of 1 or more, found 0 and 6");
  CHECK(error_of([&] {
          layer(Tensor<float>::ones({2, 9, 1, 4}));
        }) ==
        "Conv1d(4, 6, 5, stride 2, same, groups 2): conv1d: expected x (N, L, C) and weight (k, in, out), "
        "found "
        "(2, 9, 1, 4) and (5, 2, 6)");
}

TEST_CASE("pooling to a size says what it is and what does not fit", "[nn]") {
  Rng rng(6);
  const auto x = rng.normal({2, 4, 6, 3});
  CHECK(bit_difference(AdaptiveMaxPool2d({2, 3})(x), MaxPool2d(2)(x)) == "");
  CHECK(bit_difference(AdaptiveAvgPool2d({2, 3})(x), AvgPool2d(2)(x)) == "");
  CHECK(bit_difference(GlobalMaxPool2d{}(x), max(x, {1, 2})) == "");
  CHECK(test::difference(GlobalAvgPool2d{}(x), cast<double>(mean(x, {1, 2})), 8) == "");
  CHECK(AdaptiveAvgPool2d({2, 3}).describe() == "AdaptiveAvgPool2d(2x3)");
  CHECK(AvgPool2d({.ceil_mode = true, .count_include_pad = true}).describe() ==
        "AvgPool2d(2, ceil mode, padding counted)");
  CHECK(error_of([] {
          AdaptiveMaxPool2d({0, 3});
        }) == "AdaptiveMaxPool2d: expected a size of 1 or more, found 0 and 3");
  CHECK(error_of([&] {
          AdaptiveAvgPool2d(2)(Tensor<float>::ones({2, 0, 6, 3}));
        }) == "AdaptiveAvgPool2d(2): adaptive_avg_pool2d: cannot pool x (2, 0, 6, 3) to 2 by 2");
  CHECK(error_of([&] { PixelShuffle(2)(x); }) ==
        "PixelShuffle(2): pixel_shuffle: the square of 2 does not divide the channels of (2, 4, 6, 3)");
  CHECK(error_of([&] { PixelUnshuffle(5)(x); }) ==
        "PixelUnshuffle(5): pixel_unshuffle: 5 does not divide the extents of (2, 4, 6, 3)");
  CHECK(bit_difference(PixelShuffle(2)(PixelUnshuffle(2)(x)), x) == "");
}

TEST_CASE("Dropout2d drops whole channels", "[nn]") {
  Rng rng(7);
  const Dropout2d layer(0.4);
  const auto x = parameter(Tensor<float>::ones({50, 3, 2, 16}));
  const auto y = layer(x, {.training = true, .rng = &rng});
  Index kept = 0;
  for (Index n = 0; n < 50; ++n)
    for (Index c = 0; c < 16; ++c) {
      const float v = y(n, 0, 0, c);
      kept += v != 0;
      bool alike = v == 0 || v == static_cast<float>(1 / 0.6);
      for (Index i = 0; i < 3; ++i)
        for (Index j = 0; j < 2; ++j) alike = alike && y(n, i, j, c) == v;
      CHECK(alike);
    }
  CHECK((kept > 430 && kept < 530));  // of 800 draws with probability 0.6: 480 and a deviation of 14
  CHECK(bit_difference(grad(sum(y), x), y) == "");
  CHECK(bit_difference(layer(x, {}), x) == "");
  CHECK(error_of([] { Dropout2d(1); }) == "Dropout2d: expected a rate in [0, 1), found 1");
  CHECK(error_of([&] {
          layer(Tensor<float>::ones({2, 3}), {});
        }) == "Dropout2d(0.4): Dropout2d: expected (N, …, C) with positions, found shape (2, 3)");
}

TEST_CASE("a weight norm begins as its layer is", "[nn]") {
  Rng rng(8);
  const Conv2d<double> plain(2, 3, rng, {.activation = Activation::relu});
  WeightNorm layer(plain);
  const auto x = rng.normal<double>({2, 4, 5, 2});
  CHECK(test::difference(layer(x), plain(x), 16) == "");
  CHECK(tensor_names(layer) == std::vector<std::string>{"weight", "bias", "g"});
  CHECK(layer.describe() == "Conv2d(2, 3, 3x3, relu) weight norm");
  CHECK(parameters(layer).size() == 3);
  CHECK(error_of([&] { WeightNorm(Linear(3, 2, rng, {.init = init::zeros()})); }) ==
        "WeightNorm: weight (3, 2) has columns of zeros");
  CHECK(error_of([&] {
          Sequential<double>{layer}(rng.normal<double>({2, 4, 5, 3}));
        }).rfind("0 Conv2d(2, 3, 3x3, relu) weight norm: conv2d: x (2, 4, 5, 3)", 0) == 0);
}

TEST_CASE("a reflection leaves the edge out", "[nn]") {
  const Doubles x({1, 2, 3, 1}, {1, 2, 3, 4, 5, 6});
  const Doubles expected({1, 4, 5, 1}, {5, 4, 5, 6, 5, 2, 1, 2, 3, 2, 5, 4, 5, 6, 5, 2, 1, 2, 3, 2});
  CHECK(bit_difference(ReflectionPad2d(1)(x), expected) == "");
  const auto right = ReflectionPad2d(Padding::of(0, 0, 0, 2));
  CHECK(bit_difference(right(x), Doubles({1, 2, 5, 1}, {1, 2, 3, 2, 1, 4, 5, 6, 5, 4})) == "");
  CHECK(ReflectionPad2d({2, 1}).describe() == "ReflectionPad2d(2x1)");
  CHECK(right.describe() == "ReflectionPad2d(0, 0, 0, 2)");
  CHECK(error_of([] { ReflectionPad2d(-1); }) == "ReflectionPad2d: expected widths of 0 or more");
  CHECK(error_of([&] {
          ReflectionPad2d(1)(x.view_as({2, 3}));
        }) == "ReflectionPad2d(1): ReflectionPad2d: expected x (N, H, W, C), found (2, 3)");
  CHECK(error_of([&] { ReflectionPad2d(2)(x); }).rfind("ReflectionPad2d(2): pad: ", 0) == 0);
}

// The layers of images: what each passes to its operation, its initial weights, how it reads in a summary.
#include "figment/autograd/grad.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/conv2d.hpp"
#include "figment/nn/conv_transpose2d.hpp"
#include "figment/nn/pool.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/summary.hpp"
#include "figment/nn/upsample.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;
using Doubles = Tensor<double>;

TEST_CASE("Conv2d is the operation with its options", "[nn]") {
  Rng rng(1);
  const auto x = rng.normal<double>({2, 7, 6, 4});
  Conv2d<double> layer(4, 6, rng,
                       {.kernel = {3, 2},
                        .stride = 2,
                        .padding = Padding::same(),
                        .dilation = {1, 2},
                        .groups = 2,
                        .activation = Activation::leaky_relu,
                        .slope = 0.1,
                        .bias_init = init::constant(0.5)});
  CHECK(layer.weight.shape() == Shape{3, 2, 2, 6});
  const ConvOptions options{.stride = 2, .padding = Padding::same(), .dilation = {1, 2}, .groups = 2};
  const auto y = conv2d(x, layer.weight, Doubles::full({6}, 0.5), options, Activation::leaky_relu, 0.1);
  CHECK(y.shape() == Shape{2, 4, 3, 6});
  CHECK(bit_difference(layer.forward(x), y) == "");
  CHECK(layer.describe() == "Conv2d(4, 6, 3x2, stride 2, same, dilation 1x2, groups 2, leaky_relu)");
  CHECK(Conv2d(1, 1, rng, {.padding = {.top = 1, .left = 2}}).describe() ==
        "Conv2d(1, 1, 3x3, padding 1 2 0 0)");
  CHECK(Conv2d(1, 1, rng, {.padding = Padding::all(0)}).describe() == "Conv2d(1, 1, 3x3)");

  Conv2d<double> bare(4, 1, rng, {.kernel = 1, .bias = false});
  CHECK_FALSE(bare.bias.defined());
  CHECK(parameters(bare).size() == 1);
  CHECK(bit_difference(bare.forward(x), conv2d(x, bare.weight, {})) == "");
}

TEST_CASE("ConvTranspose2d is the operation with its options", "[nn]") {
  Rng rng(2);
  const auto x = rng.normal<double>({2, 3, 4, 4});
  ConvTranspose2d<double> layer(4, 6, rng,
                                {.kernel = 3,
                                 .stride = {2, 3},
                                 .padding = Padding::of(1, 0, 1, 1),
                                 .output_padding = {1, 0},
                                 .groups = 2,
                                 .activation = Activation::tanh,
                                 .bias_init = init::constant(-0.5)});
  CHECK(layer.weight.shape() == Shape{3, 3, 3, 4});
  const ConvOptions options{.stride = {2, 3}, .padding = Padding::of(1, 0, 1, 1), .groups = 2};
  const auto y =
      conv_transpose2d(x, layer.weight, Doubles::full({6}, -0.5), options, {1, 0}, Activation::tanh);
  CHECK(y.shape() == Shape{2, 6, 11, 6});
  CHECK(bit_difference(layer.forward(x), y) == "");
  CHECK(layer.describe() ==
        "ConvTranspose2d(4, 6, 3x3, stride 2x3, padding 1 0 1 1, output padding 1x0, groups 2, tanh)");

  ConvTranspose2d<double> doubling(4, 2, rng, {.kernel = 5, .stride = 2, .padding = Padding::same()});
  CHECK(doubling.forward(x).shape() == Shape{2, 6, 8, 2});
}

TEST_CASE("pooling and up-sampling layers are the operations of their names", "[nn]") {
  Rng rng(3);
  const auto x = rng.normal<float>({2, 6, 8, 3});
  CHECK(bit_difference(MaxPool2d().forward(x), max_pool2d(x, {.window = 2})) == "");
  CHECK(bit_difference(MaxPool2d(3).forward(x), max_pool2d(x, {.window = 3})) == "");
  CHECK(bit_difference(AvgPool2d(2).forward(x), avg_pool2d(x)) == "");
  const PoolOptions options{.window = {3, 2}, .stride = 2, .padding = Padding::same()};
  CHECK(bit_difference(MaxPool2d(options).forward(x), max_pool2d(x, options)) == "");
  CHECK(bit_difference(AvgPool2d(options).forward(x), avg_pool2d(x, options)) == "");
  CHECK(bit_difference(UpSample2d().forward(x), upsample2d(x, 2, Interpolation::nearest)) == "");
  CHECK(bit_difference(UpSample2d({3, 1}, Interpolation::bilinear).forward(x),
                       upsample2d(x, {3, 1}, Interpolation::bilinear)) == "");

  CHECK(describe(MaxPool2d(2)) == "MaxPool2d(2)");
  CHECK(describe(MaxPool2d({.window = 3, .stride = 2, .padding = Padding::all(1), .dilation = 2})) ==
        "MaxPool2d(3, stride 2, padding 1, dilation 2)");
  CHECK(describe(AvgPool2d(options)) == "AvgPool2d(3x2, stride 2, same)");
  CHECK(describe(AvgPool2d({.window = {3, 2}})) == "AvgPool2d(3x2)");
  CHECK(describe(UpSample2d(2)) == "UpSample2d(2, nearest)");
  CHECK(describe(UpSample2d({3, 1}, Interpolation::bilinear)) == "UpSample2d(3x1, bilinear)");
}

TEST_CASE("weights of convolutions begin within Glorot's limits", "[nn]") {
  Rng rng(4);
  const auto check_limits = [](const Tensor<float>& weight, double fans) {
    const double limit = std::sqrt(6 / fans);
    const auto [low, high] = std::minmax_element(weight.values().begin(), weight.values().end());
    CHECK((*high <= limit && *low >= -limit));
    CHECK((*high > 0.99 * limit && *low < -0.99 * limit));
  };
  const Conv2d usual(20, 30, rng, {.kernel = {5, 3}});
  check_limits(usual.weight, 15 * (20 + 30));
  CHECK(bit_difference(usual.bias, Tensor<float>::zeros({30})) == "");
  const Conv2d grouped(40, 60, rng, {.kernel = 3, .groups = 2});
  check_limits(grouped.weight, 9 * (20 + 60));
  const ConvTranspose2d transposed(20, 30, rng, {.kernel = {5, 3}});
  check_limits(transposed.weight, 15 * (20 + 30));
  const ConvTranspose2d kaiming(20, 30, rng, {.kernel = {5, 3}, .init = init::he_uniform()});
  check_limits(kaiming.weight, 15 * 20);
}

TEST_CASE("an autoencoder of images: shapes, parameters, gradients, clones", "[nn]") {
  Rng rng(5);
  const Conv2dOptions same{.kernel = 3, .padding = Padding::same(), .activation = Activation::relu};
  Sequential net{Conv2d(1, 16, rng, same),
                 MaxPool2d(2),
                 Conv2d(16, 8, rng, same),
                 AvgPool2d({.window = 2, .padding = Padding::same()}),
                 UpSample2d(2),
                 ConvTranspose2d(8, 4, rng, {.kernel = {5, 5}, .stride = 2, .padding = Padding::same()}),
                 UpSample2d({1, 1}, Interpolation::bilinear),
                 Conv2d(4, 1, rng, {.kernel = {1, 1}})};
  CHECK(summary(net, {28, 28, 1}) ==
        "path  layer                                       output           parameters\n"
        "-----------------------------------------------------------------------------\n"
        "0     Conv2d(1, 16, 3x3, same, relu)              (N, 28, 28, 16)         160\n"
        "1     MaxPool2d(2)                                (N, 14, 14, 16)           0\n"
        "2     Conv2d(16, 8, 3x3, same, relu)              (N, 14, 14, 8)        1,160\n"
        "3     AvgPool2d(2, same)                          (N, 7, 7, 8)              0\n"
        "4     UpSample2d(2, nearest)                      (N, 14, 14, 8)            0\n"
        "5     ConvTranspose2d(8, 4, 5x5, stride 2, same)  (N, 28, 28, 4)          804\n"
        "6     UpSample2d(1, bilinear)                     (N, 28, 28, 4)            0\n"
        "7     Conv2d(4, 1, 1x1)                           (N, 28, 28, 1)            5\n"
        "parameters: 2,129, trainable 2,129, not trainable 0\n");

  const auto x = rng.uniform<float>({3, 28, 28, 1});
  const auto y = net.forward(x);
  const auto gradients = grad(mean(square(y - x)), parameters(net));
  REQUIRE(gradients.size() == 8);
  for (const auto& g : gradients) {
    INFO(to_string(g.shape()));
    CHECK(sum(square(g)).item() > 0);
  }

  auto copy = clone(net);
  CHECK(bit_difference(copy.forward(x), y) == "");
  parameters(copy)[0].fill(0);
  CHECK(bit_difference(net.forward(x), y) == "");
}

TEST_CASE("what image layers refuse", "[nn]") {
  Rng rng(6);
  const auto images = [](Index h, Index w, Index c) { return Tensor<float>::zeros({2, h, w, c}); };
  CHECK(error_of([&] { Conv2d(3, 4, rng, {.groups = 2}); }) ==
        "Conv2d: 2 group(s) do not divide 3 and 4 channels");
  CHECK(error_of([&] { ConvTranspose2d(0, 4, rng); }) ==
        "ConvTranspose2d: expected channels of 1 or more, found 0 and 4");
  CHECK(error_of([&] {
          Conv2d(3, 4, rng, {.kernel = {3, 0}});
        }) == "Conv2d: expected a kernel of 1 or more, found 3 and 0");

  const Sequential net{Conv2d(1, 4, rng, {.kernel = 5}), named("pool", MaxPool2d(4))};
  CHECK(error_of([&] { net.forward(images(8, 8, 3)); }) ==
        "0 Conv2d(1, 4, 5x5): conv2d: x (2, 8, 8, 3) has 3 channels, weight (5, 5, 1, 4) in 1 group(s) needs "
        "1");
  CHECK(error_of([&] { net.forward(images(7, 8, 1)); }) ==
        "pool MaxPool2d(4): max_pool2d: a window of 4 does not fit an input of 3 padded by 0 and 0");
  CHECK(error_of([&] {
          MaxPool2d().forward(Tensor<float>::zeros({4, 4, 1}));
        }) == "MaxPool2d(2): max_pool2d: expected x (N, H, W, C), found (4, 4, 1)");
  CHECK(error_of([&] { avg_pool2d(images(4, 4, 1), {.window = 0}); }) ==
        "avg_pool2d: expected a window of 1 or more, found 0 and 0");
  CHECK(error_of([&] { avg_pool2d(images(4, 4, 1), {.stride = -1}); }) ==
        "avg_pool2d: expected a stride of 0 or more, found -1 and -1");
  CHECK(error_of([&] { AvgPool2d({.padding = Padding::all(2)}).forward(images(4, 4, 1)); }) ==
        "AvgPool2d(2, padding 2): avg_pool2d: padding leaves a window of x (2, 4, 4, 1) without an element");
  CHECK(error_of([&] { upsample2d(images(4, 4, 1), 0); }) ==
        "upsample2d: expected factors of 1 or more, found 0 and 0");
  CHECK(error_of([] { AvgPool2d({.stride = -1}); }) ==
        "AvgPool2d: expected a stride of 0 or more, found -1 and -1");
  CHECK(error_of([] { UpSample2d({2, 0}); }) == "UpSample2d: expected a factor of 1 or more, found 2 and 0");
  CHECK(error_of([&] {
          UpSample2d().forward(Tensor<float>::zeros({2, 4}));
        }) == "UpSample2d(2, nearest): upsample2d: expected x (N, H, W, C), found (2, 4)");
  CHECK(error_of([&] {
          resize2d(images(4, 4, 1), {2, 0});
        }) == "resize2d: cannot resize x (2, 4, 4, 1) to 2 by 0");
}

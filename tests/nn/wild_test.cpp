// Layers, optimisers and models with sizes, options and inputs that they were not made for.
#include <functional>

#include "figment/figment.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/other_shapes.hpp"

using namespace figment;
using test::error_of;

namespace {

struct Case {
  std::string name;
  Shape input;  // of a batch that fits
  Sequential<float> net;
};

std::vector<Case> cases() {
  Rng rng(1);
  std::vector<Case> all;
  const auto add = [&](std::string name, const Shape& input, auto layer) {
    all.push_back({std::move(name), input, Sequential<float>(std::move(layer))});
  };
  add("Linear", {2, 3}, Linear(3, 4, rng, {.activation = Activation::relu}));
  add("Conv2d", {2, 5, 5, 2}, Conv2d(2, 3, rng, {.padding = Padding::same()}));
  add("ConvTranspose2d", {2, 4, 4, 2}, ConvTranspose2d(2, 3, rng, {.stride = 2}));
  add("MaxPool2d", {2, 4, 4, 3}, MaxPool2d(2));
  add("AvgPool2d", {2, 4, 4, 3}, AvgPool2d(2));
  add("UpSample2d", {2, 4, 4, 3}, UpSample2d(2));
  add("BatchNorm", {4, 3}, BatchNorm(3));
  add("LayerNorm", {4, 3}, LayerNorm(3));
  add("GroupNorm", {4, 5, 6}, GroupNorm(2, 6));
  add("InstanceNorm", {4, 5, 6}, InstanceNorm(6));
  add("RmsNorm", {4, 3}, RmsNorm(3));
  add("PRelu", {4, 3}, PRelu(3));
  add("Conv1d", {2, 5, 2}, Conv1d(2, 3, rng, {.padding = Padding::same()}));
  add("AdaptiveMaxPool2d", {2, 4, 4, 3}, AdaptiveMaxPool2d({3, 2}));
  add("AdaptiveAvgPool2d", {2, 4, 4, 3}, AdaptiveAvgPool2d({3, 2}));
  add("GlobalMaxPool2d", {2, 4, 4, 3}, GlobalMaxPool2d{});
  add("GlobalAvgPool2d", {2, 4, 4, 3}, GlobalAvgPool2d{});
  add("PixelShuffle", {2, 4, 4, 4}, PixelShuffle(2));
  add("Dropout2d", {4, 3, 2}, Dropout2d(0.5));
  add("Linear(3, 4) weight norm", {2, 3}, WeightNorm(Linear(3, 4, rng)));
  add("Dropout", {4, 3}, Dropout(0.5));
  add("GaussianNoise", {4, 3}, GaussianNoise(0.5));
  add("Flatten", {4, 3, 2}, Flatten{});
  add("Reshape", {4, 6}, Reshape{{2, 3}});
  add("LabelEmbedding", {4, 13}, LabelEmbedding(10, 3, rng));
  add("Lstm", {2, 4, 3}, Lstm(3, 2, rng, {.layers = 2}));
  add("Gru", {2, 4, 3}, Gru(3, 2, rng));
  add("MultiHeadAttention", {2, 4, 6}, MultiHeadAttention(6, 2, rng, {.causal = true}));
  add("MaskedLinear", {2, 3}, MaskedLinear(made_masks(3, {})[0], rng));
  add("VectorQuantizer", {2, 4, 3}, VectorQuantizer(5, 3, rng, {.decay = 0.9}));
  add("Linear(3, 4) spectral norm", {2, 3}, SpectralNorm(Linear(3, 4, rng), rng));
  return all;
}

}  // namespace

// A result with its gradients, or a line that begins with the layer and its place.
TEST_CASE("a layer takes a batch of any size, and refuses another shape by name", "[nn]") {
  for (const bool training : {false, true})
    for (const Case& c : cases()) {
      INFO(c.name << (training ? ", training" : ""));
      Rng rng(3);
      Penalties penalties;
      const Context context{.training = training, .rng = &rng, .penalties = &penalties};
      for (const Shape& shape : test::other_shapes(c.input)) {
        INFO(to_string(shape));
        const auto x = parameter(Tensor<float>::full(shape, 0.5f));
        const std::string message = error_of([&] {
          const auto y = c.net.forward(x, context);
          CHECK(grad(sum(y), x).shape() == shape);
        });
        const bool batch_only =
            shape.rank() == c.input.rank() && std::equal(shape.begin() + 1, shape.end(), c.input.begin() + 1);
        // Batch norm has no moments of fewer than two values.
        const bool too_few = training && c.name == "BatchNorm" && shape.size() < 6;
        INFO(message);
        if (batch_only && !too_few) CHECK(message == "no error");
        if (message != "no error") {
          CHECK(message.rfind("0 " + c.name, 0) == 0);
          CHECK(message.find('\n') == std::string::npos);
        }
      }
    }
}

TEST_CASE("sizes and options that no layer can have are refused where it is made", "[nn]") {
  Rng rng(1);
  const double nan_value = std::numeric_limits<double>::quiet_NaN();
  const std::pair<std::string, std::function<void()>> made[] = {
      {"shape: ", [&] { Linear(-1, 3, rng); }},
      {"shape: ", [&] { Linear(3, -1, rng); }},
      {"Conv2d: ", [&] { Conv2d(0, 3, rng); }},
      {"Conv2d: ", [&] { Conv2d(3, 3, rng, {.kernel = 0}); }},
      {"Conv2d: ", [&] { Conv2d(3, 3, rng, {.stride = 0}); }},
      {"Conv2d: ", [&] { Conv2d(3, 3, rng, {.dilation = 0}); }},
      {"Conv2d: ", [&] { Conv2d(3, 3, rng, {.groups = 2}); }},
      {"ConvTranspose2d: ", [&] { ConvTranspose2d(3, -3, rng); }},
      {"MaxPool2d: ", [] { MaxPool2d(0); }},
      {"AvgPool2d: ", [] { AvgPool2d(-1); }},
      {"UpSample2d: ", [] { UpSample2d(0); }},
      {"shape: ", [] { BatchNorm(-3); }},
      {"BatchNorm: ", [&] { BatchNorm(3, {.momentum = nan_value}); }},
      {"BatchNorm: ", [] { BatchNorm(3, {.epsilon = 0}); }},
      {"shape: ", [] { LayerNorm(-1); }},
      {"LayerNorm: ", [] { LayerNorm(3, {.epsilon = 0}); }},
      {"Dropout: ", [] { Dropout(1); }},
      {"Dropout: ", [&] { Dropout{nan_value}; }},
      {"GaussianNoise: ", [&] { GaussianNoise{nan_value}; }},
      {"LabelEmbedding: ", [&] { LabelEmbedding(0, 3, rng); }},
      {"Lstm: ", [&] { Lstm(3, -1, rng); }},
      {"Gru: ", [&] { Gru(3, 2, rng, {.layers = 0}); }},
      {"MultiHeadAttention: ", [&] { MultiHeadAttention(6, 0, rng); }},
      {"VectorQuantizer: ", [&] { VectorQuantizer(0, 3, rng); }},
      {"VectorQuantizer: ", [&] { VectorQuantizer(3, 3, rng, {.decay = nan_value}); }},
  };
  for (const auto& [name, make] : made) {
    INFO(name);
    CHECK(error_of(make).rfind(name, 0) == 0);
  }
}

TEST_CASE("settings that no optimiser can have are refused where it is made", "[optim]") {
  const double nan_value = std::numeric_limits<double>::quiet_NaN();
  const TensorList<float> p{parameter(Tensor<float>::ones({3}))};
  const std::pair<std::string, std::function<void()>> made[] = {
      {"optimizer: ", [&] { Sgd(p, {.rate = -1}); }},
      {"Sgd: ", [&] { Sgd(p, {.rate = 0.1, .momentum = 1}); }},
      {"optimizer: ", [&] { Adam(p, {.rate = nan_value}); }},
      {"Adam: ", [&] { Adam(p, {.beta1 = 1}); }},
      {"Adam: ", [&] { Adam(p, {.beta2 = -0.1}); }},
      {"Adam: ", [&] { Adam(p, {.epsilon = -1}); }},
      {"Adam: ", [&] { AdamW(p, {.beta1 = 1}); }},
      {"RmsProp: ", [&] { RmsProp(p, {.rho = 1.5}); }},
      {"Adadelta: ", [&] { Adadelta(p, {.rho = nan_value}); }},
      {"Adagrad: ", [&] { Adagrad(p, {.epsilon = -1}); }},
  };
  for (const auto& [name, make] : made) {
    INFO(name);
    CHECK(error_of(make).rfind(name, 0) == 0);
  }
}

TEST_CASE("a model computes nothing of no images, and NaN of NaN", "[models]") {
  Rng rng(1);
  Vae vae(GaussianEncoder(Sequential{Flatten{}, Linear(6, 4, rng)}, 4, 2, rng),
          Sequential{Linear(2, 6, rng)});
  Autoencoder autoencoder(Sequential{Flatten{}, Linear(6, 2, rng)}, Sequential{Linear(2, 6, rng)});
  Gan gan(Sequential{Linear(2, 6, rng)}, Sequential{Linear(6, 1, rng)}, 2);
  const auto none = Tensor<float>::zeros({0, 2, 3});
  CHECK(vae.decode(Tensor<float>::zeros({0, 2})).shape() == Shape{0, 6});
  CHECK(vae.reconstruct(none).dim(0) == 0);
  CHECK(autoencoder.reconstruct(none).dim(0) == 0);
  CHECK(gan.sample(0, rng).shape() == Shape{0, 6});
  const auto nan_images = Tensor<float>::full({2, 2, 3}, std::numeric_limits<float>::quiet_NaN());
  CHECK(std::isnan(autoencoder.loss(nan_images, {}).total().item()));
  CHECK(std::isnan(vae.loss(nan_images, {.training = true, .rng = &rng}).total().item()));
}

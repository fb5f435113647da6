// The table of a model's layers, word for word.
#include "figment/nn/summary.hpp"

#include "figment/models/vae.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/reshape.hpp"
#include "support/catch.hpp"

using namespace figment;

namespace {

/// Half of its values are fixed.
struct Half {
  Tensor<float> learned = parameter(Tensor<float>::ones({3})), fixed = Tensor<float>::ones({3});
  Tensor<float> forward(const Tensor<float>& x) const { return x * learned * fixed; }
  void visit(auto&& v) {
    v("learned", learned);
    v("fixed", fixed, buffer);
  }
};

}  // namespace

TEST_CASE("the summary of a published discriminator", "[nn]") {
  // eriklindernoren's Keras-GAN: 533,505 parameters.
  Rng rng;
  const LinearOptions leaky{.activation = Activation::leaky_relu, .slope = 0.2};
  Sequential d{Flatten{}, Linear(784, 512, rng, leaky), Linear(512, 256, rng, leaky), Linear(256, 1, rng)};
  CHECK(count_parameters(d).trainable == 533505);
  CHECK(summary(d, {28, 28, 1}) ==
        "path  layer                         output    parameters\n"
        "--------------------------------------------------------\n"
        "0     Flatten                       (N, 784)           0\n"
        "1     Linear(784, 512, leaky_relu)  (N, 512)     401,920\n"
        "2     Linear(512, 256, leaky_relu)  (N, 256)     131,328\n"
        "3     Linear(256, 1)                (N, 1)           257\n"
        "parameters: 533,505, trainable 533,505, not trainable 0\n");
}

TEST_CASE("the summary of nested parts, buffers and names", "[nn]") {
  Rng rng;
  Sequential inner{Linear(3, 3, rng, {.bias = false}), Half{}};
  Sequential net{named("block", inner), Dropout(0.5), Reshape{{1, 3}}};
  CHECK(summary(net, {3}) ==
        "path     layer          output     parameters\n"
        "---------------------------------------------\n"
        "block.0  Linear(3, 3)   (N, 3)              9\n"
        "block.1  Half           (N, 3)              6\n"
        "1        Dropout(0.5)   (N, 3)              0\n"
        "2        Reshape(1, 3)  (N, 1, 3)           0\n"
        "parameters: 15, trainable 12, not trainable 3\n");
}

TEST_CASE("the summary of a VAE goes through both halves", "[nn]") {
  Rng rng;
  GaussianEncoder encoder(Sequential{Linear(12, 8, rng, {.activation = Activation::relu})}, 8, 2, rng);
  Sequential decoder{Linear(2, 8, rng, {.activation = Activation::relu}), Linear(8, 12, rng)};
  Vae vae(std::move(encoder), std::move(decoder));
  CHECK(summary(vae, {12}) ==
        "path             layer                output   parameters\n"
        "---------------------------------------------------------\n"
        "encoder.body.0   Linear(12, 8, relu)  (N, 8)          104\n"
        "encoder.mean     Linear(8, 2)         (N, 2)           18\n"
        "encoder.log_var  Linear(8, 2)         (N, 2)           18\n"
        "decoder.0        Linear(2, 8, relu)   (N, 8)           24\n"
        "decoder.1        Linear(8, 12)        (N, 12)         108\n"
        "parameters: 272, trainable 272, not trainable 0\n");
}

TEST_CASE("a trace lists layers inner ones first, with shapes", "[nn]") {
  Rng rng;
  const Sequential net{Flatten{}, named("inner", Sequential{Relu{}, Linear(6, 2, rng)})};
  const auto rows = trace(net, {5, 2, 3});
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].path == "0");
  CHECK(rows[0].input == Shape{5, 2, 3});
  CHECK(rows[0].output == Shape{5, 6});
  CHECK(rows[1].path == "inner.0");
  CHECK(rows[2].path == "inner.1");
  CHECK(rows[2].layer == "Linear(6, 2)");
  CHECK(rows[3].path == "inner");
  CHECK(rows[3].layer == "Sequential");
  CHECK((rows[0].leaf && rows[1].leaf && rows[2].leaf && !rows[3].leaf));
  CHECK(rows[3].output == Shape{5, 2});
}

TEST_CASE("thousands are grouped", "[nn]") {
  using figment::detail::thousands;
  CHECK(thousands(0) == "0");
  CHECK(thousands(999) == "999");
  CHECK(thousands(1000) == "1,000");
  CHECK(thousands(100000) == "100,000");
  CHECK(thousands(1234567) == "1,234,567");
}

// The table of a model's layers, word for word.
#include "figment/nn/summary.hpp"

#include "figment/models/vae.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/conv2d.hpp"
#include "figment/nn/detect_anomaly.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/pool.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/upsample.hpp"
#include "figment/optim/adam.hpp"
#include "figment/train/fit.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::error_of;

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

/// Calls what it has in the ordinary way, which tells no names.
struct Wrapped {
  Sequential<float> net;
  Tensor<float> forward(const Tensor<float>& x, const Context& context) const {
    return net.forward(x, context);
  }
  void visit(auto&& v) { v("net", net); }
};
struct Block {
  Linear<float> inner;
  Tensor<float> gain = parameter(Tensor<float>::ones({}));
  Tensor<float> forward(const Tensor<float>& x) const { return x + Relu{}.forward(inner.forward(x)) * gain; }
  void visit(auto&& v) {
    v("inner", inner);
    v("gain", gain);
  }
};
struct Blocks {
  Block first, second;
  Linear<float> out;
  Tensor<float> forward(const Tensor<float>& x) const {
    return Dropout(0.5).forward(out.forward(Relu{}.forward(second.forward(Relu{}.forward(first.forward(x))))),
                                {});
  }
  void visit(auto&& v) {
    v("first", first);
    v("second", second);
    v("out", out);
  }
};

/// Two levels, the lower one of another width; the skip is joined to what comes up.
struct UNet {
  Conv2d<float> down, bottom, up;
  UNet(Index channels, Rng& rng)
      : down(1, 4, rng, {.padding = Padding::same()}),
        bottom(4, 8, rng, {.padding = Padding::same()}),
        up(channels, 1, rng, {.padding = Padding::same()}) {}
  Tensor<float> forward(const Tensor<float>& x) const {
    const auto d = Relu{}.forward(down.forward(x));
    const auto b = Relu{}.forward(bottom.forward(MaxPool2d(2).forward(d)));
    return up.forward(concat({d, UpSample2d(2).forward(b)}, 3));
  }
  Tensor<float> loss(const Tensor<float>& x, const Context&) const { return mean(square(forward(x))); }
  void visit(auto&& v) {
    v("down", down);
    v("bottom", bottom);
    v("up", up);
  }
};

/// As a masked layer does: what it calls is gone when it returns.
struct Masked {
  Linear<float> inner;
  Tensor<float> mask = Tensor<float>({3, 3}, {1, 0, 0, 1, 1, 0, 1, 1, 1});
  bool named;
  Tensor<float> forward(const Tensor<float>& x, const Context& context) const {
    Linear<float> local = inner;
    local.weight = inner.weight * mask;
    return named ? figment::forward("a", local, x, context) : local.forward(x);
  }
  void visit(auto&& v) {
    v("inner", inner);
    v("mask", mask, buffer);
  }
};

struct Tied {
  Linear<float> a, b;
  Tensor<float> forward(const Tensor<float>& x) const { return b.forward(a.forward(x)); }
  void visit(auto&& v) {
    v("a", a);
    v("b", b);
  }
};

/// What a denoiser is: of an image, its time, and the class to draw.
struct Denoiser {
  Linear<float> of_x, of_t, out;
  Tensor<float> table = parameter(Tensor<float>::ones({10, 4}));
  explicit Denoiser(Rng& rng) : of_x(6, 4, rng), of_t(1, 4, rng), out(4, 6, rng) {}
  Tensor<float> forward(const Tensor<float>& x, const Tensor<float>& t, const Indices& label,
                        const Context&) const {
    const auto h = of_x.forward(x);
    return out.forward(h + of_t.forward(t) + matmul(one_hot<float>(label, 10), table));
  }
  void visit(auto&& v) {
    v("of_x", of_x);
    v("of_t", of_t);
    v("out", out);
    v("table", table);
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

TEST_CASE("a summary finds members that are called in the ordinary way", "[nn]") {
  Rng rng;
  Wrapped wrapped{Sequential{Linear(3, 4, rng), Relu{}, named("head", Linear(4, 2, rng))}};
  CHECK(summary(wrapped, {3}) ==
        "path      layer         output  parameters\n"
        "------------------------------------------\n"
        "net.0     Linear(3, 4)  (N, 4)          16\n"
        "net.1     Relu          (N, 4)           0\n"
        "net.head  Linear(4, 2)  (N, 2)          10\n"
        "parameters: 26, trainable 26, not trainable 0\n");
  Sequential both{Wrapped{wrapped}, Linear(2, 2, rng)};
  CHECK(trace(both, {1, 3})[0].path == "0.net.0");

  Blocks blocks{{Linear(3, 3, rng)}, {Linear(3, 3, rng)}, Linear(3, 1, rng)};
  CHECK(summary(blocks, {3}) ==
        "path          layer         output  parameters\n"
        "----------------------------------------------\n"
        "first.inner   Linear(3, 3)  (N, 3)          12\n"
        "Relu          Relu          (N, 3)           0\n"
        "Relu_2        Relu          (N, 3)           0\n"
        "second.inner  Linear(3, 3)  (N, 3)          12\n"
        "Relu_3        Relu          (N, 3)           0\n"
        "Relu_4        Relu          (N, 3)           0\n"
        "out           Linear(3, 1)  (N, 1)           4\n"
        "Dropout       Dropout(0.5)  (N, 1)           0\n"
        "              Blocks        (N, 1)           2\n"
        "parameters: 30, trainable 30, not trainable 0\n");
  // In a Sequential a block is a part of its own, and has a line for what it adds.
  Sequential deep{blocks.first, blocks.second};
  const auto rows = trace(deep, {1, 3});
  REQUIRE(rows.size() == 6);
  CHECK((rows[0].path == "0.inner" && rows[1].path == "0.Relu" && rows[4].path == "1.Relu"));
  CHECK((rows[2].path == "0" && rows[2].layer == "Block" && !rows[2].leaf && !rows[2].passes_on));
  CHECK(rows[2].parameters == 1);
}

TEST_CASE("a summary tells tied layers and layers made for a pass apart", "[nn]") {
  Rng rng;
  Linear one(3, 3, rng, {.bias = false}), same = one;
  const Tied tied{one, same};
  const auto rows = trace(tied, {1, 3});
  CHECK((rows[0].path == "a" && rows[1].path == "b"));

  for (const bool named : {false, true}) {
    Sequential net{Masked{one, Tensor<float>::ones({3, 3}), named}, Linear(3, 1, rng)};
    const auto masked = trace(net, {1, 3});
    CHECK(masked[0].path == (named ? "0.a" : "0.Linear"));
    CHECK((masked[1].path == "0" && masked[1].parameters == 18));  // the weight and the mask
    CHECK(masked[2].path == "1");
  }
}

TEST_CASE("a summary of a network of several inputs, of indices too", "[nn]") {
  Rng rng;
  Denoiser net(rng);
  CHECK(summary(net, {.inputs = {{"x", {6}}, {"t", {1}}, {"label", {}}}}) ==
        "path  layer         output  parameters\n"
        "--------------------------------------\n"
        "of_x  Linear(6, 4)  (N, 4)          28\n"
        "of_t  Linear(1, 4)  (N, 4)           8\n"
        "out   Linear(4, 6)  (N, 6)          30\n"
        "      Denoiser      (N, 6)          40\n"
        "parameters: 106, trainable 106, not trainable 0\n");
  CHECK(error_of([&] {
          summary(net, {.inputs = {{"x", {6}}, {"t", {1}}}});
        }) == "trace: Denoiser has no forward that takes 2 tensor(s), or Indices, and perhaps a Context");
  CHECK(error_of([&] { summary(net, {6}); }) ==
        "trace: Denoiser has no forward that takes 1 tensor(s), or Indices, and perhaps a Context");
}

TEST_CASE("errors name the path of the layer, however it was called", "[nn]") {
  Rng rng;
  UNet net(4, rng);  // 12 is right
  const std::string reason =
      "Conv2d(4, 1, 3x3, same): conv2d: x (1, 4, 4, 12) has 12 channels, weight (3, 3, 4, 1) in 1 group(s) "
      "needs 4";
  const auto x = Tensor<float>::zeros({1, 4, 4, 1});
  CHECK(error_of([&] { net.forward(x); }) == reason);  // who the layer belongs to is not known here
  CHECK(error_of([&] { Sequential{Flatten{}, Reshape{{4, 4, 1}}, net}.forward(x); }) == "2.up " + reason);
  CHECK(error_of([&] { summary(net, {4, 4, 1}); }) == "up " + reason);
  struct Batch {
    Tensor<float> x;
    Index size() const { return 1; }
  };
  struct Batches : std::vector<Batch> {
    Index batches() const { return 1; }
  } batches;
  batches.push_back({x});
  Adam adam(parameters(net));
  CHECK(error_of([&] { fit(net, adam, batches); }) == "up " + reason);

  // A Sequential inside, the layer in it without tensors or with.
  const Wrapped wrapped{Sequential{Linear(3, 4, rng), Reshape{{5}}}};
  const auto three = Tensor<float>::zeros({1, 3}), four = Tensor<float>::zeros({1, 4});
  CHECK(error_of([&] { wrapped.forward(three, {}); }) ==
        "1 Reshape(5,): reshape: (1, 4) has 4 elements, (1, 5) has 5");
  CHECK(error_of([&] {
          trace(wrapped, {1, 3});
        }) == "net.1 Reshape(5,): reshape: (1, 4) has 4 elements, (1, 5) has 5");
  CHECK(error_of([&] {
          trace(Sequential{wrapped}, {1, 4});
        }) == "0.net.0 Linear(3, 4): linear: x (1, 4) needs 3 features (weight (3, 4))");
  // Of one without tensors its struct is known.
  struct Reshaping {
    Tensor<float> forward(const Tensor<float>& y) const { return Reshape{{5}}.forward(y); }
  };
  CHECK(error_of([&] { Sequential{Reshaping{}}.forward(four); }) ==
        "0 Reshaping: Reshape(5,): reshape: (1, 4) has 4 elements, (1, 5) has 5");
}

TEST_CASE("thousands are grouped", "[nn]") {
  using figment::detail::thousands;
  CHECK(thousands(0) == "0");
  CHECK(thousands(999) == "999");
  CHECK(thousands(1000) == "1,000");
  CHECK(thousands(100000) == "100,000");
  CHECK(thousands(1234567) == "1,234,567");
}

namespace {

/// The root of something that may be 0: its slope is infinite there.
struct Root {
  double shift = 0;
  Tensor<float> forward(const Tensor<float>& x) const { return sqrt(relu(x) + shift); }
};

}  // namespace

TEST_CASE("the operation that first made a NaN or an infinity is named", "[nn]") {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor<float> x({2, 2}, {1, 2, 0, 4}), endless({2}, {inf, 1});
  const auto w = parameter(x.clone());
  const auto logs = [&] { return log(w) * 2.0; };
  const auto roots = [&] { return grad(sum(sqrt(w)), w); };
  CHECK(std::isinf(logs()(1, 0)));
  CHECK(std::isinf(roots()(1, 0)));
  {
    DetectAnomaly guard;
    CHECK(error_of(logs) == "log: made -inf, element 2 of (2, 2), of inputs (2, 2)");
    CHECK(error_of([&] { no_grad(logs); }) == "log: made -inf, element 2 of (2, 2), of inputs (2, 2)");
    CHECK(error_of([&] { x / x; }) == "div: made nan, element 2 of (2, 2), of inputs (2, 2) and (2, 2)");
    // The rule divides; the operation is the root.
    CHECK(error_of(roots) ==
          "sqrt: its gradient made inf, element 2 of that of input 0, (2, 2), of inputs (2, 2)");
    CHECK(error_of([&] { grad(sum(sqrt(w)), {w}, {.create_graph = true}); }).find("sqrt: its") == 0);
    // Of inputs that have one it is nobody's fault, but a NaN made of infinities is.
    CHECK(std::isinf((endless * 2.0 + 1.0)(0)));
    CHECK(error_of([&] { endless - endless; }) ==
          "sub: made nan, element 0 of (2,), of inputs (2,) and (2,)");
    {
      DetectAnomaly nan_alone({.infinities = false});
      CHECK(std::isinf(logs()(1, 0)));
      CHECK(std::isinf(roots()(1, 0)));
      CHECK(error_of([&] { x / x; }).find("div: made nan") == 0);
    }
    CHECK(error_of([&] { log(Tensor<double>::zeros({})); }) ==
          "log: made -inf, element 0 of (), of inputs ()");
    CHECK(error_of(logs).find("log: ") == 0);  // the first one's again
  }
  CHECK(std::isinf(logs()(1, 0)));
  CHECK(std::isinf(roots()(1, 0)));
}

TEST_CASE("an anomaly is placed in its layer, forward and backward", "[nn]") {
  Rng rng(1);
  Wrapped model{Sequential{Linear(3, 4, rng), Root{0}, Linear(4, 2, rng)}};
  const auto x = rng.normal({5, 3});
  named_tensors(model)[0].second.fill(0);  // the root is of 0
  const auto loss = [&] { return sum(detail::located(model, [&] { return model.forward(x, {}); })); };
  const auto all = parameters(model);
  DetectAnomaly guard;
  CHECK(error_of([&] { grad(loss(), all); }) ==
        "sqrt: its gradient made inf, element 0 of that of input 0, (5, 4), of inputs (5, 4), in 1 Root");
  named_tensors(model)[1].second.fill(std::numeric_limits<float>::max());
  named_tensors(model)[2].second.fill(1e30f);
  CHECK_THAT(error_of(loss),
             StartsWith("net.2 Linear(4, 2): linear: made inf, element 0 of (5, 2), of inputs "
                        "(5, 4) and (4, 2) and (2,)"));
}

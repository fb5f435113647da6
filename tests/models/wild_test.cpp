// Models with batches, labels, noise, counts and options that they were not made for.
#include <cmath>

#include "figment/figment.hpp"
#include "support/catch.hpp"
#include "support/other_shapes.hpp"
#include "support/refusals.hpp"

using namespace figment;
using Floats = Tensor<float>;

namespace {

const float quiet_nan = std::bit_cast<float>(0x7fc00000u);

/// Every kind of model, of images (N, 2, 3) and codes (N, 2), or the noise's 2.
struct Models {
  Rng rng{1};
  Context context{.training = true, .rng = &rng};
  Indices labels = Indices({2}, {0, 2});
  Autoencoder<Sequential<float>, Sequential<float>> autoencoder{net(6, 2), net(2, 6)};
  Vae<GaussianEncoder<>, Sequential<float>> vae{encoder(6), net(2, 6)};
  ConditionalVae<GaussianEncoder<>, Sequential<float>> conditional{encoder(9), net(5, 6), 3};
  Gan<Sequential<float>, Sequential<float>> gan{net(2, 6), net(6, 1), 2};
  Classifier<Sequential<float>> classifier{net(6, 3)};

  Sequential<float> net(Index in, Index out) { return Sequential<float>{Flatten{}, Linear(in, out, rng)}; }
  GaussianEncoder<> encoder(Index in) { return GaussianEncoder(net(in, 4), 4, 2, rng); }
  auto slope() {
    return [this](const Floats& x) { return square(gan.discriminate(x, {}, context)); };
  }
  Floats gan_loss(const Floats& real, const Floats& fake, GanOptions options) {
    gan.options = options;
    return gan.discriminator_loss(real, fake, {}, {}, context).total();
  }
};

struct Call {
  std::string name;
  Shape fits;
  std::function<Floats(const Floats&)> of;
};

/// What models make of a tensor; where it is a loss, of each row.
std::vector<Call> calls(Models& m) {
  const Floats images = Floats::full({2, 2, 3}, 0.5f), codes = Floats::full({1, 2}, 0.5f);
  const GanOptions summed, penalised{.gradient_penalty = 1, .r1 = 1, .r2 = 1},
      joined{.batches = RealAndFake::joined};
  return {
      {"Autoencoder.loss", {2, 2, 3}, [&](auto& x) { return m.autoencoder.loss(x, m.context).total(); }},
      {"Autoencoder.encode", {2, 2, 3}, [&](auto& x) { return m.autoencoder.encode(x); }},
      {"Autoencoder.decode", {2, 2}, [&](auto& x) { return m.autoencoder.decode(x); }},
      {"Autoencoder.reconstruct", {2, 2, 3}, [&](auto& x) { return m.autoencoder.reconstruct(x); }},
      {"Autoencoder.interpolate", {1, 2, 3}, [&](auto& x) { return m.autoencoder.interpolate(x, x, 3); }},
      {"Vae.loss", {2, 2, 3}, [&](auto& x) { return m.vae.loss(x, m.context).total(); }},
      {"Vae.loss noise", {2, 2}, [=, &m](auto& x) { return m.vae.loss(images, x, m.context).total(); }},
      {"Vae.encode", {2, 2, 3}, [&](auto& x) { return m.vae.encode(x).mean; }},
      {"Vae.decode", {2, 2}, [&](auto& x) { return m.vae.decode(x); }},
      {"Vae.reconstruct", {2, 2, 3}, [&](auto& x) { return m.vae.reconstruct(x); }},
      {"Vae.interpolate", {1, 2, 3}, [&](auto& x) { return m.vae.interpolate(x, x, 3); }},
      {"importance_bound", {2, 2, 3}, [&](auto& x) { return importance_bound(m.vae, x, 2, m.rng); }},
      {"ConditionalVae.loss",
       {2, 2, 3},
       [&](auto& x) { return m.conditional.loss(x, m.labels, m.context).total(); }},
      {"ConditionalVae.forward", {2, 2, 3}, [&](auto& x) { return m.conditional.forward(x); }},
      {"ConditionalVae.encode", {2, 2, 3}, [&](auto& x) { return m.conditional.encode(x, m.labels).mean; }},
      {"ConditionalVae.decode", {2, 2}, [&](auto& x) { return m.conditional.decode(x, m.labels); }},
      {"importance_bound labels",
       {2, 2, 3},
       [&](auto& x) { return importance_bound(m.conditional, x, m.labels, 2, m.rng); }},
      {"Gan.sample", {2, 2}, [&](auto& x) { return m.gan.sample(x); }},
      {"Gan real", {2, 2, 3}, [=, &m](auto& x) { return m.gan_loss(x, images, summed); }},
      {"Gan fake", {2, 2, 3}, [=, &m](auto& x) { return m.gan_loss(images, x, penalised); }},
      {"Gan joined", {2, 2, 3}, [=, &m](auto& x) { return m.gan_loss(x, images, joined); }},
      {"gradient_penalty",
       {2, 2, 3},
       [=, &m](auto& x) { return gradient_penalty(m.slope(), x, images, m.rng); }},
      {"squared_gradient", {2, 2, 3}, [&](auto& x) { return squared_gradient(m.slope(), x); }},
      {"Classifier.loss",
       {2, 2, 3},
       [&](auto& x) { return m.classifier.loss(x, m.labels, m.context).total(); }},
      {"Classifier.probabilities", {2, 2, 3}, [&](auto& x) { return m.classifier.probabilities(x); }},
      {"nearest_rows", {2, 2, 3}, [=](auto& x) { return nearest_rows(x, images).distance; }},
      {"interpolate", {1, 2}, [=](auto& x) { return interpolate(x, codes, 3); }},
      {"slerp", {1, 2}, [=](auto& x) { return slerp(codes, x, 3); }},
  };
}

}  // namespace

// A result of rows with as many elements, or a line that begins with a model, a layer's path or an operation.
TEST_CASE("a model takes batches of its own shape, and refuses others by name", "[models]") {
  const std::string names[] = {
      "Autoencoder",      "ConditionalVae",   "Gan",          "Gaussian",      "model",
      "encoder",          "decoder",          "generator",    "discriminator", "net",
      "reshape",          "concat",           "interpolate",  "slerp",         "nearest_rows",
      "gradient_penalty", "squared_gradient", "cross_entropy"};
  Models m;
  for (const Call& call : calls(m)) {
    CHECK(test::error_of([&] { call.of(Floats::full(call.fits, 0.5f)); }) == "no error");
    std::vector<Floats> all{Floats()};
    for (const Shape& s : test::other_shapes(call.fits)) all.push_back(Floats::full(s, 0.5f));
    for (const auto& x : all) {
      const std::string message = test::error_of([&] { call.of(x); });
      INFO(call.name << " of " << to_string(x.shape()) << ": " << message);
      if (message == "no error") {
        REQUIRE(x.rank() >= 1);
        CHECK((x.dim(0) == 0 || x.size() / x.dim(0) == call.fits.size() / call.fits[0]));
      } else {
        const auto name = message.substr(0, message.find_first_of(".: "));
        CHECK(std::find(std::begin(names), std::end(names), name) != std::end(names));
        // A layer behind a Flatten quotes what it was given.
        CHECK((message.find(" (") != message.npos || message.find("a scalar") != message.npos));
        CHECK(message.find('\n') == message.npos);
      }
    }
  }
}

TEST_CASE("a model makes NaN of NaN, and the nearest row of it is infinitely far", "[models]") {
  Models m;
  for (const Call& call : calls(m)) {
    const auto y = call.of(Floats::full(call.fits, quiet_nan));
    INFO(call.name);
    for (const float v : y.values()) CHECK((call.name == "nearest_rows" ? std::isinf(v) : std::isnan(v)));
  }
  const auto l = Floats::full({2, 1}, quiet_nan);
  for (const GanLoss kind : {GanLoss::non_saturating, GanLoss::minimax, GanLoss::least_squares,
                             GanLoss::hinge, GanLoss::wasserstein})
    for (const auto& loss : {real_loss(l, {.kind = kind}), fake_loss(l, {.kind = kind}),
                             generator_loss(l, {.kind = kind}), gan_value(l, l)})
      CHECK(std::isnan(loss.item()));
  CHECK(std::isnan(spread_noise(1, 2, quiet_nan, 1, m.rng)(0, 0)));
}

// The conditional VAE: what it does with labels; its training steps are in trajectories_test.cpp.
#include "figment/models/conditional_vae.hpp"

#include "figment/data/loader.hpp"
#include "figment/models/vae.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/optim/adam.hpp"
#include "figment/train/fit.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;

namespace {

using D = Tensor<double>;

/// 3x4 images of three classes, codes of two.
auto small_model(VaeOptions options = {}) {
  Rng rng(4);
  const LinearOptions relu{.activation = Activation::relu};
  GaussianEncoder encoder(Sequential{Linear<double>(12 + 3, 8, rng, relu)}, 8, 2, rng);
  Sequential decoder{Linear<double>(2 + 3, 8, rng, relu), Linear<double>(8, 12, rng)};
  return ConditionalVae(encoder, decoder, 3, options);
}

D images(Index n) {
  Rng rng(7);
  return rng.uniform<double>({n, 3, 4, 1});
}

}  // namespace

TEST_CASE("a conditional VAE joins the one-hot label to both inputs", "[models]") {
  const auto model = small_model();
  const auto x = images(3);
  const Indices labels({3}, {2, 0, 1});
  const D hot({3, 3}, {0, 0, 1, 1, 0, 0, 0, 1, 0});
  const auto code = model.encoder.forward(figment::concat({flatten(x), hot}, 1), {});
  const auto found = model.encode(x, labels);
  CHECK(bit_difference(found.mean, code.mean) == "");
  CHECK(bit_difference(found.log_var, code.log_var) == "");
  const auto decode = [&](const D& z) { return model.decoder.forward(figment::concat({z, hot}, 1)); };
  CHECK(bit_difference(model.decode(code.mean, labels), sigmoid(decode(code.mean))) == "");

  const D noise({3, 2}, {0.5, -1, 1.5, 0.25, -0.75, 1});
  const auto loss = model.loss(x, labels, noise, {.training = true});
  const auto nats = bce_with_logits(decode(code.sample(noise)), flatten(x), Reduction::batch_mean);
  CHECK(loss.reconstruction.item() == nats.item());
  CHECK(loss.kl.item() == gaussian_kl(code.mean, code.log_var).item());
  Rng a(5), b(5);
  CHECK(model.loss(x, labels, {.training = true, .rng = &a}).total().item() ==
        model.loss(x, labels, b.normal<double>({3, 2}), {.training = true}).total().item());
}

TEST_CASE("a conditional VAE in use", "[models]") {
  const auto model = small_model();
  const auto x = images(1500);  // two batches
  Indices labels(Shape{1500});
  for (Index i = 0; i < 1500; ++i) labels.mutable_data()[i] = static_cast<std::int32_t>(i % 3);
  const auto again = model.reconstruct(x, labels);
  CHECK(again.shape() == x.shape());
  const auto last = slice(x, 0, 1400, 1500);
  CHECK(bit_difference(slice(again, 0, 1400, 1500), model.reconstruct(last, slice(labels, 0, 1400, 1500))) ==
        "");
  Rng a(2), b(2);
  const auto ones = Indices::full({4}, 1);
  CHECK(bit_difference(model.sample(ones, a), model.decode(b.normal<double>({4, 2}), ones)) == "");
  const auto code = D::zeros({1, 2});
  CHECK(bit_difference(model.decode(code, Indices({1}, {0})), model.decode(code, Indices({1}, {1}))) != "");
  const auto walk = model.interpolate(slice(x, 0, 0, 1), slice(x, 0, 3, 4), 0, 5);
  CHECK(walk.shape() == Shape{5, 12});
  CHECK(bit_difference(slice(walk, 0, 4, 5),
                       flatten(model.reconstruct(slice(x, 0, 3, 4), Indices({1}, {0})))) == "");
  CHECK_FALSE(again.tracked());

  CHECK(error_of([&] { model.encode(x, ones); }) ==
        "ConditionalVae: expected a label for each of x (1500, 3, 4, 1), found (4,)");
  CHECK_THAT(error_of([&] { model.decode(code, Indices({1}, {3})); }), ContainsSubstring("3"));
}

TEST_CASE("the grid of classes has each class the same number of times, row by row", "[models]") {
  const auto labels = class_rows(10, 10);
  std::vector<int> counts(10);
  for (std::int32_t label : labels.values()) ++counts[static_cast<std::size_t>(label)];
  CHECK(counts == std::vector<int>(10, 10));
  CHECK(std::is_sorted(labels.values().begin(), labels.values().end()));
  CHECK(bit_difference(class_rows(2, 3), Indices({6}, {0, 0, 0, 1, 1, 1})) == "");
  CHECK(bit_difference(class_rows(2, 1, 5), Indices({5}, {0, 1, 0, 1, 0})) == "");
}

TEST_CASE("several codes an image: the loss is the mean of theirs", "[models]") {
  const auto x = images(4);
  const Indices labels({4}, {0, 1, 2, 0});
  Rng rng(3);
  const auto noise = rng.normal<double>({12, 2});
  const auto three = small_model({.samples = 3}).loss(x, labels, noise, {.training = true});
  double mean = 0;
  for (Index i = 0; i < 3; ++i) {
    const auto part = slice(noise, 0, 4 * i, 4 * i + 4);
    mean += small_model().loss(x, labels, part, {.training = true}).reconstruction.item() / 3;
  }
  CHECK_THAT(three.reconstruction.item(), WithinRel(mean, 1e-13));
  CHECK(three.kl.item() == small_model().loss(x, labels, slice(noise, 0, 0, 4), {}).kl.item());
  Rng drawn(3);
  CHECK(small_model({.samples = 3}).loss(x, labels, {.training = true, .rng = &drawn}).total().item() ==
        three.total().item());
  Rng any(1);
  CHECK(error_of([&] { small_model({.samples = 0}).loss(x, labels, {.training = true, .rng = &any}); }) ==
        "Vae: expected 1 or more samples, found 0");
}

TEST_CASE("fit gives labels to a model that takes them", "[models]") {
  auto model = small_model();
  const auto x = images(60);
  Indices labels(Shape{60});
  for (Index i = 0; i < 60; ++i) labels.mutable_data()[i] = static_cast<std::int32_t>(i % 3);
  data::Loader batches(data::Dataset{x, labels}, {.batch = 20});
  Adam optimizer(parameters(model), {.rate = 1e-2});
  const auto h = fit(model, optimizer, batches, {.epochs = 5});
  CHECK(h.columns == std::vector<std::string>{"epoch", "train", "reconstruction", "kl", "seconds"});
  CHECK(h.last("train") < h["train"][0]);
}

// The autoencoder's losses and uses; its training steps are in trajectories_test.cpp.
#include "figment/models/autoencoder.hpp"

#include "figment/data/loader.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/penalty.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/optim/sgd.hpp"
#include "figment/train/fit.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;

namespace {

/// 3x4 images to 5 units and back.
template <class T = double>
auto small_autoencoder(AutoencoderOptions options = {}, double l1 = 0) {
  Rng rng(4);
  Sequential encoder{Flatten{}, Linear<T>(12, 5, rng, {.activation = Activation::relu})};
  if (l1 > 0) encoder.add(ActivityPenalty({.l1 = l1}));
  return Autoencoder(encoder, Sequential{Linear<T>(5, 12, rng)}, options);
}

template <class T = double>
Tensor<T> images(Index n) {
  Rng rng(7);
  return rng.uniform<T>({n, 3, 4, 1});
}

std::vector<std::string> term_names(const AutoencoderLoss<double>& loss) {
  std::vector<std::string> names;
  loss.terms([&](std::string_view name, auto&) { names.emplace_back(name); });
  return names;
}

}  // namespace

TEST_CASE("an autoencoder's losses are means over pixels of what it puts out", "[models]") {
  const auto x = images(6), flat = flatten(x);
  const Context training{.training = true};
  for (auto output : {Activation::sigmoid, Activation::relu}) {
    const auto model = small_autoencoder({.output = output});
    const auto y = model.decode(model.encode(x));
    double squares = 0, nats = 0;
    for (Index i = 0; i < y.size(); ++i) {
      const double p = std::clamp(y.data()[i], 1e-7, 1 - 1e-7), t = flat.data()[i];
      squares += std::pow(y.data()[i] - t, 2) / 72;
      nats -= (t * std::log(p) + (1 - t) * std::log(1 - p)) / 72;
    }
    const auto loss = [&](AutoencoderOptions options) {
      options.output = output;
      return small_autoencoder(options).loss(x, training);
    };
    const auto bce = loss({.both = true}), mse = loss({.reconstruction = Reconstruction::mse, .both = true});
    CHECK_THAT(bce.total().item(), WithinRel(nats, 1e-12));
    CHECK_THAT(mse.total().item(), WithinRel(squares, 1e-12));
    CHECK_THAT(bce.other.item(), WithinRel(squares, 1e-12));
    CHECK_THAT(mse.other.item(), WithinRel(nats, 1e-12));
    CHECK_FALSE(mse.other.tracked());
    CHECK(term_names(bce) == std::vector<std::string>{"bce", "mse"});
    CHECK(term_names(mse) == std::vector<std::string>{"mse", "bce"});
    CHECK(term_names(loss({})) == std::vector<std::string>{"bce"});
  }
}

TEST_CASE("a denoising autoencoder sees noise and aims at the clean image", "[models]") {
  const auto x = images(4);
  const auto model = small_autoencoder({.noise = 0.5});
  Rng a(3), b(3);
  const auto noisy = model.corrupt(x, a);
  CHECK(bit_difference(noisy, clamp(x + b.normal<double>(x.shape(), 0, 0.5), 0, 1)) == "");
  CHECK(bit_difference(noisy, x) != "");
  Rng c(3);
  const auto loss = model.loss(x, {.training = true, .rng = &c});
  CHECK(loss.total().item() == model.loss(noisy, x, {.training = true}).total().item());
  CHECK(loss.total().item() != small_autoencoder().loss(x, {.training = true}).total().item());
  CHECK(error_of([&] { model.loss(x, {.training = true}); }) ==
        "Autoencoder: needs a random generator in its Context");
}

TEST_CASE("an autoencoder in use: batches, shapes, nothing recorded", "[models]") {
  const auto model = small_autoencoder();
  const auto x = images(2500);  // three batches
  const auto codes = model.encode(x), again = model.reconstruct(x);
  CHECK(codes.shape() == Shape{2500, 5});
  CHECK(again.shape() == x.shape());
  CHECK(model.decode(codes).shape() == Shape{2500, 12});
  CHECK(bit_difference(again.view_as({2500, 12}), sigmoid(model.forward(x))) == "");
  for (const auto& t : {codes, again}) CHECK_FALSE(t.tracked());
  CHECK(model.encode(images(0)).shape() == Shape{0, 5});

  const auto from = slice(x, 0, 0, 1), to = slice(x, 0, 1, 2);
  const auto walk = model.interpolate(from, to, 3);
  CHECK(walk.shape() == Shape{3, 12});
  CHECK(bit_difference(slice(walk, 0, 0, 1), flatten(model.reconstruct(from))) == "");
  CHECK(bit_difference(slice(walk, 0, 2, 3), flatten(model.reconstruct(to))) == "");
  const auto middle = affine(model.encode(from) + model.encode(to), 0.5, 0);
  CHECK(test::difference(slice(walk, 0, 1, 2), model.decode(middle), 4) == "");
  CHECK(error_of([&] { model.interpolate(from, x, 3); }) ==
        "interpolate: expected two codes (1, …) of one shape, found (1, 5) and (2500, 5)");
  CHECK(error_of([&] { model.interpolate(from, to, 1); }) ==
        "interpolate: expected 2 or more codes, found 1");
}

TEST_CASE("fit adds what layers say and tells it apart", "[models]") {
  const auto history = [](double l1, std::string suffix) {
    auto model = small_autoencoder({}, l1);
    data::Loader batches(data::Dataset{images(64)}, {.batch = 16});
    data::Loader validation(data::Dataset{images(32)}, {.batch = 32, .shuffle = false});
    Sgd optimizer(parameters(model), {.rate = 0.1});
    return std::pair{fit(model, optimizer, batches, validation, {.epochs = 2, .suffix = std::move(suffix)}),
                     static_cast<double>(mean(model.encode(images(64))).item())};
  };
  const auto [plain, code] = history(0, "");
  CHECK(plain.columns == std::vector<std::string>{"epoch", "train", "bce", "val", "val_bce", "seconds"});
  const auto [sparse, small_code] = history(0.5, "_test");
  CHECK(sparse.columns == std::vector<std::string>{"epoch", "train_test", "bce_test", "penalty_test",
                                                   "val_test", "val_bce_test", "val_penalty_test",
                                                   "seconds"});
  CHECK(sparse.last("val_penalty_test") > 0.01);
  CHECK_THAT(sparse.last("val_test"),
             WithinRel(sparse.last("val_bce_test") + sparse.last("val_penalty_test"), 1e-12));
  CHECK_THAT(sparse.last("train_test"),
             WithinRel(sparse.last("bce_test") + sparse.last("penalty_test"), 1e-12));
  CHECK(small_code < 0.5 * code);  // it is trained on, not only told
}

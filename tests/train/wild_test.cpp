// Runs, callbacks, histories and figures with numbers that they were not made for.
#include <cmath>

#include "figment/train/averaged.hpp"
#include "figment/train/fit.hpp"
#include "figment/train/metrics.hpp"
#include "figment/train/progress.hpp"
#include "support/catch.hpp"
#include "support/refusals.hpp"
#include "support/small_gan.hpp"

using namespace figment;
using test::check_refusals;
using Doubles = Tensor<double>;

namespace {

const double nan_value = std::numeric_limits<double>::quiet_NaN();

struct CountedBatch {
  Index n;
  Index size() const { return n; }
};
struct CountedBatches {
  std::vector<CountedBatch> list;
  auto begin() const { return list.begin(); }
  auto end() const { return list.end(); }
  Index batches() const { return 0; }  // says less than there are
};

}  // namespace

TEST_CASE("the settings of a run that cannot be are refused before a weight moves", "[train]") {
  auto batches = test::batches({4});
  const CountedBatches counted{{{1}}};
  const auto w = parameter(Doubles::scalar(3));
  Sgd<double> sgd({w}, {.rate = 0.1});
  const auto run = [&](FitOptions o) {
    return [&, o] {
      fit(
          sgd, counted, [&](const CountedBatch&, const Context&) { return square(w); }, o);
    };
  };
  const auto loss = [&](Doubles value) {
    return [&, value] { fit(sgd, counted, [&](const CountedBatch&, const Context&) { return value; }); };
  };
  const auto gan = [&](GanOptions o, FitOptions options = {}) {
    return [&batches, o, options] { test::Small(o).fit(batches, options); };
  };
  check_refusals({
      {"fit: ", "found -1", run({.epochs = -1})},
      {"fit: ", "found -1", run({.clip_norm = -1})},
      {"fit: ", "found nan", run({.clip_norm = nan_value})},
      {"fit: ", "null", run({.callbacks = {static_cast<Callback*>(nullptr)}})},
      {"grad: ", "found shape (2,)", loss(Doubles::zeros({2}))},
      {"grad: ", "found shape (0,)", loss({})},
      {"fit: epoch 1, step 1: ", "total is nan", loss(w * nan_value)},
      {"fit: ", "found -1 and 0", gan({.generated = -1})},
      {"fit: ", "found 0 and nan", gan({.clip = nan_value})},
      {"fit: ", "found -2", gan({.discriminator_steps = -2})},
      {"fit: ", "found -1", gan({}, {.epochs = -1})},
      {"fit: ", "found nan", gan({}, {.clip_norm = nan_value})},
      {"Gan: ", "r1 -1", gan({.r1 = -1})},
  });
  CHECK(w.item() == 3);
}

TEST_CASE("callbacks of nothing, and patience that has no end, are refused where they are made", "[train]") {
  Sgd<double> sgd({parameter(Doubles::scalar(1))}, {.rate = 1});
  double weight = 5;
  check_refusals({
      {"EarlyStopping: ", "found 0 and 0", [] { EarlyStopping("val", 0); }},
      {"EarlyStopping: ", "found -1 and 0", [] { EarlyStopping("val", -1); }},
      {"EarlyStopping: ", "found 1 and nan", [] { EarlyStopping("val", 1, nan_value); }},
      {"EveryStep: ", "empty", [] { EveryStep({}); }},
      {"EveryEpoch: ", "empty", [] { EveryEpoch({}); }},
      {"EpochSchedule: ", "empty", [&] { EpochSchedule(sgd, {}); }},
      {"optimizer: ", "found nan", [&] { EpochSchedule(sgd, [](Index) { return nan_value; }); }},
      {"Anneal: ", "empty", [&] { Anneal(weight, {}); }},
      {"Progress: ", "found none", [] { Progress(nullptr); }},
      {"Ema: ", "found nan", [] { Averaged(Sequential<float>{}, {.decay = nan_value}); }},
  });
  CHECK(sgd.rate() == 1);
  CHECK(weight == 5);
}

TEST_CASE("figures of nothing are refused, and of NaN they are NaN", "[train]") {
  const auto nan_image = Doubles::full({1, 2}, nan_value), image = Doubles::zeros({1, 2});
  const auto infinite = Doubles::full({1, 2}, std::numeric_limits<double>::infinity());
  CHECK(std::isnan(psnr(nan_image, image)));
  CHECK(std::isnan(psnr(image, nan_image)));
  CHECK(std::isnan(psnr(concat({image, nan_image}), Doubles::zeros({2, 2}))));
  CHECK(psnr(infinite, image) == -std::numeric_limits<double>::infinity());
  CHECK(accuracy(Doubles::zeros({2, 3}), Indices({2}, {-1, 7})) == 0);  // no such class
  History history{.columns = {"epoch", "val"}, .rows = {{1}}};
  check_refusals({
      {"psnr: ", "found () and ()", [] { psnr(Doubles::scalar(1), Doubles::scalar(1)); }},
      {"psnr: ", "found (0,) and (0,)", [] { psnr(Doubles(), Doubles()); }},
      {"psnr: ", "found 0", [&] { psnr(image, image, 0); }},
      {"psnr: ", "found nan", [&] { psnr(image, image, nan_value); }},
      {"accuracy: ", "found (0,) and (0,)", [] { accuracy(Doubles(), Indices()); }},
      {"accuracy: ", "no labels in shape (0,)",
       [] {
         accuracy(Doubles::zeros({0, 3}), Indices());
       }},
      {"accuracy: ", "found () and ()", [] { accuracy(Doubles::scalar(1), Indices::scalar(0)); }},
      {"argmax: ", "(2, 0)",
       [] {
         accuracy(Doubles::zeros({2, 0}), Indices::zeros({2}));
       }},
      {"history: ", "1 figures under 2 columns", [&] { history["val"]; }},
      {"history: ", "1 figures under 2 columns", [&] { history.last("val"); }},
      {"history: ", "''", [&] { history.last(""); }},
  });
}

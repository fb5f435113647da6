// Binarised images: ones as often as the grey value says, fixed or drawn anew, the test half always fixed.
#include "figment/data/binarize.hpp"

#include "figment/core/parallel.hpp"
#include "support/catch.hpp"
#include "support/data_files.hpp"
#include "support/error_of.hpp"

using namespace figment;
using data::Binarization;
using data::binarize;
using data::binarized_loader;
using test::error_of;
using test::list;

namespace {

/// Examples of 64 pixels, each of one grey value, which is its label over 10.
data::Dataset<float> grey(Index n) {
  data::Dataset<float> d{Tensor<float>({n, 8, 8, 1}), Indices(Shape{n})};
  for (Index i = 0; i < n; ++i) {
    d.labels.set({i}, static_cast<std::int32_t>(i % 11));
    std::fill_n(d.x.mutable_data() + i * 64, 64, static_cast<float>(i % 11) / 10);
  }
  return d;
}

/// The values of an epoch in the examples' own order, which their labels (0 … n-1) say.
std::vector<float> epoch(data::Loader<float>& loader) {
  std::vector<float> all(static_cast<std::size_t>(loader.size()) * 64);
  for (const auto& batch : loader)
    for (Index i = 0; i < batch.size(); ++i)
      std::copy_n(batch.x.data() + i * 64, 64, all.begin() + batch.labels(i) * 64);
  return all;
}

data::Dataset<float> numbered(Index n) {
  auto d = grey(n);
  d.labels = Indices::arange(n);
  return d;
}

bool binary(const std::vector<float>& v) {
  return std::all_of(v.begin(), v.end(), [](float x) { return x == 0 || x == 1; });
}

}  // namespace

TEST_CASE("binarize gives ones as often as the grey value says", "[binarize]") {
  const Index n = 100000;
  Rng rng(1);
  for (const double p : {0.0, 1e-3, 0.25, 128.0 / 255, 0.9, 1.0}) {
    const auto y = binarize(Tensor<double>::full({n}, p), rng);
    const auto z = binarize(Tensor<float>::full({n}, static_cast<float>(p)), rng);
    double ones = 0, zeros = 0;
    for (Index i = 0; i < n; ++i) {
      ones += y(i) + static_cast<double>(z(i));
      zeros += (y(i) == 0) + (z(i) == 0);
    }
    CHECK(ones + zeros == 2 * n);
    // Four deviations of a binomial count; none at 0 and 1.
    CHECK(std::abs(ones - 2 * n * p) <= 4 * std::sqrt(2 * n * p * (1 - p)));
  }
}

TEST_CASE("binarize depends on the generator alone, not on the threads", "[binarize]") {
  const auto x = Rng(7).uniform({300000});
  const int threads = num_threads();
  Rng a(5), b(5), c(6);
  set_num_threads(1);
  const auto one = list(binarize(x, a));
  set_num_threads(3);
  const auto three = list(binarize(x, b));
  set_num_threads(threads);
  CHECK(one == three);
  CHECK(a.next_u32() == b.next_u32());
  CHECK(list(binarize(x, c)) != one);
  CHECK(list(binarize(x, a)) != one);  // the generator moved on
}

TEST_CASE("binarize keeps shape, labels and the grey original", "[binarize]") {
  const auto d = grey(20);
  const auto before = list(d.x);
  Rng rng(2);
  const auto b = binarize(d, rng);
  CHECK(b.x.shape() == Shape{20, 8, 8, 1});
  CHECK(list(b.labels) == list(d.labels));
  CHECK(binary(list(b.x)));
  CHECK(list(d.x) == before);
}

TEST_CASE("binarize refuses values that are no probabilities", "[binarize]") {
  Rng rng(1);
  const auto error = [&](float v) { return error_of([&] { binarize(Tensor<float>({3}, {0, v, 1}), rng); }); };
  CHECK(error(255) == "binarize: expected values from 0 to 1, found 255");
  CHECK(error(-0.5f) == "binarize: expected values from 0 to 1, found -0.5");
  CHECK(error(std::numeric_limits<float>::quiet_NaN()) == "binarize: expected values from 0 to 1, found nan");
  CHECK(error(1) == "no error");

  const auto kind = GENERATE(Binarization::fixed, Binarization::dynamic);
  auto good = grey(11), bad = grey(11);
  bad.x.set({10, 7, 7, 0}, 1.5f);
  const std::string message = "binarize: expected values from 0 to 1, found 1.5";
  CHECK(error_of([&] { binarized_loader(kind, bad, good, rng); }) == message);
  CHECK(list(good.x) == list(grey(11).x));  // nothing was changed
  CHECK(error_of([&] { binarized_loader(kind, good, bad, rng); }) == message);
  CHECK(error_of([&] { binarized_loader(Binarization::none, good, bad, rng); }) == "no error");
}

TEST_CASE("fixed: each epoch has the same zeros and ones", "[binarize]") {
  auto train = numbered(33), test = numbered(22);
  Rng rng(4);
  auto loader = binarized_loader(Binarization::fixed, train, test, rng, {.batch = 8, .seed = 1});
  const auto first = epoch(loader);
  CHECK(binary(first));
  CHECK(first == list(train.x));
  CHECK(first != list(numbered(33).x));
  CHECK(epoch(loader) == first);
  CHECK(binary(list(test.x)));
}

TEST_CASE("dynamic: each epoch is drawn anew, with and without prefetch alike", "[binarize]") {
  std::vector<std::vector<float>> with, without;
  for (const bool prefetch : {false, true}) {
    auto train = numbered(33), test = numbered(22);
    Rng rng(4);
    auto loader = binarized_loader(Binarization::dynamic, train, test, rng,
                                   {.batch = 8, .prefetch = prefetch, .seed = 1});
    for (int i = 0; i < 3; ++i) (prefetch ? with : without).push_back(epoch(loader));
    CHECK(list(train.x) == list(numbered(33).x));
    CHECK(binary(list(test.x)));
  }
  CHECK(with == without);
  CHECK(binary(with[0]));
  CHECK(with[0] != with[1]);
  CHECK(with[1] != with[2]);
}

TEST_CASE("dynamic: the mean of many epochs is the grey image", "[binarize]") {
  auto train = numbered(11), test = numbered(1);
  Rng rng(4);
  auto loader = binarized_loader(Binarization::dynamic, train, test, rng, {.batch = 4});
  const int epochs = 400;
  std::vector<double> sum(11 * 64);
  for (int e = 0; e < epochs; ++e) {
    const auto x = epoch(loader);
    for (std::size_t i = 0; i < x.size(); ++i) sum[i] += static_cast<double>(x[i]);
  }
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const double p = static_cast<double>(train.x.data()[i]);
    // Five deviations, for 704 pixels at once.
    REQUIRE(std::abs(sum[i] / epochs - p) <= 5 * std::sqrt(p * (1 - p) / epochs) + 1e-6);
  }
}

TEST_CASE("the test half is the same fixed draw for fixed and dynamic, and grey for none", "[binarize]") {
  const auto test_half = [](Binarization kind) {
    auto train = numbered(33), test = numbered(22);
    Rng rng(4);
    auto loader = binarized_loader(kind, train, test, rng, {.batch = 8});
    epoch(loader);
    return list(test.x);
  };
  CHECK(test_half(Binarization::fixed) == test_half(Binarization::dynamic));
  CHECK(binary(test_half(Binarization::fixed)));
  CHECK(test_half(Binarization::none) == list(numbered(22).x));

  auto train = numbered(33), test = numbered(22);
  Rng rng(4);
  auto loader = binarized_loader(Binarization::none, train, test, rng, {.batch = 8});
  CHECK(epoch(loader) == list(numbered(33).x));
}

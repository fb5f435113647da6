// Datasets, loaders and files of data with shapes, sizes and values that they were not made for.
#include <bit>
#include <limits>

#include "figment/data/binarize.hpp"
#include "figment/data/mnist.hpp"
#include "support/catch.hpp"
#include "support/refusals.hpp"
#include "support/temp_dir.hpp"

using namespace figment;
using data::Dataset;
using data::Loader;
using test::check_refusals;

namespace {

const float nan_value = std::bit_cast<float>(0x7fc00000u), infinity = std::numeric_limits<float>::infinity();
constexpr Index most = std::numeric_limits<Index>::max();

Tensor<float> zeros(const Shape& shape) { return Tensor<float>::zeros(shape); }

}  // namespace

TEST_CASE("parts of no examples, and of examples without values, are such parts again", "[dataset]") {
  Rng rng(1);
  const Dataset<float> none{zeros({0, 3})}, hollow{zeros({4, 0}), Indices({4}, {1, 2, 3, 4})}, undefined{{}};
  CHECK(undefined.size() == 0);
  for (const auto& d : {none, undefined}) {
    CHECK(data::take(d, {}).x.shape() == d.x.shape());
    CHECK(data::slice(d, 0, 0).x.shape() == d.x.shape());
    const auto [front, back] = data::split(d, 0.5, rng);
    CHECK((front.size() == 0 && back.size() == 0 && !front.labels.defined()));
    CHECK(data::binarize(d, rng).x.shape() == d.x.shape());
  }
  const auto some = data::take(hollow, Indices({2}, {3, 0}));
  CHECK(some.x.shape() == Shape{2, 0});
  CHECK((some.labels(0) == 4 && some.labels(1) == 1));
  CHECK(data::slice(hollow, 1, 4).x.shape() == Shape{3, 0});
  CHECK(data::split(hollow, 1).first.size() == 0);
  CHECK(data::binarize(Tensor<float>::scalar(1), rng).item() == 1);
}

TEST_CASE("a loader of no examples has no batches, and of NaN it has NaN", "[loader]") {
  for (const bool prefetch : {false, true}) {
    for (const auto& x : {zeros({0, 3}), Tensor<float>()}) {
      Loader empty(Dataset{x}, data::LoaderOptions{.prefetch = prefetch});
      CHECK(empty.batches() == 0);
      for (int epoch = 0; epoch < 2; ++epoch)
        for (const auto& batch : empty) FAIL("a batch of " << batch.size());
    }
    Loader hollow(Dataset{zeros({3, 0})}, data::LoaderOptions{.batch = most, .prefetch = prefetch});
    CHECK(hollow.batches() == 1);
    for (const auto& batch : hollow) CHECK(batch.x.shape() == Shape{3, 0});
    Loader bad(Dataset{Tensor<float>::full({2, 1}, nan_value)}, data::LoaderOptions{.prefetch = prefetch});
    for (const auto& batch : bad) CHECK(detail::is_nan(batch.x(0, 0)));
  }
  CHECK(Loader(Dataset{zeros({3, 1})}, data::LoaderOptions{.batch = most, .drop_last = true}).batches() == 0);
}

TEST_CASE("what no part, batch or draw can be made of is refused by name", "[data]") {
  Rng rng(1);
  const Dataset<float> scalar{Tensor<float>::scalar(1)}, four{zeros({4, 2})};
  const Dataset<float> square{zeros({4, 2}), Indices::zeros({2, 2})};
  Dataset<float> test = four, bad{Tensor<float>::full({2, 1}, nan_value)};
  const auto binarized = [&](float v) {
    return [&rng, v] { data::binarize(Tensor<float>::scalar(v), rng); };
  };
  check_refusals({
      {"dataset: ", "a scalar", [&] { data::take(scalar, {}); }},
      {"dataset: ", "a scalar", [&] { data::slice(scalar, 0, 0); }},
      {"dataset: ", "a scalar", [&] { data::split(scalar, 0.5, rng); }},
      {"dataset: ", "a scalar", [&] { Loader{scalar}; }},
      {"dataset: ", "labels (2, 2)", [&] { data::take(square, {}); }},
      {"dataset: ", "labels (2, 2)", [&] { data::split(square, 0.5); }},
      {"take: ", "found ()", [&] { data::take(four, Indices::scalar(0)); }},
      {"take: ", "0 is out of range for 0", [&] { data::take(Dataset<float>{{}}, Indices({1}, {0})); }},
      {"slice: ", "-1 to 2", [&] { data::slice(four, -1, 2); }},
      {"slice: ", "0 to " + std::to_string(most), [&] { data::slice(four, 0, most); }},
      {"split: ", "found -0.1", [&] { data::split(four, -0.1, rng); }},
      {"split: ", "found inf", [&] { data::split(four, double{infinity}); }},
      {"binarize: ", "found nan", binarized(nan_value)},
      {"binarize: ", "found -inf", binarized(-infinity)},
      {"binarize: ", "found nan",
       [&] { data::binarized_loader(data::Binarization::dynamic, bad, test, rng); }},
      {"loader: ", "found -5", [&] { Loader(four, data::LoaderOptions{.batch = -5}); }},
      {"loader: ", "empty function", [&] { Loader(four).transform({}); }},
      {"loader: ", "found -1", [&] { Loader(four).set_epoch(-1); }},
      {"loader: ", "batch -1", [&] { Loader(four).set_epoch(0, -1); }},
  });
}

TEST_CASE("files of nothing are written and read, and what no file holds is refused before it is opened",
          "[data]") {
  test::TempDir dir;
  const auto idx = [&](const Tensor<std::uint8_t>& t) {
    data::write_idx(dir / "t", t);
    return data::read_idx(dir / "t").shape();
  };
  CHECK(idx({}) == Shape{0});
  CHECK(idx(Tensor<std::uint8_t>::zeros({0, 28, 28})) == Shape{0, 28, 28});
  CHECK(idx(Tensor<std::uint8_t>::zeros({3, 0})) == Shape{3, 0});
  for (const char* half : {"train", "t10k"}) {
    data::write_idx(dir / (std::string(half) + "-images-idx3-ubyte"),
                    Tensor<std::uint8_t>::zeros({0, 28, 28}));
    data::write_idx(dir / (std::string(half) + "-labels-idx1-ubyte"), Tensor<std::uint8_t>::zeros({0}));
  }
  CHECK(data::load_mnist(dir.path()).train.x.shape() == Shape{0, 28, 28, 1});

  data::write_libsvm(dir / "hollow", {zeros({3, 0})});
  CHECK(test::read_bytes(dir / "hollow") == "0\n0\n0\n");
  CHECK(data::read_libsvm(dir / "hollow", 2).x.shape() == Shape{3, 2});
  for (const auto& x : {zeros({0, 2}), Tensor<float>()}) {
    data::write_libsvm(dir / "none", {x});
    CHECK(test::read_bytes(dir / "none") == "");
  }
  check_refusals({
      {"read_libsvm: ", "found none", [&] { data::read_libsvm(dir / "none", 2); }},
      {"read_libsvm: ", "found -1", [&] { data::read_libsvm(dir / "none", -1); }},
      {"dataset: ", "a scalar", [&] { data::write_libsvm(dir / "hollow", {Tensor<float>::scalar(1)}); }},
      {"write_libsvm: ", "value 2 of example 1 is nan",
       [&] {
         data::write_libsvm(dir / "hollow", {Tensor<float>({2, 2}, {1, 1, 1, nan_value})});
       }},
      {"load_mnist: ", "no such file", [&] { data::load_mnist(""); }},
  });
  CHECK(test::read_bytes(dir / "hollow") == "0\n0\n0\n");
}

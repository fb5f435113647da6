// The closest candidate, against a loop over all of them.
#include "figment/models/nearest.hpp"

#include "figment/core/random.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::error_of;

namespace {

/// Whether the answer is that of the definition: the first candidate of the least distance, in double.
template <class T>
bool is_right(const Nearest<T>& found, const Tensor<T>& x, const Tensor<T>& candidates) {
  const Index width = x.size() / x.dim(0);
  bool right = found.index.shape() == Shape{x.dim(0)} && found.distance.shape() == Shape{x.dim(0)};
  for (Index i = 0; i < x.dim(0); ++i) {
    Index first = 0;
    double least = 0;
    for (Index j = 0; j < candidates.dim(0); ++j) {
      double sum = 0;
      for (Index k = 0; k < width; ++k) {
        const double d = static_cast<double>(x.data()[i * width + k]) -
                         static_cast<double>(candidates.data()[j * width + k]);
        sum += d * d;
      }
      if (j == 0 || sum < least) first = j, least = sum;
    }
    right = right && found.index(i) == first && found.distance(i) == static_cast<T>(std::sqrt(least));
  }
  return right;
}

}  // namespace

TEMPLATE_TEST_CASE("the nearest row is that of a plain double loop", "[models]", float, double) {
  using T = TestType;
  Rng rng(1);
  const auto pixels = rng.uniform<T>({300, 7, 6}), others = rng.uniform<T>({500, 42});
  CHECK(is_right(nearest_rows(pixels, others), pixels, others));
  // More rows than a block has, of both; few dimensions, where many are about as close.
  const auto points = rng.normal<T>({600, 2}), cloud = rng.normal<T>({9000, 2});
  CHECK(is_right(nearest_rows(points, cloud), points, cloud));
  CHECK(is_right(nearest_rows(points, slice(cloud, 0, 0, 1)), points, slice(cloud, 0, 0, 1)));
}

TEST_CASE("nearest rows survive cancellation, and copies are at distance 0", "[models]") {
  Rng rng(2);
  // Long vectors that are close together: |a|^2 is 2e7, where float counts in steps of 2, and the squared
  // distances are about 0.03.
  const auto candidates = rng.normal<float>({2000, 20}, 1000, 0.03f);
  const auto x = rng.normal<float>({50, 20}, 1000, 0.03f);
  CHECK(is_right(nearest_rows(x, candidates), x, candidates));

  const auto copies = slice(candidates, 0, 1990, 2000);
  const auto found = nearest_rows(copies, candidates);
  for (Index i = 0; i < 10; ++i) {
    CHECK(found.index(i) == 1990 + i);
    CHECK(found.distance(i) == 0);
  }
  // Of equals the first.
  const Tensor<float> both({3, 1}, {5, 2, 2});
  CHECK(nearest_rows(Tensor<float>({1, 1}, {1}), both).index(0) == 1);
}

TEST_CASE("nearest rows do not depend on the number of threads", "[models]") {
  Rng rng(3);
  const auto x = rng.normal<float>({700, 9}), candidates = rng.normal<float>({5000, 9});
  const auto with = [&](int threads) {
    test::ThreadScope scope(threads);
    return nearest_rows(x, candidates);
  };
  const auto one = with(1), three = with(3);
  CHECK(std::equal(one.index.values().begin(), one.index.values().end(), three.index.values().begin()));
  CHECK(test::bit_difference(one.distance, three.distance) == "");
}

TEST_CASE("nearest rows of the wrong kind are an error", "[models]") {
  const auto zeros = [](const Shape& s) { return Tensor<float>::zeros(s); };
  CHECK(nearest_rows(zeros({0, 4}), zeros({3, 4})).index.size() == 0);
  CHECK(error_of([&] {
          nearest_rows(zeros({2, 4}), zeros({3, 5}));
        }) ==
        "nearest_rows: expected (N, …) and candidates (M, …) of as many elements, found (2, 4) and (3, 5)");
  CHECK_THROWS_AS(nearest_rows(zeros({2, 4}), zeros({0, 4})), Error);
  CHECK_THROWS_AS(nearest_rows(zeros({}), zeros({1, 1})), Error);
  const Tensor<float> bad({2, 1}, {std::nanf(""), 1});
  const auto found = nearest_rows(bad, zeros({2, 1}));
  CHECK(std::isinf(found.distance(0)));
  CHECK(found.distance(1) == 1);
}

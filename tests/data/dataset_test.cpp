// Parts of a dataset keep each example with its label.
#include "figment/data/dataset.hpp"

#include <set>

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::error_of;

namespace {

// Example i is (10 i, 10 i + 1) with label i.
data::Dataset<float> counted(Index n) {
  Tensor<float> x({n, 2});
  for (Index i = 0; i < n; ++i)
    x.set({i, 0}, static_cast<float>(10 * i)), x.set({i, 1}, static_cast<float>(10 * i + 1));
  return {x, Indices::arange(n)};
}

std::vector<int> labels(const data::Dataset<float>& d) {
  for (Index i = 0; i < d.size(); ++i) {
    CHECK(d.x(i, 0) == static_cast<float>(10 * d.labels(i)));
    CHECK(d.x(i, 1) == static_cast<float>(10 * d.labels(i) + 1));
  }
  return {d.labels.values().begin(), d.labels.values().end()};
}

}  // namespace

TEST_CASE("a dataset's size demands labels that agree", "[dataset]") {
  CHECK(counted(5).size() == 5);
  CHECK(data::Dataset{Tensor<double>::zeros({4, 3, 2})}.size() == 4);
  CHECK(data::Dataset<float>{}.size() == 0);
  const data::Dataset wrong{Tensor<float>::zeros({4, 3}), Indices::arange(5)};
  CHECK_THAT(error_of([&] { wrong.size(); }), ContainsSubstring("4 examples, but labels (5,)"));
  CHECK_THAT(error_of([&] { data::Dataset{Tensor<float>::scalar(1)}.size(); }), ContainsSubstring("scalar"));
}

TEST_CASE("take and slice copy examples with their labels", "[dataset]") {
  const auto d = counted(6);
  CHECK(labels(data::take(d, Indices({4}, {5, 0, 5, 2}))) == std::vector{5, 0, 5, 2});
  CHECK(labels(data::slice(d, 2, 4)) == std::vector{2, 3});
  CHECK(data::slice(d, 3, 3).x.shape() == Shape{0, 2});
  CHECK_FALSE(data::slice(d, 0, 6).x.shares_memory_with(d.x));
  CHECK_FALSE(data::take(data::Dataset{d.x}, Indices({1}, {3})).labels.defined());
  CHECK_FALSE(data::slice(data::Dataset{d.x}, 0, 2).labels.defined());

  CHECK_THAT(error_of([&] { data::take(d, Indices({1}, {6})); }),
             ContainsSubstring("index 6 is out of range"));
  CHECK_THAT(error_of([&] { data::take(d, Indices({1}, {-1})); }), ContainsSubstring("index -1"));
  CHECK_THAT(error_of([&] { data::take(d, Indices({1, 1}, {0})); }), ContainsSubstring("(1, 1)"));
  CHECK_THAT(error_of([&] { data::slice(d, 2, 7); }), ContainsSubstring("2 to 7 is out of range"));
  CHECK_THAT(error_of([&] { data::slice(d, 4, 3); }), ContainsSubstring("4 to 3"));
}

TEST_CASE("split takes the last part in order", "[dataset]") {
  const auto [front, last] = data::split(counted(10), 0.3);
  CHECK(labels(front) == std::vector{0, 1, 2, 3, 4, 5, 6});
  CHECK(labels(last) == std::vector{7, 8, 9});
  // 1 - 0.9 is below 0.1 in binary: flooring 10 (1 - 0.9) would leave nothing in front.
  CHECK(data::split(counted(10), 0.9).first.size() == 1);
  CHECK(data::split(counted(10), 0.0).second.size() == 0);
  CHECK(data::split(counted(10), 1.0).first.size() == 0);
  CHECK_THAT(error_of([] { data::split(counted(10), 1.5); }), ContainsSubstring("found 1.5"));
  CHECK_THAT(error_of([] { data::split(counted(10), std::nan("")); }), ContainsSubstring("fraction"));
}

TEST_CASE("split with a generator shuffles and loses nothing", "[dataset]") {
  Rng rng(3), again(3);
  const auto [front, last] = data::split(counted(50), 0.2, rng);
  std::vector<int> all = labels(front);
  const auto rest = labels(last);
  CHECK(rest.size() == 10);
  all.insert(all.end(), rest.begin(), rest.end());
  CHECK_FALSE(std::is_sorted(all.begin(), all.end()));
  CHECK(std::set<int>(all.begin(), all.end()).size() == 50);
  CHECK(labels(data::split(counted(50), 0.2, again).second) == rest);
}

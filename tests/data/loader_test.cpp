// The loader: every example once an epoch, the same batches with and without prefetch, safe endings.
#include "figment/data/loader.hpp"

#include <atomic>
#include <chrono>
#include <set>

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/no_threads.hpp"

using namespace figment;
using test::error_of;

namespace {

data::Dataset<float> column(Index n) {
  return {cast<float>(Indices::arange(n)).view_as({n, 1}), Indices::arange(n)};
}

struct Seen {
  std::vector<float> x;
  std::vector<int> labels, sizes, epochs, indices;
  bool operator==(const Seen&) const = default;
};

Seen run(data::Loader<float>& loader) {
  Seen seen;
  for (const auto& batch : loader) {
    seen.x.insert(seen.x.end(), batch.x.values().begin(), batch.x.values().end());
    seen.labels.insert(seen.labels.end(), batch.labels.values().begin(), batch.labels.values().end());
    seen.sizes.push_back(static_cast<int>(batch.size()));
    seen.epochs.push_back(static_cast<int>(batch.epoch));
    seen.indices.push_back(static_cast<int>(batch.index));
  }
  return seen;
}

Tensor<float> add_noise(Tensor<float> x, Rng& rng) {
  float* p = x.mutable_data();
  for (Index i = 0; i < x.size(); ++i) p[i] += static_cast<float>(rng.uniform());
  return x;
}

}  // namespace

TEST_CASE("an epoch has every example once, with its label", "[loader]") {
  const bool prefetch = GENERATE(false, true);
  data::Loader loader(column(103), {.batch = 10, .prefetch = prefetch});
  CHECK(loader.size() == 103);
  CHECK(loader.batches() == 11);
  for (int epoch = 0; epoch < 3; ++epoch) {
    Seen seen = run(loader);
    CHECK(seen.sizes == std::vector<int>{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 3});
    CHECK(seen.indices == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    CHECK(seen.epochs == std::vector<int>(11, epoch));
    CHECK(std::equal(seen.x.begin(), seen.x.end(), seen.labels.begin(),
                     [](float x, int label) { return x == static_cast<float>(label); }));
    CHECK_FALSE(std::is_sorted(seen.labels.begin(), seen.labels.end()));
    std::sort(seen.labels.begin(), seen.labels.end());
    for (int i = 0; i < 103; ++i) REQUIRE(seen.labels[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("drop_last, no shuffle and no labels", "[loader]") {
  data::Loader dropping(column(23), {.batch = 10, .drop_last = true});
  CHECK(dropping.batches() == 2);
  CHECK(run(dropping).sizes == std::vector<int>{10, 10});

  data::Loader ordered(column(5), {.batch = 2, .shuffle = false});
  CHECK(run(ordered).labels == std::vector<int>{0, 1, 2, 3, 4});

  data::Loader bare(data::Dataset{Tensor<double>::zeros({3, 2})}, {.batch = 2});
  for (const auto& batch : bare) CHECK_FALSE(batch.labels.defined());

  data::Loader empty(column(0), {.batch = 2});
  CHECK(run(empty).sizes.empty());
  data::Loader small(column(3), {.batch = 5, .drop_last = true});
  CHECK(run(small).sizes.empty());
}

TEST_CASE("prefetch changes nothing in the batches", "[loader]") {
  std::vector<Seen> with, without;
  for (const bool prefetch : {false, true}) {
    data::Loader loader(column(57), {.batch = 8, .prefetch = prefetch, .seed = 5});
    loader.transform(add_noise).transform([](Tensor<float> x, Rng&) {
      for (Index i = 0; i < x.size(); ++i) x.mutable_data()[i] *= 2;
      return x;
    });
    for (int epoch = 0; epoch < 3; ++epoch) (prefetch ? with : without).push_back(run(loader));
  }
  CHECK(with == without);
  CHECK(with[0].labels != with[1].labels);
  // In turn, noise first: x is in [2 label, 2 label + 2) and not at its start.
  double sum = 0;
  std::set<float> draws;
  for (std::size_t i = 0; i < with[0].x.size(); ++i) {
    const float noise = with[0].x[i] - 2 * static_cast<float>(with[0].labels[i]);
    CHECK((noise >= 0 && noise <= 2));
    sum += noise;
    draws.insert(noise);
  }
  CHECK(draws.size() > 40);                   // of 57; batches with the same generator would share 8
  CHECK_THAT(sum / 57, WithinAbs(1.0, 0.4));  // uniform on [0, 2): deviation 0.58 / sqrt(57) = 0.08
}

#ifdef __GLIBC__
TEST_CASE("without a thread to be had batches are made when they are asked for", "[loader]") {
  data::Loader loader(column(103), {.batch = 10}), other(column(103), {.batch = 10});
  for (auto* l : {&loader, &other}) l->transform(add_noise);
  const std::vector<Seen> all{run(loader), run(loader), run(loader)};
  {
    const test::NoThreads none;
    CHECK(run(other) == all[0]);
    for (const auto& batch : other) {
      CHECK(batch.epoch == 1);
      break;  // the rest of the epoch is left
    }
  }
  CHECK(run(other) == all[2]);  // with one again
}
#endif

TEST_CASE("an epoch depends on the seed and its number alone", "[loader]") {
  const auto loader = [](std::uint64_t seed) {
    return data::Loader(column(40), {.batch = 8, .seed = seed}).transform(add_noise);
  };
  auto straight = loader(1), jump = loader(1), other = loader(2);
  run(straight), run(straight);
  const Seen third = run(straight);
  jump.set_epoch(2);
  CHECK(run(jump) == third);
  CHECK(run(jump).epochs == std::vector<int>(5, 3));
  other.set_epoch(2);
  CHECK(run(other).labels != third.labels);

  jump.set_epoch(2, 3);  // resumed before batch 3
  const Seen rest = run(jump);
  CHECK(rest.indices == std::vector<int>{3, 4});
  CHECK(rest.x == std::vector<float>(third.x.begin() + 24, third.x.end()));
  CHECK(run(jump).indices.size() == 5);
}

namespace {

/// How often each of n examples came.
std::vector<int> counts(const Seen& seen, std::size_t n) {
  std::vector<int> count(n);
  for (const int label : seen.labels) ++count.at(static_cast<std::size_t>(label));
  return count;
}

}  // namespace

TEST_CASE("an epoch of so many batches goes through the data again and again, each time in another order",
          "[loader]") {
  const bool prefetch = GENERATE(false, true);
  data::Loader loader(column(10), {.batch = 4, .batches = 8, .prefetch = prefetch});
  CHECK(loader.size() == 10);
  CHECK(loader.batches() == 8);
  std::vector<Seen> epochs;
  for (int epoch = 0; epoch < 2; ++epoch) {
    epochs.push_back(run(loader));
    const Seen& seen = epochs.back();
    CHECK(seen.sizes == std::vector<int>(8, 4));  // across the ends of the data
    CHECK(seen.indices == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
    CHECK(std::equal(seen.x.begin(), seen.x.end(), seen.labels.begin(),
                     [](float x, int label) { return x == static_cast<float>(label); }));
    // Three times each in 30 places, each time another permutation; two more begin a fourth.
    std::set<std::vector<int>> orders;
    for (int pass = 0; pass < 3; ++pass) {
      std::vector<int> once(seen.labels.begin() + 10 * pass, seen.labels.begin() + 10 * (pass + 1));
      orders.insert(once);
      std::sort(once.begin(), once.end());
      for (int i = 0; i < 10; ++i) CHECK(once[static_cast<std::size_t>(i)] == i);
    }
    CHECK(orders.size() == 3);
    CHECK(seen.labels[30] != seen.labels[31]);
  }
  CHECK(epochs[0].labels != epochs[1].labels);

  // Fewer batches than the data has, and in order.
  data::Loader few(column(10), {.batch = 4, .batches = 1, .prefetch = prefetch});
  CHECK(run(few).sizes == std::vector<int>{4});
  data::Loader ordered(column(3), {.batch = 2, .shuffle = false, .batches = 4, .prefetch = prefetch});
  CHECK(run(ordered).labels == std::vector<int>{0, 1, 2, 0, 1, 2, 0, 1});
  // More examples in a batch than there are.
  data::Loader wide(column(3), {.batch = 7, .batches = 2, .prefetch = prefetch});
  CHECK(run(wide).sizes == std::vector<int>{7, 7});
  auto often = counts(run(wide), 3);
  std::sort(often.begin(), often.end());
  CHECK(often == std::vector<int>{4, 5, 5});
}

TEST_CASE("with replacement each example is drawn by itself", "[loader]") {
  const bool prefetch = GENERATE(false, true);
  data::Loader once(column(103), {.batch = 10, .replacement = true, .prefetch = prefetch});
  CHECK(once.batches() == 10);
  CHECK(run(once).sizes == std::vector<int>(10, 10));

  data::Loader loader(column(100), {.batch = 50, .replacement = true, .batches = 200, .prefetch = prefetch});
  const Seen first = run(loader), second = run(loader);
  CHECK(first.sizes == std::vector<int>(200, 50));
  CHECK(first.labels != second.labels);
  const auto count = counts(first, 100);
  double chi = 0, distinct = 0;
  for (const int c : count) chi += (c - 100.0) * (c - 100.0) / 100;
  // 99 degrees of freedom: mean 99, deviation 14; without replacement it would be 0.
  CHECK(chi > 99 - 4 * 14);
  CHECK(chi < 99 + 5 * 14);
  // A pass of 100 draws has 100 (1 - 1/e) = 63 examples, with a deviation of 3.1; 100 passes 0.3.
  for (int pass = 0; pass < 100; ++pass)
    distinct += static_cast<double>(
        std::set<int>(first.labels.begin() + 100 * pass, first.labels.begin() + 100 * (pass + 1)).size());
  CHECK_THAT(distinct / 100, WithinAbs(63.4, 1.5));
}

TEST_CASE("drawn epochs depend on the seed and their number alone, too", "[loader]") {
  const bool replacement = GENERATE(false, true);
  const auto loader = [&](std::uint64_t seed, bool prefetch) {
    return data::Loader(
               column(12),
               {.batch = 5, .replacement = replacement, .batches = 7, .prefetch = prefetch, .seed = seed})
        .transform(add_noise);
  };
  auto straight = loader(1, true), plain = loader(1, false), jump = loader(1, true), other = loader(2, true);
  run(straight), run(straight);
  const Seen third = run(straight);
  plain.set_epoch(2), jump.set_epoch(2), other.set_epoch(2);
  CHECK(run(plain) == third);
  CHECK(run(jump) == third);
  CHECK(run(other).labels != third.labels);
  jump.set_epoch(2, 5);  // resumed before batch 5
  const Seen rest = run(jump);
  CHECK(rest.indices == std::vector<int>{5, 6});
  CHECK(rest.x == std::vector<float>(third.x.begin() + 25, third.x.end()));
}

TEST_CASE("a transform's exception comes out of the loop, and the next epoch runs", "[loader]") {
  const bool prefetch = GENERATE(false, true);
  data::Loader loader(column(30), {.batch = 5, .prefetch = prefetch});
  std::atomic<int> calls = 0;
  loader.transform([&](Tensor<float> x, Rng&) {
    ensure(++calls != 4, "no fourth batch");
    return x;
  });
  int seen = 0;
  CHECK(error_of([&] {
          for ([[maybe_unused]] const auto& batch : loader) ++seen;
        }) == "no fourth batch");
  CHECK(seen == 3);
  CHECK(run(loader).sizes.size() == 6);
}

TEST_CASE("leaving a loop early is safe", "[loader]") {
  data::Loader loader(column(40), {.batch = 4});
  for (int round = 0; round < 200; ++round) {
    int seen = 0;
    for (const auto& batch : loader) {
      REQUIRE(batch.epoch == round);
      if (seen++ == round % 5) break;
    }
  }
  for (const auto& batch : loader) {
    CHECK(batch.epoch == 200);
    break;
  }
  data::Loader moved = std::move(loader);  // while its thread works ahead
  CHECK(run(moved).sizes.size() == 10);
}

TEST_CASE("the loader works ahead while a batch is in use", "[loader]") {
  std::atomic<int> made = 0;
  data::Loader loader(column(10), {.batch = 1});
  loader.transform([&](Tensor<float> x, Rng&) {
    ++made;
    return x;
  });
  for (const auto& batch : loader) {
    if (batch.index != 0) break;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (made < 3 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    CHECK(made == 3);  // the one in use and two ahead
  }
}

TEST_CASE("a steady epoch takes no memory from the heap for its batches", "[loader]") {
  if (!figment::detail::recycle_memory) return;  // under the address sanitizer every block is fresh
  const bool prefetch = GENERATE(false, true);
  data::Loader loader(column(1000), {.batch = 10, .prefetch = prefetch});
  run(loader);
  const auto before = memory_stats().allocations;
  for (int epoch = 0; epoch < 3; ++epoch) run(loader);
  // How far the thread is ahead varies; at most one batch in use, two ready and one being made.
  CHECK(memory_stats().allocations - before <= 4);
}

TEST_CASE("the loader refuses what it cannot load", "[loader]") {
  CHECK_THAT(error_of([] { data::Loader(column(3), {.batch = 0}); }),
             ContainsSubstring("batch of 1 or more"));
  CHECK(error_of([] { data::Loader(column(3), {.batches = -1}); }) ==
        "loader: expected 0 or more batches, found -1");
  CHECK(error_of([] { data::Loader(column(0), {.batches = 4}); }) == "loader: 4 batches of no examples");
  const Index most = Index{1} << 30;
  CHECK(error_of([&] { data::Loader(column(3), {.batch = 2, .batches = most}); }) ==
        "loader: 1073741824 batches of 2, at most 2^31 - 1 examples fit");
  CHECK_THAT(error_of([&] { data::Loader(column(3), {.batch = most * most, .batches = 64}); }),
             ContainsSubstring("64 batches of"));  // their product overflows
  data::Loader whole(column(3), {.batch = most * most});
  CHECK(run(whole).sizes == std::vector<int>{3});
  const data::Dataset wrong{Tensor<float>::zeros({4, 3}), Indices::arange(5)};
  CHECK_THAT(error_of([&] { data::Loader{wrong}; }), ContainsSubstring("4 examples"));
  data::Loader loader(column(6), {.batch = 2});
  CHECK_THAT(error_of([&] { loader.set_epoch(-1); }), ContainsSubstring("found -1"));
  CHECK_THAT(error_of([&] { loader.set_epoch(0, 4); }), ContainsSubstring("batch 4 of an epoch of 3"));
  loader.transform([](Tensor<float>, Rng&) { return Tensor<float>::zeros({1, 1}); });
  CHECK_THAT(error_of([&] { run(loader); }), ContainsSubstring("a transform made (1, 1) of a batch of 2"));
}

// One seed, one history: bit for bit, on any number of threads, with prefetch and without, and beside others.
#include <thread>

#include "figment/data/loader.hpp"
#include "figment/models/vae.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/optim/rmsprop.hpp"
#include "figment/train/fit.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using namespace figment;

namespace {

struct Outcome {
  std::vector<std::vector<double>> rows;  // without the seconds
  std::vector<Tensor<float>> weights;
};

/// Large enough that products and elementwise loops are split: 100 x 784 x 64 multiplications, 78400 values.
Outcome run(bool prefetch, std::uint64_t seed) {
  Rng rng(seed);
  Vae vae(
      GaussianEncoder(
          Sequential{Flatten{}, Dropout(0.2), Linear(784, 64, rng, {.activation = Activation::relu})}, 64, 2,
          rng),
      Sequential{Linear(2, 64, rng, {.activation = Activation::relu}), Dropout(0.1), Linear(64, 784, rng)});
  Rng pixels(99);
  data::Loader train(data::Dataset{pixels.uniform<float>({450, 28, 28, 1})},
                     {.batch = 100, .prefetch = prefetch, .seed = seed});
  train.transform([](Tensor<float> x, Rng& r) { return x * r.uniform<float>(x.shape(), 0.9f, 1.0f); });
  data::Loader validation(data::Dataset{pixels.uniform<float>({150, 28, 28, 1})},
                          {.batch = 100, .shuffle = false, .prefetch = prefetch});
  RmsProp optimizer(parameters(vae));
  const History h = fit(vae, optimizer, train, validation, {.epochs = 2, .seed = seed, .clip_norm = 50});
  Outcome out;
  for (auto row : h.rows) {
    row.pop_back();
    out.rows.push_back(row);
  }
  for (const auto& [name, t] : named_tensors(vae)) out.weights.push_back(t);
  return out;
}

Outcome run(int threads, bool prefetch, std::uint64_t seed = 1) {
  test::ThreadScope scope(threads);
  return run(prefetch, seed);
}

void check_same(const Outcome& a, const Outcome& b) {
  CHECK(a.rows == b.rows);
  REQUIRE(a.weights.size() == b.weights.size());
  for (std::size_t i = 0; i < a.weights.size(); ++i)
    CHECK(test::bit_difference(a.weights[i], b.weights[i]) == "");
}

}  // namespace

TEST_CASE("one seed gives one history and one model", "[train]") {
  const Outcome first = run(1, false);
  REQUIRE(first.rows.size() == 2);
  REQUIRE(first.rows[0].size() == 7);  // epoch, train, its two terms, val, its two terms
  for (const auto& [threads, prefetch] : {std::pair{1, false}, {1, true}, {2, false}, {2, true}, {5, true}}) {
    INFO(threads << " threads, prefetch " << prefetch);
    check_same(run(threads, prefetch), first);
  }
  CHECK(run(1, false, 2).rows != first.rows);
}

TEST_CASE("models trained at the same time are those trained one after the other", "[train]") {
  test::ThreadScope scope(2);
  Outcome together[3];
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 0; seed < 3; ++seed)
    threads.emplace_back([&, seed] { together[seed] = run(seed == 1, seed); });
  for (auto& thread : threads) thread.join();
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    INFO("seed " << seed);
    check_same(together[seed], run(false, seed));
  }
}

// A dataset of one's own: two interleaved half moons, made as they are asked for and never the same twice.
#include <figment/figment.hpp>

#include <cmath>
#include <cstdio>
#include <numbers>
#include <utility>

using namespace figment;

/// Points x (N, 2) and the moon each is on.
struct MoonBatch {
  Tensor<float> x;
  Indices labels;
  Index size() const { return x.dim(0); }
};

struct TwoMoons {
  Index batch, count;  // points in a batch, batches in an epoch
  std::uint64_t seed;
  Index epoch = 0, first = 0;

  Index batches() const { return count; }
  /// Each walk is an epoch. The next is number n, from batch `from` on, where a run was stopped.
  void set_epoch(Index n, Index from = 0) { epoch = n, first = from; }

  struct Iterator {
    const TwoMoons* moons;
    Index at;
    MoonBatch operator*() const { return moons->make(at); }
    Iterator& operator++() { return ++at, *this; }
    bool operator==(const Iterator& other) const { return at == other.at; }
  };
  Iterator begin() { return {this, epoch++ * count + std::exchange(first, 0)}; }
  Iterator end() const { return {this, epoch * count}; }

  /// A generator for each batch: what is in it depends on the seed and its number alone.
  MoonBatch make(Index number) const {
    Rng rng = Rng(seed).stream(static_cast<std::uint64_t>(number));
    MoonBatch made{rng.normal<float>({batch, 2}, 0, 0.1f), Indices::zeros({batch})};
    for (Index i = 0; i < batch; ++i) {
      const auto second = static_cast<float>(rng.below(2)), side = 1 - 2 * second;
      const auto angle = static_cast<float>(std::numbers::pi * rng.uniform());
      made.labels.set({i}, static_cast<std::int32_t>(second));
      made.x.set({i, 0}, made.x(i, 0) + side * std::cos(angle) + second);
      made.x.set({i, 1}, made.x(i, 1) + side * std::sin(angle) + 0.5f * second);
    }
    return made;
  }
};

int main() {
  Rng rng(1);
  Classifier model(Sequential{Linear(2, 32, rng, {.activation = Activation::relu}), Linear(32, 2, rng)});
  Adam adam(parameters(model), {.rate = 1e-2});
  TwoMoons train{64, 100, 1}, test{500, 2, 2};
  const History history = fit(model, adam, train, test, {.epochs = 5});
  std::printf("on the right moon: %.3f\n", history.last("val_accuracy"));
  return history.last("val_accuracy") > 0.98 ? 0 : 1;
}

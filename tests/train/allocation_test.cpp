// A steady training step takes nothing from the heap: every operator new of the program is counted.
#include <atomic>
#include <new>

#include "figment/data/loader.hpp"
#include "figment/models/vae.hpp"
#include "figment/nn/activation.hpp"
#include "figment/nn/batch_norm.hpp"
#include "figment/nn/conv_transpose2d.hpp"
#include "figment/nn/dropout.hpp"
#include "figment/nn/pool.hpp"
#include "figment/nn/reshape.hpp"
#include "figment/nn/upsample.hpp"
#include "figment/optim/adam.hpp"
#include "figment/optim/muon.hpp"
#include "figment/optim/rmsprop.hpp"
#include "figment/train/fit.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/heap_calls.hpp"

using namespace figment;

namespace {

/// Counts what steps 6 to 25 take. In the first five it waits until the loader is as far ahead as it goes,
/// and stands in for the batch that the loader's thread may be making just when a step needs most memory:
/// whether that happens so early is chance.
struct CountSteps final : Callback {
  static constexpr Index first = 5, last = 25;
  const std::atomic<Index>* made;  // batches, if they are made ahead
  Tensor<float> in_the_making;
  long before = 0, during = -1;

  CountSteps(const std::atomic<Index>* m, const Shape& batch) : made(m), in_the_making(batch) {}
  void on_step(TrainState& s) override {
    while (made && s.step < first && *made < s.step + 2) std::this_thread::yield();
    if (s.step == first) in_the_making = {}, before = test::heap_calls();
    if (s.step == last) during = test::heap_calls() - before, s.stop = true;
  }
};

/// What 20 steps of fit take from the heap, after five, with everything in them: the loader's batches, the
/// model, the gradients, the step, the running means and the callbacks.
template <class O, class Model, class Options>
long steady_allocations(Model& model, Options options, bool prefetch, Index accumulate = 1) {
  Rng rng(1);
  data::Loader loader(data::Dataset{rng.uniform<float>({3000, 28, 28, 1})},
                      {.batch = 100 / accumulate, .prefetch = prefetch});
  std::atomic<Index> made = 0;
  loader.transform([&](Tensor<float> x, Rng&) {
    ++made;
    return x;
  });
  O optimizer(parameters(model), options);
  CountSteps counter(prefetch ? &made : nullptr, {100, 28, 28, 1});
  fit(model, optimizer, loader, {.clip_norm = 1e3, .accumulate = accumulate, .callbacks = {&counter}});
  return counter.during;
}

}  // namespace

TEST_CASE("the counter counts", "[train]") {
  if (!test::counts_heap_calls) return;
  const auto before = test::heap_calls();
  // Not new expressions, which a compiler may leave out in pairs.
  ::operator delete(::operator new(8));
  ::operator delete[](::operator new[](8));
  ::operator delete(::operator new(8, std::align_val_t(64)), std::align_val_t(64));
  ::operator delete(::operator new(8, std::nothrow));
  CHECK(test::heap_calls() - before == 4);
}

TEST_CASE("a steady training step makes no heap allocation", "[train]") {
  if (!test::counts_heap_calls) return;
  const int threads = GENERATE(1, 2);
  const bool prefetch = GENERATE(false, true);
  test::ThreadScope scope(threads);
  INFO(threads << " threads, prefetch " << prefetch);
  Rng rng(2);
  const LinearOptions relu{.activation = Activation::relu};
  // vae-256.
  Vae plain(GaussianEncoder(Sequential{Flatten{}, Linear(784, 256, rng, relu)}, 256, 2, rng),
            Sequential{Linear(2, 256, rng, relu), Linear(256, 784, rng)});
  CHECK(steady_allocations<RmsProp<float>>(plain, RmsPropOptions{}, prefetch) == 0);
  if (!prefetch) CHECK(steady_allocations<Muon<float>>(plain, MuonOptions{}, false, 2) == 0);

  // Activations as layers, dropout, another optimiser.
  Vae layered(GaussianEncoder(Sequential{Flatten{}, Linear(784, 64, rng), Elu{}, Dropout(0.2)}, 64, 8, rng),
              Sequential{Linear(8, 64, rng), LeakyRelu{0.2}, Linear(64, 784, rng)},
              {.reconstruction = Reconstruction::mse, .kl_weight = 0.5});
  CHECK(steady_allocations<Adam<float>>(layered, AdamOptions{.amsgrad = true}, prefetch) == 0);

  // Images.
  const Padding same = Padding::same();
  Sequential down{Conv2d(1, 8, rng, {.stride = 2, .padding = same}), BatchNorm(8), MaxPool2d(2), Flatten{}};
  Sequential up{Linear(4, 7 * 7 * 8, rng, relu), Reshape{{7, 7, 8}}, UpSample2d(2),
                ConvTranspose2d(8, 1, rng, {.stride = 2, .padding = same}), Flatten{}};
  Vae convolutional(GaussianEncoder(down, 7 * 7 * 8, 4, rng), up);
  CHECK(steady_allocations<Adam<float>>(convolutional, AdamOptions{}, prefetch) == 0);
}

// expect: a callback derives from figment::Callback
#include <figment/data/loader.hpp>
#include <figment/nn/linear.hpp>
#include <figment/train/fit.hpp>

using namespace figment;

#ifdef RIGHT
struct Counter : Callback {
  Index steps = 0;
  void on_step(TrainState&) override { ++steps; }
};
#else
struct Counter {
  Index steps = 0;
  void on_step(TrainState&) { ++steps; }
};
#endif

void f(Linear<float>& net, Optimizer<float>& optimizer, data::Loader<float>& batches) {
  const auto loss = [&](const auto& batch, const Context&) { return sum(square(net.forward(batch.x))); };
  Counter counter;
  EarlyStopping stopping;
  fit(optimizer, batches, loss, {.epochs = 2, .callbacks = {&stopping, &counter}});
}

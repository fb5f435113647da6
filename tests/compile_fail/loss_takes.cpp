// expect: fit calls its loss as loss(batch, context)
#include <figment/data/loader.hpp>
#include <figment/nn/linear.hpp>
#include <figment/train/fit.hpp>

using namespace figment;

void f(Linear<float>& net, Optimizer<float>& optimizer, data::Loader<float>& batches) {
#ifdef RIGHT
  const auto loss = [&](const auto& batch, const Context&) { return sum(square(net.forward(batch.x))); };
#else
  const auto loss = [&](const auto& batch) { return sum(square(net.forward(batch.x))); };
#endif
  fit(optimizer, batches, loss, {.epochs = 2});
}

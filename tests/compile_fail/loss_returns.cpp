// expect: a loss is a Tensor<T> of one element
#include <figment/data/loader.hpp>
#include <figment/nn/linear.hpp>
#include <figment/train/fit.hpp>

using namespace figment;

void f(Linear<float>& net, Optimizer<float>& optimizer, data::Loader<float>& batches) {
  const auto loss = [&](const auto& batch, const Context&) {
#ifdef RIGHT
    return sum(square(net.forward(batch.x)));
#else
    return sum(square(net.forward(batch.x))).item();
#endif
  };
  fit(optimizer, batches, loss, {.epochs = 2});
}

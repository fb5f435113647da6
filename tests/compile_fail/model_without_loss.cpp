// expect: fit needs a model with `loss(const Tensor<T>& x, const Context&)`
#include <figment/data/loader.hpp>
#include <figment/nn/linear.hpp>
#include <figment/train/fit.hpp>

using namespace figment;

struct Model {
  Linear<float> net;
#ifdef RIGHT
  Tensor<float> loss(const Tensor<float>& x, const Context&) const { return sum(square(net.forward(x))); }
#endif
};

void f(Model& model, Optimizer<float>& optimizer, data::Loader<float>& batches) {
  fit(model, optimizer, batches, {.epochs = 2});
}

// expect: a term of a loss is a tensor of one element, or a number
#include <figment/data/loader.hpp>
#include <figment/nn/linear.hpp>
#include <figment/train/fit.hpp>

using namespace figment;

struct Loss {
  Tensor<float> value;
  Tensor<float> total() const { return value; }
#ifdef RIGHT
  void terms(auto&& f) const { f("squares", value), f("half", 0.5 * static_cast<double>(value.item())); }
#else
  void terms(auto&& f) const { f("squares", value), f("shape", value.shape()); }
#endif
};

void f(Linear<float>& net, Optimizer<float>& optimizer, data::Loader<float>& batches) {
  fit(optimizer, batches,
      [&](const auto& batch, const Context&) { return Loss{sum(square(net.forward(batch.x)))}; });
}

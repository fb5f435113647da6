// expect: fit needs batches with begin() and end(), their number batches(), and in each a size()
#include <vector>

#include <figment/nn/linear.hpp>
#include <figment/train/fit.hpp>

using namespace figment;

struct Batch {
  Tensor<float> x;
  Index size() const { return x.dim(0); }
};
struct Batches : std::vector<Batch> {
#ifdef RIGHT
  Index batches() const { return static_cast<Index>(size()); }
#endif
};

void f(Linear<float>& net, Optimizer<float>& optimizer, Batches& batches) {
  fit(optimizer, batches,
      [&](const Batch& batch, const Context&) { return sum(square(net.forward(batch.x))); });
}

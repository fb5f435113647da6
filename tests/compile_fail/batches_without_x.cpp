// expect: fit needs batches of which each has an x
#include <vector>

#include <figment/nn/linear.hpp>
#include <figment/train/fit.hpp>

using namespace figment;

struct Batch {
#ifdef RIGHT
  Tensor<float> x;
  Index size() const { return x.dim(0); }
#else
  Tensor<float> images;
  Index size() const { return images.dim(0); }
#endif
};
struct Batches : std::vector<Batch> {
  Index batches() const { return static_cast<Index>(size()); }
  void set_epoch(Index, Index) {}
};
struct Model {
  Linear<float> net;
  Tensor<float> loss(const Tensor<float>& x, const Context&) const { return sum(square(net.forward(x))); }
};

void f(Model& model, Optimizer<float>& optimizer, Batches& batches) { fit(model, optimizer, batches); }

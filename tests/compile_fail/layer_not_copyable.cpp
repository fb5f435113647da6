// expect: a layer is held by value, so it needs a copy constructor
#include <memory>

#include <figment/nn/linear.hpp>
#include <figment/nn/sequential.hpp>

struct Holder {
#ifdef RIGHT
  std::shared_ptr<int> count;
#else
  std::unique_ptr<int> count;
#endif
  figment::Tensor<float> forward(const figment::Tensor<float>& x) const { return x; }
  void visit(auto&&) {}
};

void f(figment::Rng& rng) { figment::Sequential net{figment::Linear(2, 3, rng), Holder{}}; }

// expect: a layer that holds tensors needs `void visit(auto&& v)`
#include <figment/nn/linear.hpp>
#include <figment/nn/sequential.hpp>

struct Scale {
  figment::Tensor<float> factor = figment::parameter(figment::Tensor<float>::ones({3}));
  figment::Tensor<float> forward(const figment::Tensor<float>& x) const { return x * factor; }
#ifdef RIGHT
  void visit(auto&& v) { v("factor", factor); }
#endif
};

void f(figment::Rng& rng) { figment::Sequential net{figment::Linear(2, 3, rng), Scale{}}; }

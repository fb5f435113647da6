// expect: a layer needs `forward(const Tensor<T>& x) const`
#include <figment/nn/linear.hpp>
#include <figment/nn/sequential.hpp>

struct Double {
#ifdef RIGHT
  figment::Tensor<float> forward(const figment::Tensor<float>& x) const { return x + x; }
#else
  figment::Tensor<float> forward(const figment::Tensor<float>& x) { return x + x; }
#endif
};

void f(figment::Rng& rng) { figment::Sequential net{figment::Linear(2, 3, rng), Double{}}; }

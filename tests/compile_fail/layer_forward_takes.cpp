// expect: a layer needs `forward(const Tensor<T>& x) const`
#include <figment/nn/linear.hpp>
#include <figment/nn/sequential.hpp>

struct Scale {
#ifdef RIGHT
  figment::Tensor<float> forward(const figment::Tensor<float>& x) const { return x * 2.0f; }
#else
  figment::Tensor<float> forward(const figment::Tensor<float>& x, float scale) const { return x * scale; }
#endif
};

void f(figment::Rng& rng) { figment::Sequential net{figment::Linear(2, 3, rng), Scale{}}; }

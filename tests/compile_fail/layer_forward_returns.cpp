// expect: a layer's forward returns a Tensor<T> of the T that it takes
#include <figment/nn/linear.hpp>
#include <figment/nn/sequential.hpp>
#include <figment/ops/reduce.hpp>

struct Total {
#ifdef RIGHT
  figment::Tensor<float> forward(const figment::Tensor<float>& x) const { return figment::sum(x); }
#else
  float forward(const figment::Tensor<float>& x) const { return figment::sum(x).item(); }
#endif
};

void f(figment::Rng& rng) { figment::Sequential net{figment::Linear(2, 3, rng), Total{}}; }

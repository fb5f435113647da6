// expect: abstract
#include <figment/optim/optimizer.hpp>

using namespace figment;

struct SignDescent : Optimizer<float> {
  explicit SignDescent(TensorList<float> parameters) : Optimizer(std::move(parameters), 0.01, {}) {}
#ifdef RIGHT
  void update(std::span<const Tensor<float>> gradients) override {
    each(gradients, [this](float* w, const float* g, float* const*, Index n) {
      for (Index i = 0; i < n; ++i)
        w[i] -= static_cast<float>(rate()) * static_cast<float>((g[i] > 0) - (g[i] < 0));
    });
  }
#endif
};

void f(const TensorList<float>& parameters) { SignDescent optimizer(parameters); }

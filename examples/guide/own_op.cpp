// An operation of one's own with its gradient: Mish (Misra, 2019), held against finite differences.
#include <figment/autograd/gradcheck.hpp>
#include <figment/figment.hpp>

#include <cmath>
#include <cstdio>

using namespace figment;

/// y = x tanh(softplus(x)), elementwise. With t = tanh(softplus(x)), dy/dx = t + x (1 - t^2) sigmoid(x).
template <class T>
Tensor<T> mish(const Tensor<T>& x) {
  Tensor<T> y(x.shape());
  T* out = y.mutable_data();
  for (const T v : x.values()) {
    // log1p(exp(v)) would overflow for large v.
    const T softplus_v = std::max(v, T(0)) + std::log1p(std::exp(-std::abs(v)));
    *out++ = v * std::tanh(softplus_v);
  }
  return record(
      "mish", {x}, y,
      [](const auto& saved, const auto& dy, auto& dx) {
        dx(0, [&] {
          const auto& in = saved.in(0);
          const auto t = tanh(softplus(in));
          return dy * (t + in * (T(1) - square(t)) * sigmoid(in));
        });
      },
      Keep::inputs);
}

/// The same as a layer.
struct Mish {
  template <class T>
  Tensor<T> forward(const Tensor<T>& x) const {
    return mish(x);
  }
};

int main() {
  Rng rng(1);
  const auto result =
      gradcheck([](auto inputs) { return mish(inputs[0]); }, {rng.normal<double>({3, 4}, 0, 3)});
  std::printf("gradcheck: %s, worst error %.1e\n", result.ok ? "passed" : result.message.c_str(),
              result.worst);

  // y = sin(3 x) by a network of 32 of them.
  Sequential net{Linear(1, 32, rng), Mish{}, Linear(32, 32, rng), Mish{}, Linear(32, 1, rng)};
  Adam adam(parameters(net), {.rate = 3e-3});
  const auto x = rng.uniform<float>({256, 1}, -2, 2), y = sin(x * 3.0f);
  for (int step = 0; step < 1000; ++step) adam.step(grad(mse(net.forward(x), y), adam.parameters()));
  const float error = mse(net.forward(x), y).item();
  std::printf("squared error of the fit to sin(3 x): %.1e\n", static_cast<double>(error));
  return result.ok && error < 1e-3f ? 0 : 1;
}

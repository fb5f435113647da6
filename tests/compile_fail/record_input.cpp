// expect: record's inputs are tensors of the output's type
#include <figment/ops/math.hpp>

using namespace figment;

Tensor<float> times(const Tensor<float>& x, float a) {
  const auto y = no_grad([&] { return x * a; });
#ifdef RIGHT
  return record("times", {x}, y, [a](auto&, auto& dy, auto& dx) { dx(0, [&] { return dy * a; }); });
#else
  return record("times", {x, a}, y, [a](auto&, auto& dy, auto& dx) { dx(0, [&] { return dy * a; }); });
#endif
}

// expect: one tensor is of float and the other of double
#include <figment/ops/arithmetic.hpp>

using namespace figment;

auto f(const Tensor<float>& x, const Tensor<double>& y) {
#ifdef RIGHT
  return cast<double>(x) * y;
#else
  return x * y;
#endif
}

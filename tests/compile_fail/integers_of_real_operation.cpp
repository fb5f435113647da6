// expect: this operation is of real numbers
#include <figment/ops/math.hpp>

using namespace figment;

auto f(const Indices& labels) {
#ifdef RIGHT
  return exp(cast<float>(labels));
#else
  return exp(labels);
#endif
}

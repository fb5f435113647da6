// expect: of integers there is no quotient
#include <figment/ops/arithmetic.hpp>

using namespace figment;

auto f(const Indices& labels) {
#ifdef RIGHT
  return cast<float>(labels) / 2;
#else
  return labels / 2;
#endif
}

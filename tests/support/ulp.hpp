// Errors of floating-point results in units in the last place of the exact value.
#pragma once

#include <cmath>
#include <limits>

namespace test {

/// |found - exact| in steps of T at the exact value. Equal infinities and two NaNs are 0 apart.
template <class T>
double ulps(T found, long double exact) {
  if (std::isnan(exact)) return std::isnan(found) ? 0 : std::numeric_limits<double>::infinity();
  const T nearest = static_cast<T>(exact);
  if (std::isinf(nearest) || std::isinf(found))
    return found == nearest ? 0 : std::numeric_limits<double>::infinity();
  int exponent = 0;
  std::frexp(exact, &exponent);
  if (exact == 0) exponent = std::numeric_limits<T>::min_exponent;
  exponent = std::max(exponent, std::numeric_limits<T>::min_exponent);  // subnormals share one step
  const long double step = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
  return static_cast<double>(std::abs(static_cast<long double>(found) - exact) / step);
}

}  // namespace test

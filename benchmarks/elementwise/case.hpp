// What one row of benchmarks/elementwise is made of.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <figment/figment.hpp>
#include <functional>
#include <string>
#include <vector>

namespace elementwise {

using figment::Index;
using figment::Tensor;

/// One operation at one size, ready to run.
struct Run {
  std::function<void()> ours, peer;  ///< peer is empty where there is none
  std::function<void()> verify;      ///< throws unless what `ours` left is right
};

struct Case {
  std::string name;
  double arrays;  ///< how many arrays of n floats it must read or write, with every pass it needs
  std::function<Run(Index n)> make;
  const char* peer = "Eigen";
};

using Array = Eigen::Map<Eigen::ArrayXf>;
using ConstArray = Eigen::Map<const Eigen::ArrayXf>;
using Rows = Eigen::Map<Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using ConstRows = Eigen::Map<const Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

inline ConstArray array(const Tensor<float>& t) { return {t.data(), t.size()}; }
inline ConstRows rows(const Tensor<float>& t) { return {t.data(), t.size() / t.dim(-1), t.dim(-1)}; }

/// Throws unless |found - expected| <= units of epsilon * max(1, |expected|).
inline void require(const std::string& what, Index at, float found, double expected, double units) {
  const double error =
      std::abs(static_cast<double>(found) - expected) / (0x1p-23 * std::max(1.0, std::abs(expected)));
  figment::ensure(error <= units, "{}: element {} is {}, expected {}", what, at, found, expected);
}

/// Calls f(i) for every place of a small range, and for places a prime apart in a large one.
template <class F>
void places(Index n, F f) {
  for (Index i = 0; i < n; i += n <= 65536 ? 1 : 811) f(i);
}

inline double wide(float x) { return static_cast<double>(x); }

}  // namespace elementwise

// Comparing tensors, and scopes that choose an instruction set or a number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "figment/core/parallel.hpp"
#include "figment/core/tensor.hpp"
#include "figment/kernels/isa.hpp"

namespace test {

/// Where the two differ by more than `units` of T's epsilon * max(1, |expected|); empty if nowhere. NaN
/// differs from everything but NaN.
template <class T>
std::string difference(const figment::Tensor<T>& found, const figment::Tensor<double>& expected,
                       double units) {
  if (found.shape() != expected.shape())
    return figment::format("shape {}, expected {}", found.shape(), expected.shape());
  const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
  double worst = 0;
  figment::Index at = -1;
  for (figment::Index i = 0; i < found.size(); ++i) {
    const double e = expected.data()[i];
    if (std::isnan(e) && std::isnan(static_cast<double>(found.data()[i]))) continue;
    const double error =
        std::abs(static_cast<double>(found.data()[i]) - e) / (epsilon * std::max(1.0, std::abs(e)));
    if (!(error <= units) && !(error <= worst)) worst = error, at = i;
  }
  if (at < 0) return "";
  return figment::format("element {} of {}: {}, expected {}, {} units apart with {} allowed", at,
                         found.shape(), found.data()[at], expected.data()[at], worst, units);
}

/// As difference, of results that may be infinite or no number: where `expected` is, `found` is the same.
/// Units are of epsilon * max(1, |expected|, least): what may cancel is compared at the size of its terms.
template <class T>
std::string special_difference(const figment::Tensor<T>& found, const figment::Tensor<double>& expected,
                               double units, double least = 1) {
  if (found.shape() != expected.shape())
    return figment::format("shape {}, expected {}", found.shape(), expected.shape());
  const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
  for (figment::Index i = 0; i < found.size(); ++i) {
    const double f = static_cast<double>(found.data()[i]), e = expected.data()[i];
    const bool same = std::isnan(e) ? std::isnan(f)
                      : std::isinf(e)
                          ? f == e
                          : std::abs(f - e) <= units * epsilon * std::max({1.0, std::abs(e), least});
    if (!same)
      return figment::format("element {} of {}: {}, expected {}, {} units allowed", i, found.shape(), f, e,
                             units);
  }
  return "";
}

/// Where the two differ in any bit; empty if nowhere.
template <class T>
std::string bit_difference(const figment::Tensor<T>& a, const figment::Tensor<T>& b) {
  if (a.shape() != b.shape()) return figment::format("shapes {} and {}", a.shape(), b.shape());
  for (figment::Index i = 0; i < a.size(); ++i)
    if (std::memcmp(a.data() + i, b.data() + i, sizeof(T)) != 0)
      return figment::format("element {} of {}: {} and {}", i, a.shape(), a.data()[i], b.data()[i]);
  return "";
}

inline std::vector<figment::kernels::Isa> supported_isas() {
  std::vector<figment::kernels::Isa> isas;
  for (auto isa : figment::kernels::all_isas)
    if (figment::kernels::supported(isa)) isas.push_back(isa);
  return isas;
}

/// Computes on one instruction set until the end of the scope.
class IsaScope {
 public:
  explicit IsaScope(figment::kernels::Isa isa) { figment::kernels::use_isa(isa); }
  ~IsaScope() { figment::kernels::use_isa(before_); }
  IsaScope(const IsaScope&) = delete;
  IsaScope& operator=(const IsaScope&) = delete;

 private:
  figment::kernels::Isa before_ = figment::kernels::isa();
};

/// Computes on n threads until the end of the scope.
class ThreadScope {
 public:
  explicit ThreadScope(int n) { figment::set_num_threads(n); }
  ~ThreadScope() { figment::set_num_threads(before_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_ = figment::num_threads();
};

}  // namespace test

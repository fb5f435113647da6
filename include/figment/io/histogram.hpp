// What values a tensor has, counted in buckets of equal width.
#pragma once

#include <algorithm>
#include <vector>

#include "figment/core/finite.hpp"
#include "figment/core/tensor.hpp"

namespace figment::io::detail {

/// Counts of values: bucket i is from limits[i-1], the first from `low`, up to limits[i].
struct Histogram {
  double low = 0, high = 0, count = 0, sum = 0, squares = 0;
  std::vector<double> limits, counts;
};

/// Of the finite values; one of none has a bucket of 0 at 0.
template <class T>
Histogram histogram_of(const Tensor<T>& t, std::size_t buckets) {
  const auto finite = [](double v) { return figment::detail::is_finite(v); };
  Histogram h;
  for (const T value : t.values()) {
    const auto v = static_cast<double>(value);
    if (!finite(v)) continue;
    h.low = h.count > 0 ? (std::min)(h.low, v) : v;
    h.high = h.count > 0 ? (std::max)(h.high, v) : v;
    h.count += 1, h.sum += v, h.squares += v * v;
  }
  // Halves: the width of doubles of either sign may be more than a double holds.
  const double half_width = h.high / 2 - h.low / 2;
  if (!(half_width > 0)) buckets = 1;
  const auto n = static_cast<double>(buckets);
  for (std::size_t i = 1; i < buckets; ++i)
    h.limits.push_back(h.low + half_width * (static_cast<double>(i) / n) * 2);
  h.limits.push_back(h.high);
  h.counts.assign(buckets, 0);
  for (const T value : t.values()) {
    const auto v = static_cast<double>(value);
    if (!finite(v)) continue;
    const double share = buckets == 1 ? 0 : (v / 2 - h.low / 2) / half_width;
    h.counts[(std::min)(static_cast<std::size_t>(share * n), buckets - 1)] += 1;
  }
  return h;
}

}  // namespace figment::io::detail

// Timing for the benchmarks: medians and spreads over many short samples.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <thread>
#include <vector>

namespace benchmarks {

/// Seconds a call, over several samples.
struct Timing {
  double median = 0, minimum = 0, maximum = 0;
};

inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline Timing timing_of(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  return {samples[samples.size() / 2], samples.front(), samples.back()};
}

/// The time of one call of f, from the mean of `calls` in a row.
template <class F>
double time_calls(F&& f, std::size_t calls) {
  const double start = seconds_now();
  for (std::size_t i = 0; i < calls; ++i) f();
  return (seconds_now() - start) / static_cast<double>(calls);
}

/// time_calls after one call that is not counted, which fills the caches again.
template <class F>
double time_warm_calls(F&& f, std::size_t calls) {
  f();
  return time_calls(f, calls);
}

/// Waits until the peers' threads no longer spin, as those of OpenMP and OpenBLAS do for some time after
/// their work: they would slow down whoever is next. At most half a second.
inline void settle(bool threads) {
  if (!threads) return;
  for (int i = 0; i < 250; ++i) {
    const std::clock_t before = std::clock();  // of all threads
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC < 0.2e-3) return;
  }
}

/// Keeps a value alive, so that computing it is not optimised away.
template <class V>
void keep(const V& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

}  // namespace benchmarks

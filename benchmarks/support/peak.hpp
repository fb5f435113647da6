// The most multiply-adds this core can do: what the figures of the products are a share of.
#pragma once

#include "figment/kernels/kernels.hpp"
#include "support/timing.hpp"

namespace benchmarks {

namespace detail {

// Twelve independent chains: more than latency times throughput of any core.
#if FIGMENT_X86
__attribute__((target("avx2,fma"))) inline float chains_avx2(long n) {
  __m256 a[12];
  for (auto& v : a) {
    v = _mm256_set1_ps(1.0f);
    asm volatile("" : "+x"(v));  // as if unknown: clang sees that 1 x + y is 1 and leaves the loop out
  }
  const __m256 x = _mm256_set1_ps(0.999999f), y = _mm256_set1_ps(1e-6f);
  for (long i = 0; i < n; ++i) {
#pragma GCC unroll 12
    for (int j = 0; j < 12; ++j) a[j] = _mm256_fmadd_ps(a[j], x, y);
  }
  for (int j = 1; j < 12; ++j) a[0] = _mm256_add_ps(a[0], a[j]);
  return _mm256_cvtss_f32(a[0]);
}
#endif

}  // namespace detail

/// Single-precision floating point operations a second of one core with fused multiply-adds; 0 if unknown.
inline double peak_flops() {
#if FIGMENT_X86
  if (figment::kernels::supported(figment::kernels::Isa::avx2)) {
    constexpr long n = 200000;
    std::vector<double> samples;
    for (int i = 0; i < 15; ++i) samples.push_back(time_calls([] { keep(detail::chains_avx2(n)); }, 1));
    return 12.0 * n * 8 * 2 / timing_of(samples).minimum;
  }
#endif
  return 0;
}

}  // namespace benchmarks

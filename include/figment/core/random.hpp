// Random numbers that are the same on every machine: Philox 4x32-10 (Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", 2011) and our own distributions over it.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "figment/core/parallel.hpp"
#include "figment/core/tensor.hpp"

namespace figment {

namespace detail {

using Bits128 = std::array<std::uint32_t, 4>;

/// The Philox 4x32-10 block function: 128 random bits from a 128-bit counter and a 64-bit key.
inline Bits128 philox(Bits128 c, std::uint64_t key) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0], p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
    k0 += 0x9E3779B9, k1 += 0xBB67AE85;
  }
  return c;
}

/// Uniform in [0, 1): 24 bits for float, 53 for double.
inline float unit(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }
inline double unit(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

/// Values of T in one block of 128 bits.
template <class T>
inline constexpr Index per_block = 16 / sizeof(T);

template <class T>
std::array<T, per_block<T>> uniforms(Bits128 b) {
  if constexpr (sizeof(T) == 4)
    return {unit(b[0]), unit(b[1]), unit(b[2]), unit(b[3])};
  else
    return {unit(b[0], b[1]), unit(b[2], b[3])};
}

/// Standard normals by Box and Muller (1958).
template <class T>
std::array<T, per_block<T>> normals(Bits128 b) {
  auto u = uniforms<T>(b);
  for (std::size_t i = 0; i < u.size(); i += 2) {
    const T radius = std::sqrt(T(-2) * std::log(T(1) - u[i]));  // 1 - u is in (0, 1]: never log(0)
    const T angle = 2 * std::numbers::pi_v<T> * u[i + 1];
    u[i] = radius * std::cos(angle), u[i + 1] = radius * std::sin(angle);
  }
  return u;
}

}  // namespace detail

/// A generator's whole state: equal states go on to equal numbers.
struct RngState {
  std::uint64_t seed = 0, stream = 0, counter = 0;
  friend bool operator==(const RngState&, const RngState&) = default;
};

/// Explicit, seedable, counter-based generator. A fill depends on the state alone, not on threads,
/// compilers or standard libraries.
class Rng {
 public:
  explicit Rng(std::uint64_t seed = 0) : state_{seed, 0, 0} {}
  explicit Rng(const RngState& state) : state_(state) {}

  const RngState& state() const { return state_; }

  /// An independent generator with the same seed: stream `id` of at most 2^64 - 1, each 2^64 blocks long.
  Rng stream(std::uint64_t id) const { return Rng(RngState{state_.seed, id, 0}); }

  std::uint32_t next_u32() { return block(state_.counter++)[0]; }
  /// Uniform in [0, 1), 53 bits.
  double uniform() {
    const auto b = block(state_.counter++);
    return detail::unit(b[0], b[1]);
  }
  double normal() { return detail::normals<double>(block(state_.counter++))[0]; }
  /// Uniform in 0 … n-1, for 1 <= n < 2^32, without bias (Lemire, 2019).
  Index below(Index n) {
    check(n >= 1 && n < (Index{1} << 32), "below: expected 1 to 2^32 - 1, found {}", n);
    const auto range = static_cast<std::uint32_t>(n);
    const std::uint32_t reject = (0u - range) % range;
    for (;;) {
      const std::uint64_t product = std::uint64_t{next_u32()} * range;
      if (static_cast<std::uint32_t>(product) >= reject) return static_cast<Index>(product >> 32);
    }
  }

  /// Uniform in [low, high); rounding may give `high` itself where low is not 0.
  template <class T = float>
  Tensor<T> uniform(const Shape& shape, T low = 0, T high = 1) {
    return fill(shape, Draw::uniform, low, high);
  }
  template <class T = float>
  Tensor<T> normal(const Shape& shape, T mean = 0, T deviation = 1) {
    return fill(shape, Draw::normal, mean, deviation);
  }
  /// 1 with probability p, else 0.
  template <class T = float>
  Tensor<T> bernoulli(const Shape& shape, T p) {
    return fill(shape, Draw::bernoulli, p, T(0));
  }
  /// 0 … n-1 in random order (Fisher and Yates).
  Indices permutation(Index n) {
    Indices order = Indices::arange(n);
    std::int32_t* p = order.mutable_data();
    for (Index i = n - 1; i > 0; --i) std::swap(p[i], p[below(i + 1)]);
    return order;
  }

 private:
  detail::Bits128 block(std::uint64_t counter) const {
    return detail::philox(
        {static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
         static_cast<std::uint32_t>(state_.stream), static_cast<std::uint32_t>(state_.stream >> 32)},
        state_.seed);
  }

  enum class Draw { uniform, normal, bernoulli };

  template <class T>
  Tensor<T> fill(const Shape& shape, Draw draw, T a, T b) {
    constexpr Index width = detail::per_block<T>;
    Tensor<T> t(shape);
    T* out = t.mutable_data();
    const Index n = t.size(), blocks = (n + width - 1) / width;
    parallel_for(blocks, 2048, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const auto bits = block(state_.counter + static_cast<std::uint64_t>(i));
        const auto values = draw == Draw::normal ? detail::normals<T>(bits) : detail::uniforms<T>(bits);
        for (Index j = 0; j < std::min(width, n - i * width); ++j) {
          const T v = values.data()[j];
          out[i * width + j] = draw == Draw::normal    ? a + b * v
                               : draw == Draw::uniform ? a + (b - a) * v
                                                       : T(v < a);
        }
      }
    });
    state_.counter += static_cast<std::uint64_t>(blocks);
    return t;
  }

  RngState state_;
};

}  // namespace figment

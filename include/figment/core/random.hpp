// Random numbers that are the same on every machine: Philox 4x32-10 (Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", 2011) and our own distributions over it.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "figment/core/finite.hpp"
#include "figment/core/map.hpp"
#include "figment/kernels/kernels.hpp"

namespace figment {

/// Seed, stream and position: all that a generator is.
using kernels::RngState;

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

/// Values of T in one block of 128 bits.
template <class T>
inline constexpr Index per_block = 16 / static_cast<Index>(sizeof(T));

/// Calls f(state, begin, end) over parts of n values of T that begin with a whole block, each with the state
/// that its first block has in a fill from `start`.
template <class T, class F>
void parallel_blocks(Index n, const RngState& start, F f) {
  constexpr Index width = per_block<T>, grain = 16384 / width;
  parallel_for((n + width - 1) / width, grain, [&](Index begin, Index end) {
    RngState state = start;
    state.counter += static_cast<std::uint64_t>(begin);
    f(state, begin * width, (std::min)(n, end * width));
  });
}

}  // namespace detail

/// Explicit, seedable, counter-based generator. A fill depends on the state alone: its bits are the same for
/// any number of threads and on every instruction set, compiler and standard library.
class Rng {
 public:
  /// The beginning of stream 0.
  explicit Rng(std::uint64_t seed = 0) : state_{seed, 0, 0} {}
  /// From where another generator was.
  explicit Rng(const RngState& state) : state_(state) {}

  /// What to save, to go on later.
  const RngState& state() const { return state_; }

  /// The beginning of stream `id` of the same seed, wherever this one is: each is independent of the others
  /// and 2^64 blocks long. Rng(seed) is stream 0.
  Rng stream(std::uint64_t id) const { return Rng(RngState{state_.seed, id, 0}); }

  /// 32 random bits.
  std::uint32_t next_u32() { return block(state_.counter++)[0]; }
  /// Uniform in [0, 1), 53 bits.
  double uniform() { return one(kernels::op::Uniform{0, 1}); }
  /// Of mean 0 and deviation 1.
  double normal() { return one(kernels::op::Normal{0, 1}); }
  /// Uniform in 0 … n-1, for 1 <= n < 2^32, without bias (Lemire, 2019).
  Index below(Index n) {
    ensure(n >= 1 && n < (Index{1} << 32), "below: expected 1 to 2^32 - 1, found {}", n);
    const auto range = static_cast<std::uint32_t>(n);
    const std::uint32_t reject = (0u - range) % range;
    for (;;) {
      const std::uint64_t product = std::uint64_t{next_u32()} * range;
      if (static_cast<std::uint32_t>(product) >= reject) return static_cast<Index>(product >> 32);
    }
  }

  /// Uniform in [low, high), of 24 random bits in float and 53 in double; rounding may give `high` itself
  /// where low is not 0.
  template <class T = float>
  Tensor<T> uniform(const Shape& shape, double low = 0, double high = 1) {
    return fill<T>(shape, kernels::op::Uniform{as<T>(low), as<T>(high) - as<T>(low)});
  }
  /// Of mean 0 and deviation 1 within 5.8 of it in float and 8.6 in double: the logarithm of the smallest
  /// uniform number.
  template <class T = float>
  Tensor<T> normal(const Shape& shape, double mean = 0, double deviation = 1) {
    return fill<T>(shape, kernels::op::Normal{as<T>(mean), as<T>(deviation)});
  }
  /// 1 with probability p, else 0.
  template <class T = float>
  Tensor<T> bernoulli(const Shape& shape, double p) {
    return fill<T>(shape, kernels::op::Bernoulli{as<T>(p)});
  }
  /// The same in the order of integers().
  template <class T = float>
  Tensor<T> bernoulli(double p, const Shape& shape) {
    return bernoulli<T>(shape, p);
  }
  /// Of each probability in p 1, else 0. Throws where one is not from 0 to 1.
  template <class T>
  Tensor<T> bernoulli(const Tensor<T>& p) {
    for (const T v : p.values()) ensure(v >= 0 && v <= 1, "bernoulli: {} is no probability", v);
    return detail::transform<T>(uniform<T>(p.shape()), p, "bernoulli", [](T u, T v) { return T(u < v); });
  }
  /// Uniform in low … high - 1, which Indices hold. Each is as likely as another to a part in 2^21 of it, at
  /// most: they are 53 random bits, scaled.
  Indices integers(Index low, Index high, const Shape& shape) {
    constexpr Index least = (std::numeric_limits<std::int32_t>::min)(),
                    most = (std::numeric_limits<std::int32_t>::max)();
    ensure(least <= low && low < high && high <= most + 1,
           "integers: expected low < high within 32 bits, found {} and {}", low, high);
    return detail::transform<std::int32_t>(
        uniform<double>(shape), [low, range = static_cast<double>(high - low)](double u) {
          return static_cast<std::int32_t>(low + static_cast<Index>(u * range));
        });
  }
  /// A class for each row of logits (…, classes) -> (…), with the probabilities softmax(row). Throws where
  /// these are none: of NaN, of infinity or of -inf alone. One number of 53 bits is drawn for each row.
  template <class T>
  Indices categorical(const Tensor<T>& logits) {
    ensure(logits.rank() >= 1 && logits.dim(-1) > 0,
           "categorical: expected logits (…, classes), found shape {}", logits.shape());
    const Index classes = logits.dim(-1);
    Indices drawn(Shape(std::span(logits.shape().begin(), logits.shape().end() - 1)));
    const Tensor<double> u = uniform<double>(drawn.shape());
    parallel_for(drawn.size(), 4096 / classes + 1,
                 [&, x = logits.data(), out = drawn.mutable_data()](Index begin, Index end) {
                   Tensor<double> sums(Shape{classes});
                   for (Index r = begin; r < end; ++r)
                     out[r] = draw_class(x + r * classes, classes, u.data()[r], sums.mutable_data(), r);
                 });
    return drawn;
  }
  /// 0 … n-1 in random order (Fisher and Yates).
  Indices permutation(Index n) {
    Indices order = Indices::arange(n);
    std::int32_t* p = order.mutable_data();
    for (Index i = n - 1; i > 0; --i) std::swap(p[i], p[below(i + 1)]);
    return order;
  }

  /// The state, which then moves on past a fill of n values of T: for operations that draw as they compute.
  template <class T>
  RngState reserve(Index n) {
    const RngState before = state_;
    state_.counter += static_cast<std::uint64_t>((n + detail::per_block<T> - 1) / detail::per_block<T>);
    return before;
  }

 private:
  /// The number as a T has it, which the bits of a fill depend on.
  template <class T>
  static double as(double v) {
    return static_cast<double>(static_cast<T>(v));
  }

  /// The class whose share of the line from 0 to 1 has u on it.
  template <class T>
  static std::int32_t draw_class(const T* x, Index classes, double u, double* sums, Index row) {
    const double largest = static_cast<double>(*std::max_element(x, x + classes));
    double total = 0;
    for (Index c = 0; c < classes; ++c) sums[c] = total += std::exp(static_cast<double>(x[c]) - largest);
    ensure(detail::is_finite(total), "categorical: the logits of row {} give no probabilities", row);
    return static_cast<std::int32_t>(std::upper_bound(sums, sums + classes, u * total) - sums);
  }

  detail::Bits128 block(std::uint64_t counter) const {
    return detail::philox(
        {static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32),
         static_cast<std::uint32_t>(state_.stream), static_cast<std::uint32_t>(state_.stream >> 32)},
        state_.seed);
  }

  template <class Op>
  double one(Op f) {
    double value;
    kernels::reference::random(f, reserve<double>(1), &value, 1);
    return value;
  }

  template <class T, class Op>
  Tensor<T> fill(const Shape& shape, Op f) {
    Tensor<T> t(shape);
    T* out = t.mutable_data();
    const RngState start = reserve<T>(t.size());
    detail::parallel_blocks<T>(t.size(), start, [&](const RngState& s, Index begin, Index end) {
      kernels::random(f, s, out + begin, end - begin);
    });
    return t;
  }

  RngState state_;
};

}  // namespace figment

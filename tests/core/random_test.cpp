// The generator against published vectors, its distributions against their moments and tails.
#include "figment/core/random.hpp"

#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/ulp.hpp"

using figment::Index;
using figment::Rng;
using figment::Tensor;
using figment::detail::Bits128;
using figment::detail::philox;

namespace {

// Seeds are fixed, so these tests cannot fail by chance: a bound of five standard errors is one that a right
// generator passes for all but one seed in a million, and that a wrong one misses by far.
constexpr Index count = 400000;
const double standard_error = 1 / std::sqrt(static_cast<double>(count));

struct Moments {
  double mean = 0, variance = 0, skewness = 0, kurtosis = 0;
};

template <class T>
Moments moments(const Tensor<T>& x) {
  const double n = static_cast<double>(x.size());
  Moments m;
  for (T v : x.values()) m.mean += static_cast<double>(v) / n;
  double third = 0, fourth = 0;
  for (T v : x.values()) {
    const double d = static_cast<double>(v) - m.mean;
    m.variance += d * d / n, third += d * d * d / n, fourth += d * d * d * d / n;
  }
  m.skewness = third / std::pow(m.variance, 1.5);
  m.kurtosis = fourth / (m.variance * m.variance);
  return m;
}

template <class T, class F>
double fraction(const Tensor<T>& x, F f) {
  return static_cast<double>(std::count_if(x.values().begin(), x.values().end(), f)) /
         static_cast<double>(x.size());
}

/// The correlation of neighbours.
template <class T>
double correlation(const Tensor<T>& x) {
  const Moments m = moments(x);
  double sum = 0;
  for (Index i = 1; i < x.size(); ++i)
    sum += (static_cast<double>(x.data()[i]) - m.mean) * (static_cast<double>(x.data()[i - 1]) - m.mean);
  return sum / (static_cast<double>(x.size() - 1) * m.variance);
}

/// Value i of a fill from `s`, uniform in [0, 1), by the block function.
template <class T>
double unit(const figment::RngState& s, Index i) {
  const auto per_block = static_cast<Index>(16 / sizeof(T));
  const std::uint64_t at = s.counter + static_cast<std::uint64_t>(i / per_block);
  const auto bits = philox({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at >> 32),
                            static_cast<std::uint32_t>(s.stream), static_cast<std::uint32_t>(s.stream >> 32)},
                           s.seed);
  const auto j = static_cast<std::size_t>(i % per_block);
  if constexpr (sizeof(T) == 4)
    return static_cast<double>(bits[j] >> 8) * 0x1p-24;
  else
    return static_cast<double>((std::uint64_t{bits[2 * j]} << 32 | bits[2 * j + 1]) >> 11) * 0x1p-53;
}

}  // namespace

// Random123's kat_vectors, philox4x32 with 10 rounds.
TEST_CASE("Philox gives its published vectors", "[core]") {
  CHECK(philox({0, 0, 0, 0}, 0) == Bits128{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  const std::uint32_t ones = 0xffffffff;
  CHECK(philox({ones, ones, ones, ones}, ~std::uint64_t{0}) ==
        Bits128{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0'a4093822) ==
        Bits128{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("the numbers of a seed never change", "[core]") {
  // The blocks of counters 0 and 1 under key 0: bits 0x6627e8d5, … as above, cut to 24.
  Rng rng(0);
  const auto u = rng.uniform({5});
  CHECK(u(0) == static_cast<float>(0x6627e8) * 0x1p-24f);
  CHECK(u(1) == static_cast<float>(0xe169c5) * 0x1p-24f);
  CHECK(u(3) == static_cast<float>(0x9b00db) * 0x1p-24f);
  CHECK(rng.state().counter == 2);  // five floats took two blocks
  CHECK(Rng(0).next_u32() == 0x6627e8d5);
  CHECK(Rng(0).uniform() == static_cast<double>(0x6627e8d5e169c58d >> 11) * 0x1p-53);
}

// Every length of tail, on every instruction set, beside the block function.
TEMPLATE_TEST_CASE("fills are made of the blocks of their counters", "[core][kernels]", float, double) {
  using T = TestType;
  const figment::RngState start{0x1234'5678'9abc'def0, 0xfedc'ba98'7654'3210, 0xffff'fffe};  // carries
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index n = 0; n < 70; ++n) {
      INFO(n << " values on " << name(isa));
      Rng rng(start);
      const auto x = rng.uniform<T>({n});
      for (Index i = 0; i < n; ++i) CHECK(static_cast<double>(x.data()[i]) == unit<T>(start, i));
      CHECK(rng.state().counter ==
            start.counter + static_cast<std::uint64_t>((n * Index{sizeof(T)} + 15) / 16));
    }
  }
}

// Box and Muller's formula in long double. Measured: 3.2 units in the last place in float, 3.1 in double; cos
// and sin of turns keep their relative accuracy down to 0.
TEMPLATE_TEST_CASE("normal numbers are Box and Muller's of the uniform ones", "[core][kernels]", float,
                   double) {
  using T = TestType;
  const figment::RngState start{3, 1, 4};
  Rng rng(start);
  const auto x = rng.normal<T>({count});
  double worst = 0;
  for (Index i = 0; i < count; i += 2) {
    const long double radius = std::sqrt(-2 * std::log(1 - static_cast<long double>(unit<T>(start, i))));
    // Seen from the nearest quarter, where sin is exact near 0.
    const long double v = 4 * static_cast<long double>(unit<T>(start, i + 1)), quarter = std::round(v);
    const long double angle = (v - quarter) * std::acos(0.0L), c = std::cos(angle), s = std::sin(angle);
    const long double cosines[] = {c, -s, -c, s, c}, sines[] = {s, c, -s, -c, s};
    const auto q = static_cast<std::size_t>(quarter);
    worst = std::max(worst, test::ulps(x.data()[i], radius * cosines[q]));
    worst = std::max(worst, test::ulps(x.data()[i + 1], radius * sines[q]));
  }
  CHECK(worst <= 3.5);
}

TEMPLATE_TEST_CASE("fills have the same bits on every instruction set", "[core][kernels]", float, double) {
  using T = TestType;
  const auto fills = [](auto isa) {
    test::IsaScope scope(isa);
    Rng rng(12);
    const auto uniform = rng.uniform<T>({100003}, T(-0.3), T(0.7));
    const auto normal = rng.normal<T>({100003}, T(0.1), T(3));
    return std::tuple(uniform, normal, rng.bernoulli<T>({100003}, T(0.3)),
                      Tensor<double>::scalar(rng.normal()));
  };
  const auto reference = fills(figment::kernels::Isa::reference);
  for (auto isa : test::supported_isas()) {
    INFO("on " << name(isa));
    const auto found = fills(isa);
    CHECK(test::bit_difference(std::get<0>(found), std::get<0>(reference)) == "");
    CHECK(test::bit_difference(std::get<1>(found), std::get<1>(reference)) == "");
    CHECK(test::bit_difference(std::get<2>(found), std::get<2>(reference)) == "");
    CHECK(test::bit_difference(std::get<3>(found), std::get<3>(reference)) == "");
  }
}

TEMPLATE_TEST_CASE("uniform numbers fill the unit interval evenly", "[core]", float, double) {
  Rng rng(1);
  const auto x = rng.uniform<TestType>({count});
  const Moments m = moments(x);
  CHECK_THAT(m.mean, WithinAbs(0.5, 5 * standard_error * std::sqrt(1 / 12.0)));
  CHECK_THAT(m.variance, WithinAbs(1 / 12.0, 5 * standard_error * std::sqrt(1 / 180.0)));
  CHECK_THAT(correlation(x), WithinAbs(0, 5 * standard_error));
  CHECK(*std::min_element(x.values().begin(), x.values().end()) >= 0);
  CHECK(*std::max_element(x.values().begin(), x.values().end()) < 1);
  for (int k = 0; k < 16; ++k)  // each sixteenth has its share
    CHECK_THAT(fraction(x, [k](TestType v) { return v >= TestType(k) / 16 && v < TestType(k + 1) / 16; }),
               WithinAbs(1 / 16.0, 5 * standard_error * std::sqrt(15.0 / 256)));
  const auto scaled = rng.uniform<TestType>({1000}, -3, 5);
  CHECK(*std::min_element(scaled.values().begin(), scaled.values().end()) >= -3);
  CHECK(*std::max_element(scaled.values().begin(), scaled.values().end()) <= 5);
  CHECK_THAT(moments(scaled).mean, WithinAbs(1, 5 * 8 / std::sqrt(12000.0)));
}

TEMPLATE_TEST_CASE("normal numbers have the moments and tails of the bell", "[core]", float, double) {
  Rng rng(2);
  const auto x = rng.normal<TestType>({count});
  const Moments m = moments(x);
  CHECK_THAT(m.mean, WithinAbs(0, 5 * standard_error));
  CHECK_THAT(m.variance, WithinAbs(1, 5 * standard_error * std::sqrt(2.0)));
  CHECK_THAT(m.skewness, WithinAbs(0, 5 * standard_error * std::sqrt(6.0)));
  CHECK_THAT(m.kurtosis, WithinAbs(3, 5 * standard_error * std::sqrt(24.0)));
  CHECK_THAT(correlation(x), WithinAbs(0, 5 * standard_error));  // the two of a pair, too
  for (double z : {1.0, 2.0, 3.0, 4.0}) {
    const double tail = std::erfc(z / std::sqrt(2.0)) / 2;
    const double bound = 5 * standard_error * std::sqrt(tail);
    CHECK_THAT(fraction(x, [z](TestType v) { return v > TestType(z); }), WithinAbs(tail, bound));
    CHECK_THAT(fraction(x, [z](TestType v) { return v < TestType(-z); }), WithinAbs(tail, bound));
  }
  const auto moved = rng.normal<TestType>({count}, 10, 2);
  CHECK_THAT(moments(moved).mean, WithinAbs(10, 10 * standard_error));
  CHECK_THAT(moments(moved).variance, WithinAbs(4, 20 * standard_error * std::sqrt(2.0)));
}

TEST_CASE("single draws come from the same distributions", "[core]") {
  Rng rng(3);
  Tensor<double> u({20000}), z({20000});
  for (Index i = 0; i < 20000; ++i) u.set({i}, rng.uniform()), z.set({i}, rng.normal());
  const double error = 5 / std::sqrt(20000.0);
  CHECK_THAT(moments(u).mean, WithinAbs(0.5, error * std::sqrt(1 / 12.0)));
  CHECK_THAT(moments(z).mean, WithinAbs(0, error));
  CHECK_THAT(moments(z).variance, WithinAbs(1, error * std::sqrt(2.0)));
}

TEST_CASE("Bernoulli numbers are 1 as often as asked", "[core]") {
  Rng rng(4);
  for (double p : {0.0, 0.1, 0.5, 1.0}) {
    const auto x = rng.bernoulli<double>({count}, p);
    CHECK_THAT(fraction(x, [](double v) { return v == 1; }),
               WithinAbs(p, 5 * standard_error * std::sqrt(p * (1 - p))));
    CHECK(fraction(x, [](double v) { return v == 0 || v == 1; }) == 1);
  }
}

TEST_CASE("Bernoulli numbers of a tensor are 1 as often as each says", "[core]") {
  Rng rng(14);
  Tensor<float> p({count});
  for (Index i = 0; i < count; ++i) p.mutable_data()[i] = static_cast<float>(i % 5) * 0.25f;
  const auto x = rng.bernoulli(p);
  for (Index k = 0; k < 5; ++k) {
    double ones = 0;
    for (Index i = k; i < count; i += 5) ones += static_cast<double>(x.data()[i]);
    const double of = 0.25 * static_cast<double>(k);
    CHECK_THAT(ones / (static_cast<double>(count) / 5),
               WithinAbs(of, 5 * standard_error * std::sqrt(5 * of * (1 - of))));
  }
  CHECK(test::bit_difference(Rng(3).bernoulli(0.3, {100}), Rng(3).bernoulli({100}, 0.3)) == "");
  CHECK(test::error_of([&] {
          rng.bernoulli(Tensor<float>({2}, {0.5f, 1.5f}));
        }) == "bernoulli: 1.5 is no probability");
}

TEST_CASE("integers are uniform between their bounds", "[core]") {
  Rng rng(15);
  const auto x = rng.integers(-3, 4, {count / 4, 4});
  CHECK(x.shape() == figment::Shape{count / 4, 4});
  std::vector<double> seen(7, 0);
  for (const std::int32_t v : x.values()) {
    REQUIRE((v >= -3 && v < 4));
    ++seen[static_cast<std::size_t>(v + 3)];
  }
  double chi_square = 0;
  const double expected = static_cast<double>(count) / 7;
  for (double s : seen) chi_square += (s - expected) * (s - expected) / expected;
  CHECK(chi_square <= 6 + 5 * std::sqrt(12.0));
  CHECK(rng.integers(5, 6, {3})(2) == 5);
  const Index least = std::numeric_limits<std::int32_t>::min(),
              most = std::numeric_limits<std::int32_t>::max();
  const auto all = rng.integers(least, most + 1, {count});  // half of them negative, any last bit
  CHECK_THAT(fraction(all, [](std::int32_t v) { return v < 0; }), WithinAbs(0.5, 2.5 * standard_error));
  CHECK_THAT(fraction(all, [](std::int32_t v) { return v % 2 == 0; }), WithinAbs(0.5, 2.5 * standard_error));
  CHECK(test::error_of([&] { rng.integers(2, 2, {1}); }) ==
        "integers: expected low < high within 32 bits, found 2 and 2");
  CHECK(test::error_of([&] { rng.integers(0, most + 2, {1}); }) ==
        "integers: expected low < high within 32 bits, found 0 and 2147483649");
}

TEST_CASE("classes are drawn with the probabilities of their logits", "[core]") {
  Rng rng(16);
  const double inf = std::numeric_limits<double>::infinity();
  const double chances[] = {0.5, 0.125, 0, 0.375};
  const Index rows = 100000;
  Tensor<float> logits({rows / 10, 10, 4});
  for (Index i = 0; i < logits.size(); ++i)  // any constant may be added to a row's logarithms
    logits.mutable_data()[i] =
        static_cast<float>(std::log(chances[i % 4]) + static_cast<double>(i / 4 % 7) * 100);
  const auto classes = rng.categorical(logits);
  CHECK(classes.shape() == figment::Shape{rows / 10, 10});
  for (int k = 0; k < 4; ++k)
    CHECK_THAT(
        fraction(classes, [k](std::int32_t c) { return c == k; }),
        WithinAbs(chances[k], 5 * std::sqrt(chances[k] * (1 - chances[k]) / static_cast<double>(rows))));
  CHECK(rng.categorical(Tensor<double>({3}, {-inf, 5, -inf})).item() == 1);
  CHECK(rng.categorical(Tensor<double>::zeros({0, 3})).size() == 0);
  for (const double bad : {inf, -inf, std::nan("")})
    CHECK(test::error_of([&] {
            rng.categorical(Tensor<double>::full({1, 2}, bad));
          }) == "categorical: the logits of row 0 give no probabilities");
  CHECK(test::error_of([&] {
          rng.categorical(Tensor<float>::zeros({2, 0}));
        }) == "categorical: expected logits (…, classes), found shape (2, 0)");
}

TEST_CASE("below is uniform and stays below", "[core]") {
  Rng rng(5);
  for (Index n : {1, 2, 7, 10}) {
    std::vector<double> seen(static_cast<std::size_t>(n), 0);
    for (int i = 0; i < 100000; ++i) {
      const Index k = rng.below(n);
      REQUIRE((k >= 0 && k < n));
      ++seen[static_cast<std::size_t>(k)];
    }
    double chi_square = 0;
    const double expected = 100000.0 / static_cast<double>(n);
    for (double s : seen) chi_square += (s - expected) * (s - expected) / expected;
    // Mean n - 1, variance 2 (n - 1).
    CHECK(chi_square <= static_cast<double>(n - 1) + 5 * std::sqrt(2.0 * static_cast<double>(n - 1)));
  }
  // 3 * 2^30 divides 2^32 badly: without rejection the first third would come up half the time.
  const Index n = Index{3} << 30;
  int low = 0;
  for (int i = 0; i < 30000; ++i) low += rng.below(n) < n / 3;
  CHECK_THAT(low / 30000.0, WithinAbs(1 / 3.0, 5 * std::sqrt(2.0 / 9 / 30000)));
  CHECK(test::error_of([&] { rng.below(0); }) == "below: expected 1 to 2^32 - 1, found 0");
  CHECK(test::error_of([&] { rng.below(Index{1} << 32); }) ==
        "below: expected 1 to 2^32 - 1, found 4294967296");
}

TEST_CASE("a permutation has every position once, and any order is as likely", "[core]") {
  Rng rng(6);
  const auto p = rng.permutation(1000);
  std::vector<std::int32_t> sorted(p.values().begin(), p.values().end());
  CHECK_FALSE(std::is_sorted(sorted.begin(), sorted.end()));
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) REQUIRE(sorted[i] == static_cast<std::int32_t>(i));
  CHECK(rng.permutation(0).size() == 0);
  CHECK(rng.permutation(1)(0) == 0);

  std::vector<double> seen(6, 0);  // the orders of three, numbered
  for (int i = 0; i < 60000; ++i) {
    const auto q = rng.permutation(3);
    ++seen[static_cast<std::size_t>(q(0) * 2 + (q(1) > q(2)))];
  }
  double chi_square = 0;
  for (double s : seen) chi_square += (s - 10000) * (s - 10000) / 10000;
  CHECK(chi_square < 5 + 5 * std::sqrt(10.0));
}

TEST_CASE("seeds and streams are independent", "[core]") {
  Rng a(7), b(8), s1 = a.stream(1), s2 = a.stream(2);
  const auto xa = a.uniform<double>({count}), xb = b.uniform<double>({count});
  const auto x1 = s1.uniform<double>({count}), x2 = s2.uniform<double>({count});
  const auto correlated = [](const Tensor<double>& x, const Tensor<double>& y) {
    double sum = 0;
    for (Index i = 0; i < x.size(); ++i) sum += (x.data()[i] - 0.5) * (y.data()[i] - 0.5) * 12;
    return sum / static_cast<double>(x.size());
  };
  for (double r : {correlated(xa, xb), correlated(xa, x1), correlated(x1, x2)})
    CHECK_THAT(r, WithinAbs(0, 5 * standard_error));
  CHECK(test::bit_difference(xa, Rng(7).uniform<double>({count})) == "");
}

TEST_CASE("a saved state goes on with the same numbers", "[core]") {
  Rng rng(9);
  rng.normal({33});
  rng.below(5);
  Rng restored(rng.state());
  CHECK(restored.state() == rng.state());
  CHECK(test::bit_difference(rng.normal({100}), restored.normal({100})) == "");
  CHECK(rng.next_u32() == restored.next_u32());
  CHECK(restored.state() == rng.state());
}

TEST_CASE("fills are the same for any number of threads", "[core]") {
  const auto fills = [](int threads) {
    test::ThreadScope scope(threads);
    Rng rng(10);
    return std::tuple(rng.normal({100003}), rng.uniform<double>({50001}), rng.bernoulli<float>({70001}, 0.3f),
                      rng.integers(-9, 99, {70001}), rng.categorical(rng.normal({9001, 11})));
  };
  const auto one = fills(1);
  for (int threads : {2, 3}) {
    const auto many = fills(threads);
    CHECK(test::bit_difference(std::get<0>(one), std::get<0>(many)) == "");
    CHECK(test::bit_difference(std::get<1>(one), std::get<1>(many)) == "");
    CHECK(test::bit_difference(std::get<2>(one), std::get<2>(many)) == "");
    CHECK(test::bit_difference(std::get<3>(one), std::get<3>(many)) == "");
    CHECK(test::bit_difference(std::get<4>(one), std::get<4>(many)) == "");
  }
}

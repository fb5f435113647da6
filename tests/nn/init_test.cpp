// Initial weights: limits and variances against their formulas.
#include "figment/nn/init.hpp"

#include "figment/core/random.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using namespace figment;

namespace {

struct Moments {
  double mean = 0, variance = 0, fourth = 0, low = 0, high = 0;
};

constexpr Index in = 400, out = 250, count = in * out;

template <class T>
Tensor<T> draw(const Initializer& initializer, std::uint64_t seed = 1) {
  Rng rng(seed);
  return initializer.make<T>({in, out}, {in, out}, rng);
}

Moments moments(const Initializer& initializer) {
  const auto w = draw<double>(initializer);
  Moments m;
  for (double v : w.values()) m.mean += v / count;
  for (double v : w.values()) {
    m.variance += (v - m.mean) * (v - m.mean) / count;
    m.fourth += std::pow(v - m.mean, 4) / count;
    m.low = std::min(m.low, v), m.high = std::max(m.high, v);
  }
  return m;
}

// The mean of n draws has the deviation sqrt(variance / n), the variance about sqrt((kurtosis - 1) / n) of
// itself: 0.9 for a uniform, 1.4 for a normal, over sqrt(100000) = 316. Five of each.
void check_uniform(const Initializer& initializer, double low, double high) {
  const Moments m = moments(initializer);
  const double variance = (high - low) * (high - low) / 12;
  CHECK_THAT(m.mean, WithinAbs((low + high) / 2, 5 * std::sqrt(variance / count)));
  CHECK_THAT(m.variance, WithinRel(variance, 5 * 0.9 / 316));
  CHECK_THAT(m.fourth / (m.variance * m.variance), WithinAbs(1.8, 0.05));  // the uniform's kurtosis
  CHECK((m.low >= low && m.high < high));
  // P(none of 100000 in the outer 1/5000 of the range) = e^-20.
  CHECK(m.low < low + (high - low) / 5000);
  CHECK(m.high > high - (high - low) / 5000);
}

void check_normal(const Initializer& initializer, double mean, double variance) {
  const Moments m = moments(initializer);
  CHECK_THAT(m.mean, WithinAbs(mean, 5 * std::sqrt(variance / count)));
  CHECK_THAT(m.variance, WithinRel(variance, 5 * 1.5 / 316));
  // The normal's kurtosis; that of a sample has the deviation sqrt(24 / n) = 0.015. Truncated at two
  // deviations, as Keras does, it would be 2.1.
  CHECK_THAT(m.fourth / (m.variance * m.variance), WithinAbs(3, 5 * 0.016));
}

}  // namespace

TEST_CASE("uniform initialisers keep their limits", "[nn]") {
  const auto check = [](const Initializer& initializer, double limit) {
    check_uniform(initializer, -limit, limit);
  };
  check(init::glorot_uniform(), std::sqrt(6.0 / (in + out)));
  check(init::he_uniform(), std::sqrt(6.0 / in));
  check(init::lecun_uniform(), std::sqrt(3.0 / in));
  check_uniform(init::uniform(-0.25, 0.75), -0.25, 0.75);
}

TEST_CASE("normal initialisers have their variance", "[nn]") {
  check_normal(init::glorot_normal(), 0, 2.0 / (in + out));
  check_normal(init::he_normal(), 0, 2.0 / in);
  check_normal(init::lecun_normal(), 0, 1.0 / in);
  check_normal(init::normal(0.5, 0.02), 0.5, 0.02 * 0.02);
}

TEST_CASE("constant initialisers", "[nn]") {
  CHECK(test::bit_difference(draw<float>(init::zeros()), Tensor<float>::zeros({in, out})) == "");
  CHECK(test::bit_difference(draw<float>(init::constant(-1.5)), Tensor<float>::full({in, out}, -1.5f)) == "");
}

TEST_CASE("initial values are parameters, the same in float and double, new for each seed", "[nn]") {
  for (const Initializer& i : {init::glorot_uniform(), init::he_normal(), init::normal(0, 0.1)}) {
    CHECK(draw<float>(i).tracked());
    CHECK(test::bit_difference(draw<float>(i), cast<float>(draw<double>(i))) == "");
    CHECK(test::bit_difference(draw<float>(i, 1), draw<float>(i, 2)) != "");
  }
}

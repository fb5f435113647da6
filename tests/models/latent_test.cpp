// Grids over a latent space, lines and arcs through it, noise beyond it.
#include "figment/models/latent.hpp"

#include "figment/ops/arithmetic.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::error_of;

TEST_CASE("normal quantiles are the known ones", "[models]") {
  // From tables of the normal distribution, to 16 digits; bisection ends at neighbouring doubles, where erfc
  // is right to a few units of its last place.
  CHECK_THAT(normal_quantile(0.975), WithinRel(1.959963984540054, 1e-14));
  CHECK_THAT(normal_quantile(0.95), WithinRel(1.6448536269514722, 1e-14));
  CHECK_THAT(normal_quantile(0.995), WithinRel(2.5758293035489004, 1e-14));
  CHECK_THAT(normal_quantile(0.8413447460685429), WithinRel(1, 1e-14));
  CHECK_THAT(normal_quantile(0.5), WithinAbs(0, 1e-15));
  CHECK_THAT(normal_quantile(0.05), WithinRel(-1.6448536269514722, 1e-14));
  CHECK_THAT(normal_quantile(1e-10), WithinRel(-6.361340902404056, 1e-13));
  CHECK_THAT(normal_quantile(1e-300), WithinRel(-37.0471, 1e-5));
  CHECK(error_of([] { normal_quantile(0); }) ==
        "normal_quantile: expected a probability between 0 and 1, found 0");
  CHECK(error_of([] { normal_quantile(1); }) ==
        "normal_quantile: expected a probability between 0 and 1, found 1");
  CHECK_THROWS_AS(normal_quantile(std::nan("")), Error);
}

TEST_CASE("a latent grid grows to the right and upwards, in equal steps of probability", "[models]") {
  const auto z = latent_grid<double>(5);
  REQUIRE(z.shape() == Shape{25, 2});
  const auto at = [&](Index row, Index column) {
    return std::pair(z(row * 5 + column, 0), z(row * 5 + column, 1));
  };
  const double edge = normal_quantile(0.95), half = normal_quantile(0.725);  // halfway from 0.5 to 0.95
  const auto check = [&](Index row, Index column, double right, double up) {
    INFO("row " << row << ", column " << column);
    // 1 - p and p round apart: symmetric only to a few units.
    CHECK_THAT(at(row, column).first, WithinAbs(right, 1e-14));
    CHECK_THAT(at(row, column).second, WithinAbs(up, 1e-14));
  };
  check(0, 0, -edge, edge);
  check(0, 4, edge, edge);
  check(4, 0, -edge, -edge);
  check(4, 4, edge, -edge);
  check(2, 2, 0, 0);
  check(1, 3, half, half);
  check(3, 0, -edge, -half);

  CHECK_THAT(latent_grid<double>(3, 0.25)(0, 1), WithinRel(normal_quantile(0.75), 1e-14));
  CHECK(latent_grid(15).shape() == Shape{225, 2});
  CHECK(error_of([] { latent_grid(1); }) == "latent_grid: expected 2 or more codes a side, found 1");
  CHECK_THROWS_AS(latent_grid(3, 0), Error);  // infinite at the edge
}

TEST_CASE("slerp turns by equal angles and keeps the length", "[models]") {
  const double length = 3;
  const Tensor<double> a({1, 3}, {length, 0, 0}), b({1, 3}, {0, 0, length});
  const auto arc = slerp(a, b, 7);
  REQUIRE(arc.shape() == Shape{7, 3});
  for (Index i = 0; i < 7; ++i) {
    const double angle = std::numbers::pi / 2 * static_cast<double>(i) / 6;
    INFO("code " << i);
    CHECK_THAT(arc(i, 0), WithinAbs(length * std::cos(angle), 1e-15 * 4));  // a few roundings of numbers to 3
    CHECK(arc(i, 1) == 0);
    CHECK_THAT(arc(i, 2), WithinAbs(length * std::sin(angle), 1e-15 * 4));
  }
  CHECK(arc(0, 0) == length);  // the ends are the codes themselves
  CHECK(arc(6, 2) == length);
  CHECK(arc(6, 0) == 0);

  // By the paper's formula, with codes of different lengths at an angle that is not right.
  Rng rng(5);
  const auto p = rng.normal<double>({1, 4, 5}), q = affine(rng.normal<double>({1, 4, 5}), 2, 0);
  double pq = 0, pp = 0, qq = 0;
  for (Index k = 0; k < 20; ++k) {
    pq += p.data()[k] * q.data()[k];
    pp += p.data()[k] * p.data()[k];
    qq += q.data()[k] * q.data()[k];
  }
  const double angle = std::acos(pq / std::sqrt(pp * qq));
  const auto path = slerp(p, q, 5);
  REQUIRE(path.shape() == Shape{5, 4, 5});
  for (Index i = 0; i < 5; ++i)
    for (Index k = 0; k < 20; ++k) {
      const double t = static_cast<double>(i) / 4;
      const double expected =
          (std::sin((1 - t) * angle) * p.data()[k] + std::sin(t * angle) * q.data()[k]) / std::sin(angle);
      CHECK_THAT(path.data()[i * 20 + k], WithinAbs(expected, 1e-14));
    }
  CHECK(slerp(Tensor<float>({1, 2}, {1, 0}), Tensor<float>({1, 2}, {0, 1}), 3)(1, 0) == std::sqrt(0.5f));
}

TEST_CASE("slerp is straight where there is no arc", "[models]") {
  const auto same = [](const Tensor<double>& a, const Tensor<double>& b) {
    const auto straight = interpolate(a, b, 5), arc = slerp(a, b, 5);
    return std::equal(arc.values().begin(), arc.values().end(), straight.values().begin());
  };
  const Tensor<double> a({1, 2}, {1, 2}), zero({1, 2}, {0, 0});
  CHECK(same(a, a));
  CHECK(same(a, Tensor<double>({1, 2}, {3, 6})));         // parallel
  CHECK(same(a, Tensor<double>({1, 2}, {1, 2 + 1e-7})));  // nearly: an angle of 4e-8
  CHECK(same(a, Tensor<double>({1, 2}, {-2, -4})));       // opposite
  CHECK(same(zero, a));
  CHECK(same(zero, zero));
  CHECK_FALSE(same(a, Tensor<double>({1, 2}, {1, 2 + 1e-4})));
  // Just past the limit the arc is as good as straight: nothing jumps there, and nothing is divided by zero.
  const Tensor<double> near({1, 2}, {1, 2 + 5e-6});
  const auto straight = interpolate(a, near, 5), arc = slerp(a, near, 5);
  for (Index i = 0; i < 10; ++i) CHECK_THAT(arc.data()[i], WithinAbs(straight.data()[i], 1e-10));
  CHECK(error_of([&] { slerp(a, a, 1); }) == "slerp: expected 2 or more codes, found 1");
  CHECK(error_of([&] {
          slerp(a, Tensor<double>({1, 3}, {1, 2, 3}), 3);
        }) == "slerp: expected two codes (1, …) of one shape, found (1, 2) and (1, 3)");
}

TEST_CASE("spread noise has each dimension's own mean and deviation", "[models]") {
  constexpr Index n = 40000, latent = 5;
  for (const auto& [s_m, s_s] : {std::pair{1.0, 1.0}, {-5.0, 1.0}, {1.0, 10.0}}) {
    Rng rng(3);
    const auto z = spread_noise<double>(n, latent, s_m, s_s, rng);
    REQUIRE(z.shape() == Shape{n, latent});
    for (Index k = 0; k < latent; ++k) {
      double sum = 0, squares = 0;
      for (Index i = 0; i < n; ++i) sum += z(i, k), squares += z(i, k) * z(i, k);
      const double place = -1 + 0.5 * static_cast<double>(k), mean = sum / n;
      const double deviation = std::abs(s_s * place);
      INFO("scales " << s_m << " and " << s_s << ", dimension " << k);
      // Five standard errors: deviation / sqrt(n), and deviation / sqrt(2 n) of the deviation.
      CHECK_THAT(mean, WithinAbs(s_m * place, 5 * deviation / 200));
      CHECK_THAT(std::sqrt(std::max(0.0, squares / n - mean * mean)),
                 WithinAbs(deviation, 5 * deviation / 282 + 1e-12));
    }
  }
  // mean + deviation N(0, 1) of the generator's numbers in their order, the first dimension's mirrored.
  Rng a(7), b(7);
  const auto z = spread_noise(3, 100, 5, 2, a), plain = b.normal({3, 100});
  for (Index i = 0; i < 3; ++i) {
    CHECK_THAT(z(i, 0), WithinRel(-5 - 2 * plain(i, 0), 1e-6f));
    CHECK_THAT(z(i, 99), WithinRel(5 + 2 * plain(i, 99), 1e-6f));
  }
  CHECK(error_of([&] { spread_noise(3, 1, 1, 1, a); }) ==
        "spread_noise: expected codes of 2 or more dimensions, found 3 of 1");
}

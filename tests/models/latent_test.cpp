// Grids over a latent space.
#include "figment/models/latent.hpp"

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

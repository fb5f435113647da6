// Axes: round numbers, few of them, whatever the range.
#include "figment/io/axis.hpp"

#include <limits>
#include <set>

#include "support/catch.hpp"

using figment::io::detail::Axis;

namespace {

Axis around(std::initializer_list<double> values, bool log = false, bool whole = false) {
  Axis axis(log, whole);
  for (double v : values) axis.include(v);
  axis.pad(0);
  return axis;
}

std::string labels(const Axis& axis, figment::Index count) {
  std::string s;
  for (const auto& tick : axis.ticks(count)) s += (s.empty() ? "" : " ") + tick.label;
  return s;
}

}  // namespace

TEST_CASE("ticks are round numbers", "[axis]") {
  CHECK(labels(around({0, 10}), 5) == "0 2 4 6 8 10");
  CHECK(labels(around({-1, 1}), 4) == "-1.0 -0.5 0 0.5 1.0");
  CHECK(labels(around({1, 40}), 8) == "5 10 15 20 25 30 35 40");
  CHECK(labels(around({0.0012, 0.0047}), 4) == "0.002 0.003 0.004");
  CHECK(labels(around({0, 3e7}), 3) == "0 1e+07 2e+07 3e+07");
  CHECK(labels(around({1000000, 1000004}), 4) ==
        "1.000000e+06 1.000001e+06 1.000002e+06 1.000003e+06 1.000004e+06");
  CHECK(labels(around({0.01, 1000}, true), 6) == "0.01 0.1 1 10 100 1000");
  CHECK(labels(around({1, 30}, true), 6) == "1 2 5 10 20");
  CHECK(labels(around({1e-20, 1}, true), 4) == "1e-20 1e-15 1e-10 1e-05 1");
}

TEST_CASE("what is counted has whole numbers on its axis", "[axis]") {
  CHECK(labels(around({1, 3}), 8) == "1.0 1.5 2.0 2.5 3.0");
  for (figment::Index count = 2; count <= 10; ++count)
    for (const bool log : {false, true}) {
      CHECK(labels(around({1}, log, true), count) == (log ? "1 2" : "1"));
      CHECK(labels(around({1, 2}, log, true), count) == "1 2");
      for (double end : {3, 4, 7, 11, 60, 1000})
        CHECK(labels(around({1, end}, log, true), count).find('.') == std::string::npos);
    }
  CHECK(labels(around({1, 3}, false, true), 8) == "1 2 3");
  CHECK(labels(around({1, 8}, false, true), 8) == "1 2 3 4 5 6 7 8");
  CHECK(labels(around({1, 40}, false, true), 8) == "5 10 15 20 25 30 35 40");
}

TEST_CASE("positions run from 0 to 1, by logarithms if asked", "[axis]") {
  const Axis linear = around({2, 6}), log = around({1, 10000}, true);
  CHECK(linear.position(2) == 0);
  CHECK(linear.position(3) == 0.25);
  CHECK(linear.position(6) == 1);
  CHECK_THAT(log.position(100), WithinAbs(0.5, 1e-12));
  CHECK(linear.ticks(4)[1].position == 0.25);
  Axis padded(false);
  padded.include(-1), padded.include(1);
  padded.pad(0.5);
  CHECK(padded.position(-2) == 0);
  CHECK(padded.position(2) == 1);
}

TEST_CASE("odd ranges still make an axis", "[axis]") {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const double big = std::numeric_limits<double>::max(), tiny = std::numeric_limits<double>::denorm_min();
  const std::vector<std::vector<double>> ranges = {{},
                                                   {0},
                                                   {5},
                                                   {nan, inf, -inf},
                                                   {-big, big},
                                                   {tiny},
                                                   {0, tiny},
                                                   {1e299},
                                                   {-9e299, 9e299},
                                                   {1, 1 + 1e-15},
                                                   {1e16, 1e16 + 2},
                                                   {-3},
                                                   {-5, -1},
                                                   {1e-12, 2e-12}};
  for (const auto& values : ranges)
    for (const bool log : {false, true}) {
      Axis axis(log);
      for (double v : values) axis.include(v);
      axis.pad(0.05);
      const auto ticks = axis.ticks(6);
      CHECK(ticks.size() >= 2);
      CHECK(ticks.size() <= 13);
      std::set<std::string> distinct;
      for (const auto& t : ticks) {
        CHECK((t.position >= -1e-6 && t.position <= 1 + 1e-6));
        distinct.insert(t.label);
      }
      CHECK(distinct.size() == ticks.size());
      for (double v : values)
        if (axis.shows(v)) CHECK((axis.position(v) >= 0 && axis.position(v) <= 1));
    }
}

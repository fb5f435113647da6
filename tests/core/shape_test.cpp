// Shapes, their text, and the rules of broadcasting.
#include "figment/core/shape.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"

using figment::broadcast;
using figment::Index;
using figment::Shape;
using figment::to_string;
using test::error_of;

TEST_CASE("a shape knows its extents and its size", "[core]") {
  const Shape s{2, 3, 4};
  CHECK(s.rank() == 3);
  CHECK(s.size() == 24);
  CHECK((s[0] == 2 && s[2] == 4 && s[-1] == 4 && s[-3] == 2));
  CHECK(s.axis(-1) == 2);
  CHECK(Shape{}.rank() == 0);
  CHECK(Shape{}.size() == 1);
  CHECK(Shape{0, 3}.size() == 0);
  CHECK(s == Shape{2, 3, 4});
  CHECK_FALSE(s == Shape{2, 3});
  CHECK_FALSE(s == Shape{2, 3, 5});
}

TEST_CASE("shapes print as Python's tuples", "[core]") {
  CHECK(to_string(Shape{}) == "()");
  CHECK(to_string(Shape{3}) == "(3,)");
  CHECK(to_string(Shape{2, 3}) == "(2, 3)");
}

TEST_CASE("wrong shapes say what is wrong", "[core]") {
  CHECK(error_of([] { Shape{2, -1}; }) == "shape: dimension 1 is -1, expected 0 or more");
  CHECK(error_of([] { Shape{1, 1, 1, 1, 1, 1, 1}; }) == "shape: 7 dimensions, at most 6 are supported");
  CHECK(error_of([] { Shape({2, 3})[2]; }) == "shape: axis 2 is out of range for shape (2, 3)");
  CHECK(error_of([] { Shape({2, 3})[-3]; }) == "shape: axis -3 is out of range for shape (2, 3)");
  CHECK(error_of([] { Shape{}.axis(0); }) == "shape: axis 0 is out of range for shape ()");
  Shape s{1, 1, 1, 1, 1, 1};
  CHECK(error_of([&] { s.push_back(1); }) == "shape: more than 6 dimensions");
  Shape t{2};
  CHECK(error_of([&] { t.push_back(-3); }) == "shape: dimension 1 is -3, expected 0 or more");
  CHECK(t == Shape{2});
}

TEST_CASE("broadcasting aligns the last dimension and stretches ones", "[core]") {
  CHECK(broadcast({3, 1}, {4}, "f") == Shape{3, 4});
  CHECK(broadcast({2, 1, 3}, {5, 1}, "f") == Shape{2, 5, 3});
  CHECK(broadcast({}, {2, 3}, "f") == Shape{2, 3});
  CHECK(broadcast({0, 1}, {4}, "f") == Shape{0, 4});
  CHECK(broadcast({1}, {0}, "f") == Shape{0});
  CHECK(error_of([] {
          broadcast({2, 3}, {2, 4}, "add");
        }) == "add: shapes (2, 3) and (2, 4) do not broadcast");
  CHECK(error_of([] { broadcast({0}, {3}, "mul"); }) == "mul: shapes (0,) and (3,) do not broadcast");
}

TEST_CASE("messages are formatted by their arguments' types", "[core]") {
  CHECK(figment::format("{} {} {} {}", 1, -2.5, true, "text") == "1 -2.5 true text");
  CHECK(figment::format("{}{}", std::string("a"), Shape{1}) == "a(1,)");
  CHECK(figment::format("no holes") == "no holes");
  CHECK(error_of([] { figment::ensure(false, "{} of {}", std::size_t{3}, 4u); }) == "3 of 4");
  CHECK(error_of([] { figment::ensure(true, "not this"); }) == "no error");
  CHECK(error_of([] { figment::fail("always"); }) == "always");
}

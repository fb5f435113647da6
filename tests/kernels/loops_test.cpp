// The loops around the formulas: every length of tail, nothing written beyond it, the same sums.
#include <vector>

#include "figment/kernels/kernels.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

namespace kernels = figment::kernels;
namespace op = figment::kernels::op;
using figment::Index;

namespace {

constexpr Index longest = 70;  // four vectors of 16 and a tail

template <class T>
std::vector<T> numbers(Index n, T start) {
  std::vector<T> x;
  for (Index i = 0; i < n; ++i) x.push_back(start + static_cast<T>(i) / 4);
  return x;
}

}  // namespace

TEMPLATE_TEST_CASE("elementwise kernels write n values and no more", "[kernels]", float, double) {
  using T = TestType;
  const auto a = numbers<T>(longest, -5), b = numbers<T>(longest, 2);
  const T guard = 12345;
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index n = 0; n < longest; ++n) {
      INFO(n << " values on " << name(isa));
      const auto size = static_cast<std::size_t>(n);
      std::vector<T> y(size + 16, guard), expected(size + 16, guard);
      for (std::size_t i = 0; i < size; ++i) expected[i] = 2 * a[i] + 1;
      kernels::unary(op::Affine{2, 1}, a.data(), y.data(), n);
      CHECK(y == expected);
      for (Index sa : {0, 1})
        for (Index sb : {0, 1}) {
          for (std::size_t i = 0; i < size; ++i) expected[i] = a[sa ? i : 0] - b[sb ? i : 0];
          kernels::binary(op::Sub{}, a.data(), sa, b.data(), sb, y.data(), n);
          CHECK(y == expected);
        }
    }
  }
}

TEMPLATE_TEST_CASE("comparisons of every length give bytes of 1 and 0, and none beyond", "[kernels]", float,
                   double) {
  using T = TestType;
  auto a = numbers<T>(longest, -3), b = numbers<T>(longest, -3);
  const T special[] = {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity(), T(-0.0),
                       T(0)};
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i % 3 == 1) a[i] = special[i % 4];
    if (i % 5 == 2) b[i] = special[i % 4];
    if (i % 7 == 3) b[i] = a[i] + 1;
    if (i % 7 == 4) b[i] = a[i] - 1;
  }
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index n = 0; n < longest; ++n)
      for (Index sa : {0, 1})
        for (Index sb : {0, 1}) {
          INFO(n << " values on " << name(isa));
          const auto size = static_cast<std::size_t>(n);
          std::vector<std::uint8_t> y(size + 16, 7), expected(size + 16, 7);
          const auto compare = [&](auto f, auto exact) {
            for (std::size_t i = 0; i < size; ++i) expected[i] = exact(a[sa ? i : 0], b[sb ? i : 0]);
            kernels::binary(f, a.data(), sa, b.data(), sb, y.data(), n);
            CHECK(y == expected);
          };
          compare(op::Greater{}, [](T u, T v) { return u > v; });
          compare(op::Less{}, [](T u, T v) { return u < v; });
          compare(op::Same{}, [](T u, T v) { return u == v; });
        }
  }
}

TEMPLATE_TEST_CASE("elementwise kernels work in place", "[kernels]", float, double) {
  using T = TestType;
  for (auto isa : test::supported_isas()) {
    INFO("on " << name(isa));
    test::IsaScope scope(isa);
    auto y = numbers<T>(longest, 1);
    const auto x = y;
    kernels::unary(op::Square{}, y.data(), y.data(), longest);
    kernels::binary(op::Add{}, y.data(), 1, x.data(), 1, y.data(), longest);
    for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == x[i] * x[i] + x[i]);  // exact: quarters
  }
}

// Quarters: every sum here is exact in float, whatever its order.
TEMPLATE_TEST_CASE("sums of every length are exact on exact values", "[kernels]", float, double) {
  using T = TestType;
  const auto a = numbers<T>(longest, -5), b = numbers<T>(longest, 2);
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index n = 0; n < longest; ++n) {
      INFO(n << " values on " << name(isa));
      T sum = 0, products = 0, shifted = 0;
      for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
        sum += a[i];
        products += a[i] * b[i];
        shifted += a[i] + 1;
      }
      CHECK(kernels::sum_unary(op::Identity{}, a.data(), n) == sum);
      CHECK(kernels::sum_binary(op::Mul{}, a.data(), b.data(), n) == products);
      // f(0) is not 0: absent lanes must not count.
      CHECK(kernels::sum_unary(op::Affine{1, 1}, a.data(), n) == shifted);
    }
  }
}

TEMPLATE_TEST_CASE("fold finds the largest and smallest wherever they are", "[kernels]", float, double) {
  using T = TestType;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index n = 0; n < longest; ++n)
      for (Index at = 0; at < n; ++at) {
        INFO("place " << at << " of " << n << " on " << name(isa));
        std::vector<T> x(static_cast<std::size_t>(n), T(1));
        T& here = x[static_cast<std::size_t>(at)];
        here = 2;
        CHECK(kernels::fold(op::Maximum{}, -inf, x.data(), n) == 2);
        here = -2;
        CHECK(kernels::fold(op::Minimum{}, inf, x.data(), n) == -2);
        here = nan;
        CHECK(std::isnan(kernels::fold(op::Maximum{}, -inf, x.data(), n)));
      }
    CHECK(kernels::fold(op::Maximum{}, T(3), static_cast<const T*>(nullptr), 0) == 3);
  }
}

TEMPLATE_TEST_CASE("rows are folded one by one and into one another", "[kernels]", float, double) {
  using T = TestType;
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index rows : {1, 2, 7, 8, 9, 19})
      for (Index columns : {1, 3, 7, 8, 9, 31, 32, 33, 37}) {
        INFO(rows << " rows, " << columns << " columns on " << name(isa));
        std::vector<T> x;
        for (Index i = 0; i < rows * columns; ++i) x.push_back(static_cast<T>((i * 7919 + 13) % 1009) - 500);
        std::vector<T> down(static_cast<std::size_t>(columns) + 9, T(-400)),
            across(static_cast<std::size_t>(rows) + 9, T(-400));
        auto most_down = down, most_across = across;
        for (Index r = 0; r < rows; ++r)
          for (Index c = 0; c < columns; ++c) {
            const T v = x[static_cast<std::size_t>(r * columns + c)];
            T &d = most_down[static_cast<std::size_t>(c)], &a = most_across[static_cast<std::size_t>(r)];
            d = std::max(d, v), a = std::max(a, v);
          }
        kernels::fold_rows(op::Maximum{}, x.data(), columns, down.data(), rows, columns);
        kernels::fold_each(op::Maximum{}, x.data(), across.data(), rows, columns);
        CHECK(down == most_down);
        CHECK(across == most_across);
      }
  }
}

TEMPLATE_TEST_CASE("rows are copied, filled and transposed, and nothing else is written", "[kernels]", float,
                   double, std::int32_t) {
  using T = TestType;
  const Index in_row = 41, out_row = 43;
  std::vector<T> x;
  for (Index i = 0; i < in_row * 41; ++i) x.push_back(static_cast<T>(i));
  const auto at = [](Index i) { return static_cast<std::size_t>(i); };
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index rows : {0, 1, 3, 8, 17, 41})
      for (Index columns : {1, 2, 3, 4, 7, 8, 9, 16, 33, 41}) {
        INFO(rows << " rows, " << columns << " columns on " << name(isa));
        const std::vector<T> none(at(out_row * 42), T(-1));
        auto y = none, z = none;
        const auto expect = [&](Index out, Index in) { z[at(out)] = x[at(in)]; };
        for (Index r = 0; r < rows; ++r)
          for (Index c = 0; c < columns; ++c) expect(r * out_row + c, r * in_row + c);
        kernels::copy_rows(x.data(), in_row, y.data(), out_row, rows, columns);
        CHECK(y == z);
        for (Index r = 0; r < rows; ++r)
          for (Index c = 0; c < columns; ++c) expect(r * out_row + c, r * in_row);
        kernels::fill_rows(x.data(), in_row, y.data(), out_row, rows, columns);
        CHECK(y == z);
        y = z = none;
        for (Index r = 0; r < rows; ++r)
          for (Index c = 0; c < columns; ++c) expect(c * out_row + r, r * in_row + c);
        kernels::transpose_rows(x.data(), in_row, y.data(), out_row, rows, columns);
        CHECK(y == z);
      }
  }
}

TEMPLATE_TEST_CASE("choose takes a's or b's values, one or many, by one mask or many", "[kernels]", float,
                   double) {
  using T = TestType;
  const auto a = numbers<T>(longest, -5), b = numbers<T>(longest, 100);
  std::vector<std::uint8_t> mask;
  for (Index i = 0; i < longest; ++i) mask.push_back(i % 3 == 1 ? static_cast<std::uint8_t>(i + 1) : 0);
  const T guard = 12345;
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index n = 0; n < longest; ++n)
      for (int steps = 0; steps < 8; ++steps) {
        INFO(n << " values, steps " << steps << " on " << name(isa));
        const Index sm = steps & 1, sa = steps >> 1 & 1, sb = steps >> 2;
        const auto size = static_cast<std::size_t>(n);
        std::vector<T> y(size + 16, guard), expected(size + 16, guard);
        for (std::size_t i = 0; i < size; ++i) expected[i] = mask[sm ? i : 0] ? a[sa ? i : 0] : b[sb ? i : 0];
        kernels::choose(mask.data(), sm, a.data(), sa, b.data(), sb, y.data(), n);
        CHECK(y == expected);
      }
  }
}

TEMPLATE_TEST_CASE("sum_rows adds columns of every width to what is there", "[kernels]", float, double) {
  using T = TestType;
  const Index stride = 41;
  const auto x = numbers<T>(stride * 14, -3);
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index rows : {0, 1, 5, 13})
      for (Index columns = 0; columns <= 40; ++columns) {
        INFO(rows << " rows, " << columns << " columns on " << name(isa));
        std::vector<double> y(48, 7.0), expected(48, 7.0);
        for (Index j = 0; j < columns; ++j)
          for (Index i = 0; i < rows; ++i)
            expected[static_cast<std::size_t>(j)] +=
                static_cast<double>(x[static_cast<std::size_t>(i * stride + j)]);
        kernels::sum_rows(x.data(), stride, y.data(), rows, columns);
        CHECK(y == expected);
      }
  }
}

// Threads split the columns; a column's bits must not depend on where.
TEMPLATE_TEST_CASE("sum_rows gives a column the same bits wherever it starts", "[kernels]", float, double) {
  using T = TestType;
  const Index rows = 101, columns = 37;
  std::vector<T> x;
  for (Index i = 0; i < rows * columns; ++i) x.push_back(1 / static_cast<T>(1 + (i * 7919) % 1000));
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    std::vector<double> whole(static_cast<std::size_t>(columns), 0.0);
    kernels::sum_rows(x.data(), columns, whole.data(), rows, columns);
    for (Index split = 1; split < columns; ++split) {
      INFO("split at " << split << " on " << name(isa));
      std::vector<double> parts(whole.size(), 0.0);
      kernels::sum_rows(x.data(), columns, parts.data(), rows, split);
      kernels::sum_rows(x.data() + split, columns, parts.data() + split, rows, columns - split);
      CHECK(parts == whole);
    }
  }
}

// 0.1 is not a float: 0.1f is 1.49e-8 off, and a float that sums 0.1f is soon further off than that.
TEMPLATE_TEST_CASE("sums of floats are those of doubles, and squares do not overflow", "[kernels]", float,
                   double) {
  using T = TestType;
  const Index n = 100003;
  const auto size = static_cast<std::size_t>(n);
  const std::vector<T> x(size, T(0.1)), large(40, std::is_same_v<T, float> ? T(1e30) : T(1e150));
  const double each = static_cast<double>(T(0.1)), all = each * static_cast<double>(n);
  const double square = static_cast<double>(large[0]) * static_cast<double>(large[0]);
  for (auto isa : test::supported_isas()) {
    INFO("on " << name(isa));
    test::IsaScope scope(isa);
    // Doubles round at 1e-16 each time.
    CHECK(std::abs(kernels::sum_unary(op::Identity{}, x.data(), n) / all - 1) < 1e-11);
    CHECK(std::abs(kernels::sum_binary(op::Mul{}, x.data(), x.data(), n) / (all * each) - 1) < 1e-11);
    double column = 0;
    kernels::sum_rows(x.data(), 1, &column, n, 1);
    CHECK(std::abs(column / all - 1) < 1e-11);
    CHECK(std::abs(kernels::sum_unary(op::Square{}, large.data(), 40) / (40 * square) - 1) < 1e-14);
  }
}

// Each mathematical kernel as a row: function, exact values, range, largest error allowed.
#include <bit>
#include <cstring>
#include <random>
#include <vector>

#include "figment/kernels/kernels.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/quick.hpp"
#include "support/ulp.hpp"

namespace kernels = figment::kernels;
namespace op = figment::kernels::op;
using figment::Index;

namespace {

template <class T>
constexpr T inf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

/// The range evenly, then every size of number in it: a random bit pattern in between is another exponent.
template <class T>
std::vector<T> samples(T low, T high) {
  std::mt19937_64 engine(42);
  std::vector<T> x{low, high};
  const int how_many = test::quick() ? 5000 : 200000;
  for (int i = 0; i < how_many; ++i)
    x.push_back(low + (high - low) * static_cast<T>(static_cast<double>(engine() >> 11) * 0x1p-53));
  for (int i = 0; i < how_many; ++i) {
    T v;
    if constexpr (sizeof(T) == 4)
      v = std::bit_cast<float>(static_cast<std::uint32_t>(engine()));
    else
      v = std::bit_cast<double>(static_cast<std::uint64_t>(engine()));
    if (v >= low && v <= high) x.push_back(v);
  }
  return x;
}

template <class T, class Op>
std::vector<T> run(Op f, const std::vector<T>& x) {
  std::vector<T> y(x.size());
  kernels::unary(f, x.data(), y.data(), static_cast<Index>(x.size()));
  return y;
}

template <class T, class Op>
void check_row(const char* function, Op f, long double (*exact)(long double), T low, T high, double allowed) {
  const auto x = samples(low, high);
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    const auto y = run(f, x);
    double worst = 0;
    T at = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (const double e = test::ulps(y[i], exact(x[i])); !(e <= worst)) worst = e, at = x[i];
    INFO(function << " of " << sizeof(T) * 8 << " bits on " << name(isa) << ", worst at " << at);
    // The reference calls the C library, which promises less than our own functions do (glibc: 2 for tanh).
    CHECK(worst <= (isa == kernels::Isa::reference ? std::max(allowed, 2.5) : allowed));
  }
}

long double exact_sigmoid(long double x) { return 1 / (1 + std::exp(-x)); }
long double exact_softplus(long double x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); }
long double exact_expm1(long double x) { return std::expm1(x); }
long double exact_log1p(long double x) { return std::log1p(x); }
long double exact_erf(long double x) { return std::erf(x); }
long double exact_sin(long double x) { return std::sin(x); }
long double exact_cos(long double x) { return std::cos(x); }
long double exact_tan(long double x) { return std::tan(x); }
long double exact_log_sigmoid(long double x) { return -exact_softplus(-x); }
long double exact_exp(long double x) { return std::exp(x); }
long double exact_log(long double x) { return std::log(x); }
long double exact_tanh(long double x) { return std::tanh(x); }
long double exact_sqrt(long double x) { return std::sqrt(x); }

/// One value by itself, which goes through the kernel's tail, and among seventeen of it.
template <class T, class Op>
T value(Op f, T x) {
  const auto one = run(f, std::vector<T>(1, x)), many = run(f, std::vector<T>(17, x));
  // The sign of a NaN is whichever operand's the compiler put first.
  for (T y : many) CHECK((std::memcmp(&y, &one[0], sizeof(T)) == 0 || (std::isnan(y) && std::isnan(one[0]))));
  return one[0];
}

template <class T, class Op>
void check_special(const char* function, Op f, const std::vector<std::pair<T, T>>& values) {
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (const auto& [x, expected] : values) {
      INFO(function << "(" << x << ") of " << sizeof(T) * 8 << " bits on " << name(isa));
      const T y = value(f, x);
      CHECK(test::ulps(y, static_cast<long double>(expected)) <= 2);
      if (expected == 0) CHECK(y == 0);  // not a small number
    }
    INFO(function << "(NaN) of " << sizeof(T) * 8 << " bits on " << name(isa));
    CHECK(std::isnan(value(f, not_a_number<T>)));
  }
}

}  // namespace

// The bounds are a little above what was measured. Results below the smallest normal
// number, where sigmoid and exp's quotients flush to 0, are left out of the ranges.
TEST_CASE("math kernels in float are within their bounds", "[kernels]") {
  check_row<float>("exp", op::Exp{}, exact_exp, -87.3f, 88.7f, 1.25);
  check_row<float>("log", op::Log{}, exact_log, 1e-45f, 3.4e38f, 1.0);
  check_row<float>("expm1", op::Expm1{}, exact_expm1, -120, 88.7f, 1.5);
  check_row<float>("log1p", op::Log1p{}, exact_log1p, -0.99999994f, 3.4e38f, 2.25);
  check_row<float>("erf", op::Erf{}, exact_erf, -5, 5, 1.25);
  check_row<float>("sin", op::Sin{}, exact_sin, -10, 10, 2.5);
  check_row<float>("cos", op::Cos{}, exact_cos, -10, 10, 2.5);
  check_row<float>("tan", op::Tan{}, exact_tan, -10, 10, 4);
  check_row<float>("sin", op::Sin{}, exact_sin, -3.4e38f, 3.4e38f, 2.5);
  check_row<float>("cos", op::Cos{}, exact_cos, -3.4e38f, 3.4e38f, 2.5);
  check_row<float>("sqrt", op::Sqrt{}, exact_sqrt, 0, 3.4e38f, 0.5);
  check_row<float>("tanh", op::Tanh{}, exact_tanh, -20, 20, 1.5);
  check_row<float>("sigmoid", op::Sigmoid{}, exact_sigmoid, -87, 100, 2.25);
  check_row<float>("softplus", op::Softplus{}, exact_softplus, -87, 100, 2.5);
  check_row<float>("log_sigmoid", op::LogSigmoid{}, exact_log_sigmoid, -100, 87, 2.5);
}

TEST_CASE("math kernels in double are within their bounds", "[kernels]") {
  check_row<double>("exp", op::Exp{}, exact_exp, -708, 709.7, 1.75);
  check_row<double>("log", op::Log{}, exact_log, 5e-324, 1.7e308, 1.0);
  check_row<double>("expm1", op::Expm1{}, exact_expm1, -750, 709.7, 3.5);
  check_row<double>("log1p", op::Log1p{}, exact_log1p, -0.99999999999999989, 1.7e308, 2.25);
  check_row<double>("erf", op::Erf{}, exact_erf, -7, 7, 1.25);
  check_row<double>("sin", op::Sin{}, exact_sin, -10, 10, 2);
  check_row<double>("cos", op::Cos{}, exact_cos, -10, 10, 2);
  check_row<double>("tan", op::Tan{}, exact_tan, -10, 10, 4);
  check_row<double>("sin", op::Sin{}, exact_sin, -1e9, 1e9, 2);
  check_row<double>("cos", op::Cos{}, exact_cos, -1e9, 1e9, 2);
  check_row<double>("sqrt", op::Sqrt{}, exact_sqrt, 0, 1.7e308, 0.5);
  check_row<double>("tanh", op::Tanh{}, exact_tanh, -40, 40, 1.5);
  check_row<double>("sigmoid", op::Sigmoid{}, exact_sigmoid, -708, 800, 2.25);
  check_row<double>("softplus", op::Softplus{}, exact_softplus, -708, 800, 2.5);
  check_row<double>("log_sigmoid", op::LogSigmoid{}, exact_log_sigmoid, -800, 708, 2.75);
}

TEMPLATE_TEST_CASE("math kernels at special values", "[kernels]", float, double) {
  using T = TestType;
  using Limits = std::numeric_limits<T>;
  const T tiny = Limits::denorm_min(), most = Limits::max(), i = inf<T>;
  const T overflow = sizeof(T) == 4 ? T(88.73) : T(709.79);  // just beyond log(max)
  const T underflow = sizeof(T) == 4 ? T(-104) : T(-745.2);  // below log(denorm_min / 2)
  const T subnormal = sizeof(T) == 4 ? T(-100) : T(-740);    // e^x is below the normal numbers
  check_special<T>("exp", op::Exp{},
                   {{0, 1},
                    {T(-0.0), 1},
                    {tiny, 1},
                    {-tiny, 1},
                    {i, i},
                    {-i, 0},
                    {most, i},
                    {-most, 0},
                    {overflow, i},
                    {underflow, 0},
                    {subnormal, std::exp(subnormal)}});
  check_special<T>("log", op::Log{},
                   {{0, -i},
                    {T(-0.0), -i},
                    {1, 0},
                    {i, i},
                    {-i, not_a_number<T>},
                    {-1, not_a_number<T>},
                    {-tiny, not_a_number<T>},
                    {tiny, std::log(tiny)},
                    {Limits::min(), std::log(Limits::min())},
                    {most, std::log(most)}});
  check_special<T>("sqrt", op::Sqrt{},
                   {{0, 0}, {T(-0.0), T(-0.0)}, {i, i}, {-1, not_a_number<T>}, {-i, not_a_number<T>}});
  check_special<T>("tanh", op::Tanh{},
                   {{0, 0},
                    {T(-0.0), T(-0.0)},
                    {i, 1},
                    {-i, -1},
                    {most, 1},
                    {-most, -1},
                    {tiny, tiny},
                    {-tiny, -tiny},
                    {T(0.625), std::tanh(T(0.625))},
                    {T(-0.625), std::tanh(T(-0.625))}});
  check_special<T>("expm1", op::Expm1{},
                   {{0, 0},
                    {tiny, tiny},
                    {-tiny, -tiny},
                    {i, i},
                    {-i, -1},
                    {most, i},
                    {-most, -1},
                    {overflow, i},
                    {underflow, -1}});
  check_special<T>("log1p", op::Log1p{},
                   {{0, 0},
                    {tiny, tiny},
                    {-tiny, -tiny},
                    {-1, -i},
                    {i, i},
                    {-i, not_a_number<T>},
                    {T(-1.5), not_a_number<T>},
                    {most, std::log(most)}});
  check_special<T>("erf", op::Erf{},
                   {{0, 0}, {i, 1}, {-i, -1}, {most, 1}, {tiny, static_cast<T>(1.1283791670955126L * tiny)}});
  // 1e30 and the largest number go to the C library, as does what the multiples of pi/2 come closest to.
  const T large = T(1e30);
  const T closest = sizeof(T) == 4 ? T(0x1.6ac5b2p+115f) : T(0x1.6ac5b262ca1ffp+849);
  const T near_pi = T(3.14159265358979323846L), beyond = sizeof(T) == 4 ? T(65537) : T(1073741825);
  std::vector<std::pair<T, T>> sines{{0, 0},         {T(-0.0), T(-0.0)},   {tiny, tiny},
                                     {-tiny, -tiny}, {i, not_a_number<T>}, {-i, not_a_number<T>}};
  std::vector<std::pair<T, T>> cosines{{0, 1},     {T(-0.0), 1},         {tiny, 1},
                                       {-tiny, 1}, {i, not_a_number<T>}, {-i, not_a_number<T>}};
  for (T x :
       {large, -large, most, closest, near_pi, near_pi / 2, 100 * near_pi, beyond, -beyond, beyond - 1}) {
    // Of its own type: a long double has no digits beyond 2^64.
    sines.push_back({x, std::sin(x)});
    cosines.push_back({x, std::cos(x)});
  }
  check_special<T>("sin", op::Sin{}, sines);
  check_special<T>("cos", op::Cos{}, cosines);
  check_special<T>("sign", op::Sign{},
                   {{0, 0}, {T(-0.0), T(-0.0)}, {-i, -1}, {i, 1}, {-tiny, -1}, {most, 1}});
  check_special<T>("abs", op::Abs{}, {{0, 0}, {T(-0.0), 0}, {-i, i}, {-tiny, tiny}, {most, most}});
  check_special<T>("clamp", op::Clamp{-2, 3}, {{0, 0}, {-i, -2}, {i, 3}, {T(-2), T(-2)}, {most, 3}});
  check_special<T>("elu", op::Elu{0.5}, {{0, 0}, {i, i}, {-i, T(-0.5)}, {tiny, tiny}});
  check_special<T>("sigmoid", op::Sigmoid{},
                   {{0, T(0.5)}, {i, 1}, {-i, 0}, {most, 1}, {-most, 0}, {tiny, T(0.5)}});
  check_special<T>("softplus", op::Softplus{},
                   {{0, std::log(T(2))}, {i, i}, {-i, 0}, {most, most}, {-most, 0}, {tiny, std::log(T(2))}});
  check_special<T>("relu", op::Relu{}, {{0, 0}, {T(-0.0), 0}, {i, i}, {-i, 0}, {tiny, tiny}, {-tiny, 0}});
  check_special<T>("leaky_relu", op::LeakyRelu{0.5}, {{0, 0}, {i, i}, {-i, -i}, {T(-4), T(-2)}});
  check_special<T>("cube", op::Cube{}, {{0, 0}, {T(-0.0), T(-0.0)}, {i, i}, {-i, -i}, {most, i}, {-3, -27}});
  check_special<T>("x^-1/2", op::PowMinusHalf{}, {{0, i}, {T(-0.0), i}, {i, 0}, {-i, 0}, {4, T(0.5)}});
  check_special<T>("x^-2", op::PowMinusTwo{},
                   {{0, i}, {i, 0}, {-i, 0}, {-4, T(0.0625)}, {tiny, i}, {most, std::pow(most, T(-2))}});
  check_special<T>("square", op::Square{}, {{0, 0}, {i, i}, {-i, i}, {most, i}, {tiny, 0}});
}

// The range of a, that of b, all together: a near 1 leaves the exponent's range by a large b alone.
TEMPLATE_TEST_CASE("powers are within their bounds", "[kernels]", float, double) {
  using T = TestType;
  // Of float in double, and rounded; of double by the C library, which is within one unit on every system.
  const double allowed = sizeof(T) == 4 ? 0.55 : 1.0;
  struct Row {
    T low, high, least, most;
  };
  for (const Row& row : {Row{T(0.1), 3, -4, 4},
                         {0, 100, -30, 30},
                         {T(0.999), T(1.001), T(-9e4), T(9e4)},
                         {0, std::numeric_limits<T>::max(), -2, 2}}) {
    const auto a = samples(row.low, row.high), all = samples(row.least, row.most);
    std::vector<T> b(a.size());
    std::vector<long double> exact(a.size());
    for (std::size_t i = 0; i < b.size(); ++i) {
      b[i] = all[(i * 7 + 3) % all.size()];
      exact[i] = std::pow(static_cast<long double>(a[i]), static_cast<long double>(b[i]));
    }
    for (auto isa : test::supported_isas()) {
      test::IsaScope scope(isa);
      std::vector<T> y(a.size());
      kernels::binary(op::Pow{}, a.data(), 1, b.data(), 1, y.data(), static_cast<Index>(y.size()));
      double worst = 0;
      std::size_t at = 0;
      for (std::size_t i = 0; i < y.size(); ++i)
        if (const double e = test::ulps(y[i], exact[i]); !(e <= worst)) worst = e, at = i;
      INFO("worst on " << name(isa) << ": " << a[at] << "^" << b[at] << " is not " << y[at]);
      CHECK(worst <= (isa == kernels::Isa::reference ? 1.0 : allowed));
    }
  }
}

TEMPLATE_TEST_CASE("powers of special values are those of C's pow", "[kernels]", float, double) {
  using T = TestType;
  using Limits = std::numeric_limits<T>;
  const T odd = T(16777215), i = inf<T>;  // the largest odd number of a float
  std::vector<T> values;
  for (T v : {T(0), Limits::denorm_min(), 5 * Limits::denorm_min(), Limits::min(), T(0.5), T(1) / 3,
              1 - Limits::epsilon() / 2, T(1), 1 + Limits::epsilon(), T(2), T(2.5), T(3), odd, 2 * odd,
              T(1e30), Limits::max(), i, not_a_number<T>})
    values.push_back(v), values.push_back(-v);
  std::vector<T> a, b;
  for (T u : values)
    for (T v : values) a.push_back(u), b.push_back(v);
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    std::vector<T> y(a.size());
    kernels::binary(op::Pow{}, a.data(), 1, b.data(), 1, y.data(), static_cast<Index>(y.size()));
    for (std::size_t k = 0; k < y.size(); ++k) {
      T one = 0;  // by itself, as the kernel's tail has it
      kernels::binary(op::Pow{}, &a[k], 0, &b[k], 1, &one, 1);
      const T exact = std::pow(a[k], b[k]);
      INFO(a[k] << "^" << b[k] << " is " << exact << ", found " << y[k] << " on " << name(isa));
      CHECK((std::memcmp(&one, &y[k], sizeof(T)) == 0 || (std::isnan(one) && std::isnan(y[k]))));
      CHECK(test::ulps(y[k], static_cast<long double>(exact)) <= 1);
      if (!std::isnan(exact)) CHECK(std::signbit(y[k]) == std::signbit(exact));
      if (exact == 0) CHECK(y[k] == 0);
    }
  }
}

TEMPLATE_TEST_CASE("angles are within their bounds", "[kernels]", float, double) {
  using T = TestType;
  for (const T size : {T(1), T(1e-3), T(1e3), T(1e30)}) {
    const auto a = samples(-size, size);
    std::vector<T> b = samples(T(-1), T(1));
    b.resize(a.size(), T(0.25));
    std::rotate(b.begin(), b.begin() + 1001, b.end());
    for (auto isa : test::supported_isas()) {
      test::IsaScope scope(isa);
      std::vector<T> y(a.size());
      kernels::binary(op::Atan2{}, a.data(), 1, b.data(), 1, y.data(), static_cast<Index>(y.size()));
      double worst = 0;
      std::size_t at = 0;
      for (std::size_t i = 0; i < y.size(); ++i) {
        const long double exact = std::atan2(static_cast<long double>(a[i]), static_cast<long double>(b[i]));
        // Below the normal numbers the quotient has few digits.
        if (std::abs(exact) < static_cast<long double>(std::numeric_limits<T>::min())) continue;
        if (const double e = test::ulps(y[i], exact); !(e <= worst)) worst = e, at = i;
      }
      INFO("worst on " << name(isa) << ": (" << a[at] << ", " << b[at] << ")");
      CHECK(worst <= 2.5);
    }
  }
}

TEMPLATE_TEST_CASE("angles of special values are those of C's atan2", "[kernels]", float, double) {
  using T = TestType;
  using Limits = std::numeric_limits<T>;
  std::vector<T> a, b;
  for (T u : {T(0), Limits::min(), T(1), T(2), Limits::max(), inf<T>, not_a_number<T>})
    for (T v : {T(0), Limits::min(), T(1), T(2), Limits::max(), inf<T>, not_a_number<T>})
      for (T s : {T(1), T(-1)})
        for (T t : {T(1), T(-1)}) a.push_back(std::copysign(u, s)), b.push_back(std::copysign(v, t));
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    std::vector<T> y(a.size());
    kernels::binary(op::Atan2{}, a.data(), 1, b.data(), 1, y.data(), static_cast<Index>(y.size()));
    for (std::size_t k = 0; k < y.size(); ++k) {
      const T exact = std::atan2(a[k], b[k]);
      INFO("of (" << a[k] << ", " << b[k] << ") " << exact << ", found " << y[k] << " on " << name(isa));
      CHECK(test::ulps(y[k], static_cast<long double>(exact)) <= 2);
      if (!std::isnan(exact)) CHECK(std::signbit(y[k]) == std::signbit(exact));
    }
  }
}

TEMPLATE_TEST_CASE("maximum and minimum keep a NaN on either side", "[kernels]", float, double) {
  using T = TestType;
  const T n = not_a_number<T>;
  const std::vector<T> a{n, 1, n, -inf<T>, 2, T(0)}, b{1, n, n, 3, inf<T>, T(0)};
  for (auto isa : test::supported_isas()) {
    INFO("on " << name(isa));
    test::IsaScope scope(isa);
    std::vector<T> y(a.size());
    kernels::binary(op::Maximum{}, a.data(), 1, b.data(), 1, y.data(), 6);
    CHECK((std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[2])));
    CHECK((y[3] == 3 && y[4] == inf<T> && y[5] == 0));
    kernels::binary(op::Minimum{}, a.data(), 1, b.data(), 1, y.data(), 6);
    CHECK((std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[2])));
    CHECK((y[3] == -inf<T> && y[4] == 2 && y[5] == 0));
  }
}

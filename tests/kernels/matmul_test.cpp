// The packed product against its definition, over sizes, strides, bias and activation.
#include <cmath>
#include <random>
#include <vector>

#include "figment/kernels/kernels.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

namespace kernels = figment::kernels;
using figment::Index;
using kernels::Activation;

namespace {

template <class T>
std::vector<T> random(Index n, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<T> x;
  for (Index i = 0; i < n; ++i) x.push_back(static_cast<T>(static_cast<double>(engine() % 2001) / 1000 - 1));
  return x;
}

double activated(Activation activation, double z) {
  switch (activation) {
    case Activation::relu:
      return std::max(z, 0.0);
    case Activation::leaky_relu:
      return z > 0 ? z : 0.2 * z;
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-z));
    case Activation::tanh:
      return std::tanh(z);
    default:
      return z;
  }
}

/// Largest error in units of epsilon * (k + 8): k additions round, and the activation does. Every value of c
/// beyond the product, in the gaps between rows too, must be as it was.
template <class T>
double worst_error(Index m, Index k, Index n, bool ta, bool tb, Index gap, Activation activation,
                   bool with_bias) {
  const auto a = random<T>(m * k, 1), b = random<T>(k * n, 2), bias = random<T>(n, 3);
  // Memory that holds NaN shows what is read before it is written.
  const T poison = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> c(static_cast<std::size_t>(m * (n + gap) + 16), poison);
  kernels::MatmulArgs<T> args{};
  args.m = m, args.n = n, args.k = k;
  args.a = a.data(), args.a_row = ta ? 1 : k, args.a_col = ta ? m : 1;
  args.b = b.data(), args.b_row = tb ? 1 : n, args.b_col = tb ? k : 1;
  args.c = c.data(), args.c_row = n + gap;
  args.bias = with_bias ? bias.data() : nullptr;
  args.activation = activation, args.slope = 0.2;
  std::vector<T> scratch(static_cast<std::size_t>(kernels::matmul_scratch(args)), poison);
  args.scratch = scratch.data();
  kernels::matmul(args);

  const auto get = [](const std::vector<T>& v, Index i) {
    return static_cast<double>(v[static_cast<std::size_t>(i)]);
  };
  double worst = 0;
  std::vector<bool> written(c.size(), false);
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) {
      double z = with_bias ? get(bias, j) : 0;
      for (Index l = 0; l < k; ++l)
        z += get(a, ta ? l * m + i : i * k + l) * get(b, tb ? j * k + l : l * n + j);
      const Index at = i * args.c_row + j;
      const double error = std::abs(get(c, at) - activated(activation, z));
      if (!(error <= worst)) worst = error;
      written[static_cast<std::size_t>(at)] = true;
    }
  for (std::size_t i = 0; i < c.size(); ++i) CHECK((written[i] || std::isnan(c[i])));
  return worst / (static_cast<double>(std::numeric_limits<T>::epsilon()) * static_cast<double>(k + 8));
}

}  // namespace

TEMPLATE_TEST_CASE("matmul equals its definition at every small size", "[kernels]", float, double) {
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Index m : {0, 1, 2, 5, 6, 7, 8, 9, 12, 13, 17, 19})
      for (Index n : {0, 1, 3, 7, 8, 9, 15, 16, 17, 33})
        for (Index k : {0, 1, 2, 9})
          for (int strides = 0; strides < 4; ++strides) {
            INFO(m << " x " << k << " x " << n << ", strides " << strides << " on " << name(isa));
            CHECK(worst_error<TestType>(m, k, n, strides & 1, strides & 2, n % 3, Activation::none, false) <=
                  1);
          }
  }
}

TEMPLATE_TEST_CASE("matmul equals its definition across blocks", "[kernels]", float, double) {
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    // One more than the blocks of 96 rows, 256 deep and 1024 columns, and twice as deep.
    const Index sizes[][3] = {{97, 5, 9},   {3, 257, 20},   {2, 3, 1025},
                              {7, 513, 33}, {100, 260, 40}, {192, 512, 16}};
    for (const auto& [m, k, n] : sizes)
      for (int strides = 0; strides < 4; ++strides) {
        INFO(m << " x " << k << " x " << n << ", strides " << strides << " on " << name(isa));
        CHECK(worst_error<TestType>(m, k, n, strides & 1, strides & 2, 0, Activation::none, true) <= 1);
      }
  }
}

TEMPLATE_TEST_CASE("matmul ends with bias and activation", "[kernels]", float, double) {
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (Activation activation :
         {Activation::none, Activation::relu, Activation::leaky_relu, Activation::sigmoid, Activation::tanh})
      for (bool bias : {false, true})
        for (Index k : {0, 4, 300}) {
          INFO("activation " << static_cast<int>(activation) << ", bias " << bias << ", k " << k << " on "
                             << name(isa));
          CHECK(worst_error<TestType>(7, k, 19, false, false, 2, activation, bias) <= 1);
        }
  }
}

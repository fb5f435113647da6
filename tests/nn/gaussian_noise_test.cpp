// The noise layer: its distribution, its gradient, and when it is there.
#include "figment/nn/gaussian_noise.hpp"

#include "figment/autograd/grad.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/ops/reduce.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/heap_calls.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;

TEMPLATE_TEST_CASE("Gaussian noise has the asked deviation and mean 0", "[nn]", float, double) {
  using T = TestType;
  const Index n = 200000;
  const double deviation = GENERATE(0.1, 0.5, 2.0);
  Rng rng(7);
  const auto x = Tensor<T>::full({n}, 3);
  const auto y = GaussianNoise(deviation).forward(x, {.training = true, .rng = &rng});
  double sum = 0, squares = 0;
  for (const T v : y.values()) {
    const double e = (static_cast<double>(v) - 3) / deviation;
    sum += e, squares += e * e;
  }
  // Five deviations of the mean, 1 / sqrt(n), and of the mean square, sqrt(2 / n).
  const auto count = static_cast<double>(n);
  CHECK_THAT(sum / count, WithinAbs(0, 5 / std::sqrt(count)));
  CHECK_THAT(squares / count, WithinAbs(1, 5 * std::sqrt(2 / count)));
}

TEST_CASE("Gaussian noise is drawn from the Context, anew each time", "[nn]") {
  const GaussianNoise layer(0.5);
  const auto x = parameter(Tensor<double>::ones({3, 5}));
  Rng rng(1), same(1);
  const Context context{.training = true, .rng = &rng};
  const auto first = layer.forward(x, context), second = layer.forward(x, context);
  CHECK(bit_difference(first, x + same.normal<double>({3, 5}, 0, 0.5)) == "");
  CHECK(bit_difference(second, x + same.normal<double>({3, 5}, 0, 0.5)) == "");
  CHECK(bit_difference(first, second) != "");
  CHECK(rng.state() == same.state());
  CHECK(bit_difference(grad(sum(square(first)), {x})[0], 2.0 * first) == "");  // dx = dy
}

TEST_CASE("Gaussian noise is the identity in use", "[nn]") {
  const auto x = Tensor<float>::ones({3, 5});
  CHECK(GaussianNoise(0.5).forward(x, {}).shares_memory_with(x));
  CHECK(GaussianNoise(0).forward(x, {.training = true}).shares_memory_with(x));
  CHECK(error_of([&] { GaussianNoise(0.5).forward(x, {.training = true}); }) ==
        "GaussianNoise(0.5): GaussianNoise: needs a random generator in its Context");
  CHECK(error_of([] { GaussianNoise(-1); }) == "GaussianNoise: expected a deviation of 0 or more, found -1");
  CHECK(GaussianNoise(0.5).describe() == "GaussianNoise(0.5)");
}

TEST_CASE("steps through Gaussian noise take nothing from the heap", "[nn]") {
  if (!test::counts_heap_calls) return;
  Rng rng(3);
  const Sequential net{GaussianNoise(0.5)};
  const auto x = parameter(rng.normal({512, 20}));
  long before = 0;
  for (int step = 0; step < 10; ++step) {
    if (step == 5) before = test::heap_calls();
    grad(sum(square(net.forward(x, {.training = true, .rng = &rng}))), {x});
  }
  CHECK(test::heap_calls() == before);
}

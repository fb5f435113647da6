// What the list of operations does not say of pooling: equal elements, NaN, memory, changes in place.
#include "figment/ops/pool.hpp"

#include "figment/autograd/grad.hpp"
#include "figment/core/memory.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::bit_difference;
using Floats = Tensor<float>;

TEST_CASE("of equal elements the first in row-major order has the gradient", "[ops]") {
  for (auto isa : test::supported_isas()) {
    INFO(name(isa));
    test::IsaScope scope(isa);
    const auto x = parameter(Floats({1, 3, 3, 1}, {1, 5, 5, 5, 5, 0, 5, 0, 0}));
    const auto y = max_pool2d(x, {.window = 2, .stride = 1});
    CHECK(bit_difference(y, Floats::full({1, 2, 2, 1}, 5)) == "");
    const auto dx = vjp(y, Floats({1, 2, 2, 1}, {1, 2, 4, 8}), std::vector{x})[0];
    // The windows' firsts: (0, 1), (0, 1), (1, 0), (1, 1).
    CHECK(bit_difference(dx, Floats({1, 3, 3, 1}, {0, 3, 0, 4, 8, 0, 0, 0, 0})) == "");
  }
}

TEST_CASE("a maximum of NaN, infinities and padding", "[ops]") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  for (auto isa : test::supported_isas()) {
    INFO(name(isa));
    test::IsaScope scope(isa);
    for (Index at = 0; at < 4; ++at) {
      auto x = Floats({1, 2, 2, 1}, {3, inf, -inf, 2});
      x.set({0, at / 2, at % 2, 0}, nan);
      const auto p = parameter(x);
      const auto y = max_pool2d(p);
      CHECK(y.item() != y.item());
      const auto plain = max_pool2d(x);
      CHECK(plain.item() != plain.item());
      const auto dx = grad(sum_to(y, {}), p);
      for (Index i = 0; i < 4; ++i) CHECK(dx(0, i / 2, i % 2, 0) == (i == at ? 1 : 0));
    }
    // Elements below zero are not lost to padding, nor the lowest ones of all to a beginning.
    const auto x = parameter(Floats({1, 1, 3, 1}, {-2, -inf, -inf}));
    const auto y = max_pool2d(x, {.window = 2, .padding = Padding::of(1, 0, 0, 1)});
    CHECK(bit_difference(y, Floats({1, 1, 2, 1}, {-2, -inf})) == "");
    CHECK(bit_difference(grad(sum_to(y, {}), x), Floats({1, 1, 3, 1}, {1, 0, 1})) == "");
  }
}

TEST_CASE("a maximum keeps its choice only while recording", "[ops]") {
  const auto x = Floats::zeros({4, 32, 32, 8});
  const std::size_t result = 4 * 16 * 16 * 8 * sizeof(float);
  const auto taken = [&](const Floats& input) {
    const auto before = memory_stats().in_use;
    const auto y = max_pool2d(input);
    return memory_stats().in_use - before;
  };
  CHECK(taken(x) < 2 * result);  // blocks have up to a quarter of slack
  CHECK(taken(parameter(x)) >= 2 * result);
  NoGrad guard;
  CHECK(taken(parameter(x)) < 2 * result);
}

TEST_CASE("gradients of pooling read no changed input, and say nothing of one", "[ops]") {
  auto x = Floats({1, 2, 2, 1}, {1, 4, 2, 3});
  const auto p = parameter(x);
  const auto y = max_pool2d(p) + avg_pool2d(p);
  x.fill(0);  // the choice is kept, not the input
  CHECK(bit_difference(grad(sum_to(y, {}), p), Floats({1, 2, 2, 1}, {0.25, 1.25, 0.25, 0.25})) == "");
}

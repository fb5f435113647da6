// How long graphs live, and that long ones neither overflow the stack nor leak.
#include <pthread.h>

#include "figment/autograd/grad.hpp"
#include "figment/ops/activation.hpp"
#include "figment/ops/reduce.hpp"
#include "figment/ops/shape.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using figment::grad;
using figment::memory_stats;
using figment::parameter;
using figment::Tensor;
using F64 = Tensor<double>;

namespace {

/// Runs f on a thread with a stack of `bytes`.
template <class F>
void with_stack(std::size_t bytes, F f) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, bytes) == 0);
  pthread_t thread;
  REQUIRE(pthread_create(
              &thread, &attributes,
              [](void* p) -> void* {
                (*static_cast<F*>(p))();
                return nullptr;
              },
              &f) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

}  // namespace

TEST_CASE("graphs leave no memory behind", "[autograd]") {
  const auto before = memory_stats().in_use;
  {
    const F64 x = parameter(F64({3}, {1, 2, 3}));
    const F64 y = sum(exp(x) * tanh(x) / (square(x) + 1.0));  // rules that keep their outputs: no cycles
    const F64 g = grad(y, x, {.create_graph = true});
    const F64 h = grad(sum(square(g)), x, {.create_graph = true});
    grad(sum(h), x);
    CHECK(memory_stats().in_use > before);
  }
  CHECK(memory_stats().in_use == before);
}

TEST_CASE("a graph that threw leaves no memory behind", "[autograd]") {
  const auto before = memory_stats().in_use;
  {
    F64 x = parameter(F64({3}, {1, 2, 3}));
    const F64 y = sum(square(exp(x)));
    const F64 z = sum(square(x)) + y;
    x.fill(1);
    CHECK_THROWS_AS(grad(z, x), figment::Error);
    CHECK_THROWS_AS(grad(sum(x * F64::ones({2})), x), figment::Error);
  }
  CHECK(memory_stats().in_use == before);
}

TEST_CASE("a chain of a million operations fits a small stack and leaves nothing", "[autograd]") {
  const auto before = memory_stats().in_use;
  double derivative = 0, value = 0;
  // 256 KB: one frame for each operation would need hundreds of times that.
  with_stack(256 * 1024, [&] {
    const F64 x = parameter(F64::scalar(1));
    F64 y = x;
    for (int i = 0; i < 1000000; ++i) y = i % 2 ? y - 1.0 : y + x;
    value = y.item();
    derivative = grad(y, x).item();
  });
  CHECK(value == 1 + 500000 - 500000);
  CHECK(derivative == 1 + 500000);
  CHECK(memory_stats().in_use == before);
}

TEST_CASE("dropping a graph without a gradient is iterative too", "[autograd]") {
  const auto before = memory_stats().in_use;
  with_stack(256 * 1024, [&] {
    const F64 x = parameter(F64::scalar(1));
    F64 y = x;
    for (int i = 0; i < 300000; ++i) y = y * x;  // keeps its inputs
    F64 u = x;
    for (int i = 0; i < 300000; ++i) u = tanh(u);  // keeps its outputs
  });
  CHECK(memory_stats().in_use == before);
}

TEST_CASE("operations of several outputs leave nothing, whichever output lives longest", "[autograd]") {
  const auto before = memory_stats().in_use;
  // (x + y, x - y), which reads its outputs: with each of the next in turn dropped.
  const auto turned = [](const F64& x, const F64& y) {
    const auto out = figment::no_grad([&] { return std::array{x + y, x - y}; });
    return record("turned", {x, y}, out, [](auto& s, auto& dy, auto& dx) {
      dx(0, [&] { return dy[0] + dy[1] + s.out(0) * 0 + s.out(1) * 0; });
      dx(1, [&] { return dy[0] - dy[1]; });
    });
  };
  with_stack(256 * 1024, [&] {
    const F64 a = parameter(F64::scalar(1));
    std::array<F64, 2> p{a, a};
    for (int i = 0; i < 100000; ++i) {
      p = turned(p[0] * 0.5, p[1]);
      p[i % 2] = a;
    }
    CHECK(grad(p[0] + p[1], a).defined());
  });
  CHECK(memory_stats().in_use == before);
  {
    const F64 x = parameter(F64::scalar(3)), y = parameter(F64::scalar(2));
    F64 g;
    {
      const F64 u = turned(x, y)[1];  // the other output is held again by the gradient's graph alone
      g = grad(square(u), x, {.create_graph = true});
    }
    CHECK(grad(g, {x, y})[1].item() == -2);
  }
  CHECK(memory_stats().in_use == before);
}

TEST_CASE("a graph that ends inside another's end is buried with it", "[autograd]") {
  // The captured tensor is the last handle of a chain of its own.
  const auto before = memory_stats().in_use;
  with_stack(256 * 1024, [&] {
    const F64 x = parameter(F64::scalar(1));
    F64 y = x;
    for (int i = 0; i < 1000; ++i) {
      const F64 captured = square(y);
      y = record("holder", {x}, F64::scalar(1),
                 [captured](auto&, auto& dy, auto& dx) { dx(0, [&] { return dy * captured; }); });
    }
  });
  CHECK(memory_stats().in_use == before);
}

TEST_CASE("a graph may be freed on another thread", "[autograd]") {
  const auto before = memory_stats().in_use;
  {
    const F64 x = parameter(F64::scalar(2));
    F64 y = x;
    for (int i = 0; i < 1000; ++i) y = y + x;
    with_stack(256 * 1024, [moved = std::move(y), &x]() mutable {
      CHECK(grad(moved, x).item() == 1001);
      moved = F64();
    });
  }
  CHECK(memory_stats().in_use == before);
}

TEST_CASE("a wide graph: concat of many parts", "[autograd]") {
  const auto before = memory_stats().in_use;
  {
    std::vector<F64> parts;
    for (int i = 0; i < 2000; ++i) parts.push_back(parameter(F64::full({i % 3}, i)));
    const F64 all = concat(parts);
    CHECK(all.size() == 1999);
    const auto g = grad(sum(square(all)), parts);
    REQUIRE(g.size() == parts.size());
    for (std::size_t i = 0; i < g.size(); ++i)
      CHECK(test::difference(g[i],
                             F64::full({static_cast<figment::Index>(i % 3)}, 2.0 * static_cast<double>(i)),
                             0) == "");
  }
  CHECK(memory_stats().in_use == before);
}

TEST_CASE("steps that ask for the same sizes take no new memory", "[autograd]") {
  const F64 x = parameter(F64({2, 3}, {1, 2, 3, 4, 5, 6}));
  const auto step = [&] { return grad(sum(square(exp(x) - tanh(x))), x); };
  step();
  if (!figment::detail::recycle_memory) return;  // under a sanitizer every block is new
  const auto before = memory_stats();
  for (int i = 0; i < 10; ++i) step();
  CHECK(memory_stats().allocations == before.allocations);
  CHECK(memory_stats().in_use == before.in_use);
}

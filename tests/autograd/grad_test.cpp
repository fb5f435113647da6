// grad and vjp: what they differentiate, what they leave alone, and what they refuse.
#include "figment/autograd/grad.hpp"

#include "figment/autograd/gradcheck.hpp"
#include "figment/ops/math.hpp"
#include "figment/ops/reduce.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using figment::grad;
using figment::NoGrad;
using figment::parameter;
using figment::Tensor;
using F64 = Tensor<double>;

namespace {

F64 leaf(double v) { return parameter(F64::scalar(v)); }

}  // namespace

TEST_CASE("a gradient by several parameters comes in their order and shapes", "[autograd]") {
  const F64 a = parameter(F64({2}, {1, 2})), b = parameter(F64({3, 1}, {3, 4, 5}));
  const auto g = grad(sum(a * b), {b, a});
  REQUIRE(g.size() == 2);
  CHECK(test::difference(g[0], F64({3, 1}, {3, 3, 3}), 0) == "");  // sum of a
  CHECK(test::difference(g[1], F64({2}, {12, 12}), 0) == "");      // sum of b
}

TEST_CASE("a tensor used in several places gathers all its gradients", "[autograd]") {
  const F64 x = leaf(3);
  CHECK(grad(x + x, x).item() == 2);
  CHECK(grad(x * x, x).item() == 6);
  // A diamond: both arms of y come from one x, and they meet twice.
  const F64 y = square(x), left = y * 2, right = y + x, z = left * right + left;
  // z = 2x^2 (x^2 + x) + 2x^2, dz = 8x^3 + 6x^2 + 4x
  CHECK(grad(z, x).item() == 8 * 27 + 6 * 9 + 4 * 3);
  // The first sum into x is of aliases: dy itself must not change under the other arm.
  const F64 u = leaf(2), s = u + u, t = s * u;
  CHECK(grad(t, u).item() == 8);
  CHECK(grad(s, u).item() == 2);
}

TEST_CASE("a target may be in the middle of the graph, or the result itself", "[autograd]") {
  const F64 x = leaf(2), y = square(x), z = y * x;
  const auto g = grad(z, {y, x, z});
  CHECK(g[0].item() == 2);   // dz/dy with x held
  CHECK(g[1].item() == 12);  // through y too
  CHECK(g[2].item() == 1);
}

TEST_CASE("a target that had no part gets zeros in its shape", "[autograd]") {
  const F64 x = leaf(2), unused = parameter(F64::ones({2, 3})), later = parameter(F64::ones({4}));
  const auto g = grad(square(x), {unused, x, later});
  CHECK(test::difference(g[0], F64::zeros({2, 3}), 0) == "");
  CHECK(g[1].item() == 4);
  CHECK(test::difference(g[2], F64::zeros({4}), 0) == "");
}

TEST_CASE("higher derivatives", "[autograd]") {
  const auto derivatives = [](F64 y, const F64& x, int count) {
    std::vector<double> values;
    for (int i = 0; i < count; ++i) {
      y = grad(y, x, {.create_graph = true});
      values.push_back(y.item());
    }
    return values;
  };
  const F64 x = leaf(2);
  // x^5: 5x^4, 20x^3, 60x^2, 120x, 120, and then nothing
  CHECK(derivatives(pow(x, 5), x, 5) == std::vector<double>{80, 160, 240, 240, 120});
  CHECK(derivatives(x * x * x * x * x, x, 3) == std::vector<double>{80, 160, 240});
  const F64 a = leaf(0.7);
  const auto d = derivatives(sin(a), a, 4);
  // One rounding in each of a few operations.
  CHECK_THAT(d[0], WithinAbs(std::cos(0.7), 1e-15));
  CHECK_THAT(d[1], WithinAbs(-std::sin(0.7), 1e-15));
  CHECK_THAT(d[2], WithinAbs(-std::cos(0.7), 1e-15));
  CHECK_THAT(d[3], WithinAbs(std::sin(0.7), 1e-15));
}

TEST_CASE("a gradient is tracked only if its graph was asked for", "[autograd]") {
  const F64 x = leaf(2), y = x * x * x;
  CHECK_FALSE(grad(y, x).tracked());
  CHECK(grad(y, x, {.create_graph = true}).tracked());
  // A gradient penalty: the norm of a gradient is itself minimised.
  const F64 g = grad(y, x, {.create_graph = true});
  CHECK(grad(square(g), x).item() == 2 * 12 * 12);
}

TEST_CASE("vjp weighs the elements of its result", "[autograd]") {
  const F64 x = parameter(F64({3}, {1, 2, 3})), y = square(x);
  const F64 dy({3}, {1, 10, 100});
  CHECK(test::difference(vjp(y, dy, std::vector<F64>{x})[0], F64({3}, {2, 40, 600}), 0) == "");
  CHECK(test::error_of([&] { vjp(y, F64::ones({2}), std::vector<F64>{x}); }) ==
        "vjp: dy (2,) and y (3,) differ in shape");
}

TEST_CASE("what grad cannot differentiate, it names", "[autograd]") {
  const F64 x = parameter(F64({2, 2}, {1, 2, 3, 4})), constant = F64::ones({3});
  CHECK(test::error_of([&] { grad(square(x), x); }) ==
        "grad: expected a loss of one element, found shape (2, 2); vjp takes any shape");
  CHECK(test::error_of([&] { grad(sum(constant), x); }) ==
        "grad: the loss was not computed from any parameter, or under NoGrad");
  CHECK(test::error_of([&] {
          grad(sum(x), {x, constant});
        }) == "grad: target 1 (shape (3,)) is not part of a graph; make it one with parameter()");
}

TEST_CASE("nothing is recorded under NoGrad", "[autograd]") {
  const F64 x = leaf(2);
  {
    NoGrad guard;
    CHECK_FALSE((x * x).tracked());
    { NoGrad inner; }
    CHECK_FALSE((x * x).tracked());  // the inner scope's end does not switch recording on
  }
  CHECK((x * x).tracked());
  CHECK_FALSE(figment::no_grad([&] { return x * x; }).tracked());
  CHECK((x * x).tracked());
  CHECK_THROWS(figment::no_grad([&]() -> F64 { throw 1; }));
  CHECK((x * x).tracked());
}

TEST_CASE("constants, clones and detached tensors are outside the graph", "[autograd]") {
  const F64 x = leaf(2), y = square(x);
  CHECK_FALSE((F64::ones({2}) * 2).tracked());
  CHECK_FALSE(y.detach().tracked());
  CHECK_FALSE(y.clone().tracked());
  CHECK(y.detach().shares_memory_with(y));
  CHECK(grad(y.detach() * x, x).item() == 4);  // y held at 4
}

TEST_CASE("changing what a rule reads makes the gradient throw, by name", "[autograd]") {
  F64 x = parameter(F64({2}, {1, 2}));
  const F64 y = sum(square(x));
  x.fill(3);
  CHECK(test::error_of([&] { grad(y, x); }) ==
        "square: an input (shape (2,)) was changed in place, or given out for writing, after the operation "
        "used it; take the gradient "
        "before the change");

  F64 z = exp(x);
  const F64 loss = sum(z);
  z.set({0}, 1);
  CHECK(test::error_of([&] { grad(loss, x); }) ==
        "exp: the output (shape (2,)) was changed in place, or given out for writing, after the operation "
        "used it; take the gradient "
        "before the change");

  // Through an alias under another shape too.
  F64 w = parameter(F64({4}, {1, 2, 3, 4}));
  const F64 view = reshape(w, {2, 2}), total = sum(view * view);
  w.mutable_data()[0] = 7;
  CHECK(test::error_of([&] { grad(total, w); }).rfind("mul: an input (shape (2, 2)) was changed", 0) == 0);
}

TEST_CASE("changing what no rule reads is allowed", "[autograd]") {
  F64 x = parameter(F64({2}, {1, 2}));
  const F64 y = sum(x * 2 + x);  // linear: the rules read no values
  x.fill(5);
  CHECK(test::difference(grad(y, x), F64({2}, {3, 3}), 0) == "");
  const F64 again = sum(square(x));  // and a new computation sees the new values
  CHECK(test::difference(grad(again, x), F64({2}, {10, 10}), 0) == "");
}

TEST_CASE("a graph can be differentiated again, and by other targets", "[autograd]") {
  const F64 x = leaf(2), y = leaf(3), z = x * y;
  CHECK(grad(z, x).item() == 3);
  CHECK(grad(z, x).item() == 3);
  CHECK(grad(z, y).item() == 2);
}

TEST_CASE("gradcheck records, whatever its caller does", "[autograd]") {
  const figment::GradcheckFunction f = [](auto x) { return square(x[0]) * x[1]; };
  const std::vector<Tensor<double>> inputs{Tensor<double>({2}, {1, 2}), Tensor<double>({2}, {3, 4})};
  const figment::NoGrad guard;
  CHECK(gradcheck(f, inputs).message == "");
}

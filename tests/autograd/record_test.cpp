// Operations of the user's own, and how much work a gradient does.
#include "figment/autograd/record.hpp"

#include "figment/autograd/gradcheck.hpp"
#include "figment/ops/assign.hpp"
#include "figment/ops/math.hpp"
#include "figment/ops/reduce.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using figment::grad;
using figment::gradcheck;
using figment::Keep;
using figment::parameter;
using figment::Tensor;
using F64 = Tensor<double>;

namespace {

/// x^3 / 3, as a user would write it, with a count of how often its rule ran.
F64 cube_third(const F64& x, int* calls) {
  F64 y(x.shape());
  double* out = y.mutable_data();
  for (figment::Index i = 0; i < x.size(); ++i) out[i] = x.data()[i] * x.data()[i] * x.data()[i] / 3;
  return record(
      "cube_third", {x}, y,
      [calls](auto& s, auto& dy, auto& dx) {
        ++*calls;
        dx(0, [&] { return dy * s.in(0) * s.in(0); });
      },
      Keep::inputs);
}

/// a * b, counting the gradients computed of each.
F64 counted_product(const F64& a, const F64& b, int* da, int* db) {
  const F64 y = figment::no_grad([&] { return a * b; });
  return record("counted_product", {a, b}, y, [da, db](auto& s, auto& dy, auto& dx) {
    CHECK(s.inputs() == 2);
    dx(0, [&] { return ++*da, dy * s.in(1); });
    dx(1, [&] { return ++*db, dy * s.in(0); });
  });
}

}  // namespace

TEST_CASE("a user's operation has gradients of any order", "[autograd]") {
  int calls = 0;
  const F64 x = parameter(F64({3}, {1, 2, -3}));
  const F64 g = grad(sum(cube_third(x, &calls)), x, {.create_graph = true});
  CHECK(test::difference(g, F64({3}, {1, 4, 9}), 0) == "");
  CHECK(test::difference(grad(sum(g), x), F64({3}, {2, 4, -6}), 0) == "");
  const auto result = gradcheck([&](std::span<const F64> in) { return cube_third(in[0], &calls); },
                                {F64({2, 2}, {0.5, -1, 2, 0})});
  CHECK(result.message == "");
  CHECK(calls > 0);
}

TEST_CASE("a rule may capture values and tensors, which live as long as the graph", "[autograd]") {
  const auto before = figment::memory_stats().in_use;
  {
    F64 y;
    const F64 x = parameter(F64({2}, {1, 2}));
    {
      const F64 factor({2}, {3, 4});
      const double scale = 2;
      y = record(
          "scaled", {x}, figment::no_grad([&] { return x * factor * scale; }),
          [factor, scale](auto&, auto& dy, auto& dx) { dx(0, [&] { return dy * factor * scale; }); },
          Keep::nothing);
    }
    CHECK(test::difference(grad(sum(y), x), F64({2}, {6, 8}), 0) == "");
  }
  CHECK(figment::memory_stats().in_use == before);
}

TEST_CASE("frozen networks do no work", "[autograd]") {
  // D(G(z)): both weights are parameters, one is asked for.
  const F64 wg = parameter(F64::scalar(2)), wd = parameter(F64::scalar(3)), z = F64::scalar(5);
  int g_w = 0, g_in = 0, d_w = 0, d_in = 0;
  const F64 fake = counted_product(wg, z, &g_w, &g_in), score = counted_product(wd, fake, &d_w, &d_in);
  CHECK(grad(score, wg).item() == 15);
  CHECK((g_w == 1 && g_in == 0 && d_w == 0 && d_in == 1));  // through D, none for D's weight
  CHECK(grad(score, wd).item() == 10);
  CHECK((g_w == 1 && g_in == 0 && d_w == 1 && d_in == 1));  // and nothing in G at all
}

TEST_CASE("branches that do not lead to a target are not walked", "[autograd]") {
  int calls = 0;
  const F64 x = parameter(F64::scalar(2)), other = parameter(F64::scalar(3));
  const F64 y = x * cube_third(other, &calls) + cube_third(F64::scalar(4), &calls);
  CHECK(grad(y, x).item() == 9);
  CHECK(calls == 0);
  CHECK(grad(y, other).item() == 18);
  CHECK(calls == 1);
}

TEST_CASE("a rule that leaves a gradient out is named", "[autograd]") {
  const F64 x = parameter(F64::ones({2, 3}));
  const F64 y = record("forgetful", {x}, F64::ones({}), [](auto&, auto&, auto&) {});
  CHECK(test::error_of([&] { grad(y, x); }) ==
        "forgetful: its rule gave no gradient for input 0 (shape (2, 3))");
}

TEST_CASE("a rule that reads what was not kept is named", "[autograd]") {
  const F64 x = parameter(F64::ones({2}));
  const F64 y = record(
      "careless", {x}, F64::ones({}),
      [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy * s.in(0); }); }, Keep::nothing);
  CHECK(test::error_of([&] { grad(y, x); }) ==
        "careless: its rule reads an input that was not kept (see Keep)");
}

TEST_CASE("a rule that names an input there is not is named", "[autograd]") {
  const F64 x = parameter(F64::ones({2}));
  const F64 reads = record("reader", {x}, F64::ones({}),
                           [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy * s.in(1); }); });
  CHECK(test::error_of([&] { grad(reads, x); }) == "reader: its rule reads input 1 of 1");
  const F64 gives =
      record("giver", {x}, F64::ones({}), [](auto&, auto& dy, auto& dx) { dx(1, [&] { return dy; }); });
  CHECK(test::error_of([&] { grad(gives, x); }) == "record: a rule gives the gradient of input 1 of 1");
}

TEST_CASE("a gradient in the broadcast shape is summed, one in another shape refused", "[autograd]") {
  const F64 x = parameter(F64::scalar(2));
  const auto spread = [&](const figment::Shape& shape) {
    return record("spread", {x}, F64::scalar(0),
                  [shape](auto&, auto&, auto& dx) { dx(0, [&] { return F64::ones(shape); }); });
  };
  CHECK(grad(spread({2, 3}), x).item() == 6);
  const F64 m = parameter(F64::ones({2, 3}));
  const F64 y = record("wrong", {m}, F64::scalar(0),
                       [](auto&, auto&, auto& dx) { dx(0, [&] { return F64::ones({4}); }); });
  CHECK_THROWS_AS(grad(y, m), figment::Error);
}

TEST_CASE("gradcheck catches wrong rules", "[autograd]") {
  const std::vector<F64> x{F64({2}, {0.5, 2})};
  const auto with_rule = [](auto rule) {
    return [rule](std::span<const F64> in) {
      return record("suspect", {in[0]}, figment::no_grad([&] { return in[0] * in[0] * in[0]; }), rule);
    };
  };
  const auto right =
      with_rule([](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy * s.in(0) * s.in(0) * 3; }); });
  CHECK(gradcheck(right, x).ok);

  const auto wrong = gradcheck(
      with_rule([](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy * s.in(0) * s.in(0) * 2.999; }); }),
      x);
  CHECK_FALSE(wrong.ok);
  CHECK(wrong.worst > 1e-4);
  CHECK_THAT(wrong.message, StartsWith("first derivative by input 0 (shape (2,)) at element 0: "));

  // Right in value, but of values that are said to be constant: only the second order shows it.
  const auto cut = with_rule([](auto& s, auto& dy, auto& dx) {
    dx(0, [&] { return dy * s.constant_in(0) * s.constant_in(0) * 3; });
  });
  CHECK(gradcheck(cut, x, {.second_order = false}).ok);
  const auto second = gradcheck(cut, x);
  CHECK_FALSE(second.ok);
  CHECK_THAT(second.message, StartsWith("second derivative by input 0"));

  const auto nan = with_rule([](auto&, auto& dy, auto& dx) { dx(0, [&] { return dy * std::nan(""); }); });
  CHECK_FALSE(gradcheck(nan, x).ok);

  const auto missing = with_rule([](auto&, auto&, auto&) {});
  CHECK_THROWS_AS(gradcheck(missing, x), figment::Error);
}

namespace {

/// x^3 with a rule of the test's, of x and maybe another input that is left alone.
template <class Rule>
F64 cube(const F64& x, Rule rule, const F64& other = F64()) {
  return record("cube", {x, other}, figment::no_grad([&] { return x * x * x; }), rule);
}
template <class Rule>
F64 cube_alone(const F64& x, Rule rule) {
  return record("cube", {x}, figment::no_grad([&] { return x * x * x; }), rule);
}

/// 3 x^2 in plain memory.
F64 slope(const F64& x) {
  F64 y(x.shape());
  for (figment::Index i = 0; i < x.size(); ++i) y.mutable_data()[i] = 3 * x.data()[i] * x.data()[i];
  return y;
}

std::string cut_from(const std::string& what, int input = 0) {
  return "cube: its rule cuts the gradient of input " + std::to_string(input) + " off from " + what +
         ", so that with create_graph its own gradient would be wrong: write the rule in tensor operations, "
         "or "
         "say what is constant (constant_in, constant_out, dx.constant)";
}

}  // namespace

// Otherwise d/dx of x f'(x) would silently lack a term, or all.
TEST_CASE("a rule that leaves the graph is refused by name when its gradient is recorded", "[autograd]") {
  const F64 x = parameter(F64({2}, {1, 2})), w = parameter(F64({2}, {5, 7}));
  const auto first = [&](const F64& y) { return grad(sum(y), x); };
  const auto recorded = [&](const F64& y) {
    return test::error_of([&] { grad(sum(y), x, {.create_graph = true}); });
  };

  // In plain memory, dy too: read inside dx or before, of one input or of several, dy a constant or not.
  const auto inside = [](auto& s, auto& dy, auto& dx) {
    dx(0, [&] {
      F64 g = slope(s.in(0));
      for (figment::Index i = 0; i < g.size(); ++i) g.mutable_data()[i] *= dy.data()[i];
      return g;
    });
  };
  const auto before = [](auto& s, auto& dy, auto& dx) {
    F64 g = slope(s.in(0));
    for (figment::Index i = 0; i < g.size(); ++i) g.mutable_data()[i] *= dy.data()[i];
    dx(0, [&] { return g; });
  };
  CHECK(test::difference(first(cube(x, inside)), F64({2}, {3, 12}), 0) == "");
  CHECK(recorded(cube_alone(x, inside)) == cut_from("input 0"));
  CHECK(recorded(cube_alone(x, before)) == cut_from("input 0"));
  CHECK(recorded(cube(x, before)) == cut_from("dy"));
  CHECK(recorded(cube(x, before) * w) == cut_from("dy"));
  CHECK(recorded(cube(x, inside) * w) == cut_from("dy"));
  // A rule may capture what it reads.
  CHECK(recorded(cube(x, [g = slope(x)](auto&, auto&, auto& dx) { dx(0, [&] { return g; }); }) * w) ==
        cut_from("dy"));

  // Half in plain memory: dy is in the gradient's graph, but the factor is not.
  const auto factor = [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy * slope(s.in(0)); }); };
  CHECK(recorded(cube(x, factor)) == cut_from("input 0"));
  CHECK(recorded(cube(x, factor) * w) == cut_from("input 0"));
  const auto by_output = [](auto& s, auto& dy, auto& dx) { dx(0, [&] { return dy * slope(s.out()); }); };
  CHECK(recorded(cube(x, by_output)) == cut_from("the output"));
  const auto detached = [](auto& s, auto& dy, auto& dx) {
    dx(0, [&] { return dy * slope(s.in(0).detach()); });
  };
  CHECK(recorded(cube(x, detached)) == cut_from("input 0"));
  CHECK(recorded(cube(x, [](auto& s, auto& dy, auto& dx) {
          dx(0, [&] { return figment::no_grad([&] { return dy * square(s.in(0)) * 3; }); });
        })) == cut_from("input 0"));
}

TEST_CASE("no right rule is refused when its gradient is recorded", "[autograd]") {
  const F64 x = parameter(F64({2}, {1, 2})), w = parameter(F64({2}, {5, 7})), c({2}, {3, 4});
  const figment::GradOptions again{.create_graph = true};
  const auto product = [](const F64& a, const F64& b) {
    return record(
        "product", {a, b}, figment::no_grad([&] { return a * b; }), [](auto& s, auto& dy, auto& dx) {
          const auto &u = s.in(0), &v = s.in(1);  // both are read before, each gradient has one of them
          dx(0, [&] { return dy * v; });
          dx(1, [&] { return dy * u; });
        });
  };
  CHECK(test::difference(grad(sum(product(x, c)), x, again), F64({2}, {3, 4}), 0) == "");
  CHECK_FALSE(grad(sum(product(x, c)), x, again).tracked());  // a constant, and known to be one
  CHECK(test::difference(grad(sum(grad(sum(product(x, product(x, w))), x, again)), x), F64({2}, {10, 14}),
                         0) == "");
  CHECK(test::difference(grad(sum(square(grad(sum(product(x, c) * w), x, again))), w), F64({2}, {90, 224}),
                         0) == "");
  // Linear, read or not.
  const auto twice = [](const F64& a) {
    return record("twice", {a}, figment::no_grad([&] { return a * 2; }),
                  [](auto&, auto& dy, auto& dx) { dx(0, [&] { return dy * 2; }); });
  };
  CHECK(test::difference(grad(sum(twice(x)), x, again), F64({2}, {2, 2}), 0) == "");
  CHECK(test::difference(grad(sum(grad(sum(square(twice(x))), x, again)), x), F64({2}, {8, 8}), 0) == "");

  // Constant in pieces, in plain memory, and said to be so: a rounding that lets the gradient through
  // above 1.
  const auto rounded = [](const F64& a) {
    return record("rounded", {a}, figment::no_grad([&] { return a * 1; }), [](auto& s, auto& dy, auto& dx) {
      dx(0, [&] {
        F64 mask(s.in_shape(0));
        const F64 in = s.constant_in(0);
        for (figment::Index i = 0; i < in.size(); ++i) mask.mutable_data()[i] = in.data()[i] > 1;
        return dy * mask;
      });
    });
  };
  CHECK(test::difference(grad(sum(grad(sum(square(rounded(x))), x, again)), x), F64({2}, {0, 2}), 0) == "");
  // And a gradient that is not looked at.
  const auto last = [](auto& s, auto& dy, auto& dx) {
    dx.constant(0, [&] { return dy.detach() * slope(s.in(0)); });
  };
  const F64 g = grad(sum(cube(x, last) * w), x, again);
  CHECK(test::difference(g, F64({2}, {15, 84}), 0) == "");
  CHECK_FALSE(g.tracked());
}

namespace {

/// r (cos a, sin a), by a rule of the test's.
template <class Rule>
std::array<F64, 2> polar_by(const F64& r, const F64& a, Rule rule) {
  const auto [x, y] = figment::no_grad([&] { return std::pair(r * cos(a), r * sin(a)); });
  return record("polar", {r, a}, std::array{x, y}, rule);
}
/// By the inputs, the outputs, and the gradients of both.
std::array<F64, 2> polar(const F64& r, const F64& a) {
  return polar_by(r, a, [](auto& s, auto& dy, auto& dx) {
    dx(0, [&] { return dy[0] * cos(s.in(1)) + dy[1] * sin(s.in(1)); });
    dx(1, [&] { return dy[1] * s.out(0) - dy[0] * s.out(1); });
  });
}

}  // namespace

TEST_CASE("an operation of several outputs has gradients of any order by all of them", "[autograd]") {
  const std::vector<F64> in{F64({3}, {1, 2, 0.5}), F64({3}, {0.3, -2, 4})};
  const auto check_by = [&](auto f) {
    return gradcheck([f](std::span<const F64> x) { return f(polar(x[0], x[1])); }, in).message;
  };
  CHECK(check_by([](const auto& p) { return p[0] * p[1]; }) == "");
  CHECK(check_by([](const auto& p) { return exp(p[0]); }) == "");  // the other output has no part in it
  CHECK(check_by([](const auto& p) { return square(p[1]); }) == "");
  CHECK(check_by([](const auto& p) { return square(p[0]) + square(p[0] + p[1]); }) == "");
  const auto twice = [](std::span<const F64> x) {
    const auto p = polar(x[0], x[1]), q = polar(p[1], p[0] + p[1]);
    return q[0] * p[0] + q[1];
  };
  CHECK(gradcheck(twice, in).message == "");

  // Third derivatives: x y = r^2 sin(2a) / 2, three times by a: -4 r^2 cos(2a).
  const F64 r = parameter(F64::scalar(3)), a = parameter(F64::scalar(0.25));
  const auto [x, y] = polar(r, a);
  F64 d = x * y;
  for (int order = 0; order < 3; ++order) d = grad(d, a, {.create_graph = true});
  CHECK_THAT(d.item(), WithinAbs(-36 * std::cos(0.5), 1e-13));  // a few roundings of numbers under 40
}

TEST_CASE("of several outputs those without a gradient are known to be so", "[autograd]") {
  const F64 r = parameter(F64({2}, {1, 2})), a = parameter(F64({2}, {0.5, 1}));
  std::string seen;
  const auto rule = [&seen](auto& s, auto& dy, auto& dx) {
    CHECK((dy.size() == 2 && s.inputs() == 2));
    for (std::size_t i = 0; i < 2; ++i) seen += dy.has(i) ? 'y' : 'n';
    CHECK(dy[0].shape() == figment::Shape{2});
    CHECK(dy[1].shape() == figment::Shape{2});
    dx(0, [&] { return dy[0] + dy[1]; });
    dx(1, [&] { return dy[0] - dy[1]; });
  };
  const auto [x, y] = polar_by(r, a, rule);
  CHECK(test::difference(grad(sum(x), a), F64({2}, {1, 1}), 0) == "");
  CHECK(test::difference(grad(sum(y * 2), a), F64({2}, {-2, -2}), 0) == "");
  CHECK(test::difference(grad(sum(x + y * 3), r), F64({2}, {4, 4}), 0) == "");
  CHECK(seen == "ynnyyy");
  // Targets: the outputs themselves, of which nothing goes further.
  const auto g = grad(sum(x * y * y), {y, x});
  CHECK(test::difference(g[0], 2 * x * y, 1) == "");
  CHECK(test::difference(g[1], square(y), 1) == "");
  CHECK(seen == "ynnyyy");
  const auto all = grad(sum(x * 5 + y), {x, r});  // and of which it does
  CHECK(test::difference(all[0], F64({2}, {5, 5}), 0) == "");
  CHECK(test::difference(all[1], F64({2}, {6, 6}), 0) == "");
  // Nothing of it is walked for what it has no part in.
  CHECK(grad(sum(square(r)) + sum(x).detach(), r)(1) == 4);
  CHECK(seen == "ynnyyyyy");
}

TEST_CASE("an output of several is as any tensor of the graph", "[autograd]") {
  const F64 r = parameter(F64({2}, {1, 2})), a = parameter(F64({2}, {0.5, 1}));
  {
    auto p = polar(r, a);
    p[0].fill(1);
    CHECK(test::error_of([&] { grad(sum(p[1]), a); }) ==
          "polar: an output (shape (2,)) was changed in place, or given out for writing, after the operation "
          "used it; take the gradient before the change");
    CHECK(grad(sum(p[1]), r).defined());  // which reads none
  }
  auto p = polar(r, a);
  p[0] += p[1];  // not a parameter: it becomes the sum
  CHECK(test::difference(grad(sum(p[0]), r), cos(a) + sin(a), 4) == "");
  CHECK_FALSE(figment::no_grad([&] { return polar(r, a); })[1].tracked());
  CHECK_FALSE(polar(r.detach(), a.detach())[0].tracked());

  // A gradient by an output of the rule's own graph goes where that output's does.
  const auto q = polar(r, a);
  const F64 da = grad(sum(q[0] + q[1]), a, {.create_graph = true});  // x - y
  CHECK(test::difference(grad(sum(da), q[1]), F64({2}, {-1, -1}), 0) == "");
}

TEST_CASE("as many outputs as a list has", "[autograd]") {
  const auto powers = [](const F64& x, int n) {
    std::vector<F64> y;
    for (int i = 1; i <= n; ++i) y.push_back(figment::no_grad([&] { return pow(x, i); }));
    return record(
        "powers", {x}, y,
        [](auto& s, auto& dy, auto& dx) {
          dx(0, [&] {
            F64 total = F64::zeros(s.in_shape(0));
            for (std::size_t i = 0; i < dy.size(); ++i)
              if (dy.has(i)) total = total + dy[i] * pow(s.in(0), static_cast<double>(i)) * double(i + 1);
            return total;
          });
        },
        Keep::inputs);
  };
  const F64 x = parameter(F64::scalar(2));
  const auto y = powers(x, 40);  // more than are watched
  REQUIRE(y.size() == 40);
  CHECK(grad(y[3] + y[0] * 2, x).item() == 34);
  CHECK(grad(grad(y[4] + y[39] * 0, x, {.create_graph = true}), x).item() == 160);
  CHECK(powers(x, 0).empty());
}

TEST_CASE("a rule of several outputs that errs is named", "[autograd]") {
  const F64 r = parameter(F64({2}, {1, 2})), a = parameter(F64({2}, {0.5, 1})), w = parameter(F64::ones({2}));
  const auto error = [&](auto rule, bool again = false) {
    return test::error_of([&] {
      const auto p = polar_by(r, a, rule);
      grad(sum(p[0] * w), a, {.create_graph = again});
    });
  };
  CHECK(error([](auto& s, auto&, auto& dx) { dx(1, [&] { return s.out(2); }); }) ==
        "polar: its rule reads output 2 of 2");
  CHECK(error([](auto&, auto& dy, auto& dx) { dx(1, [&] { return dy[2]; }); }) ==
        "polar: its rule reads output 2 of 2");
  CHECK(error([](auto&, auto&, auto&) {}) == "polar: its rule gave no gradient for input 1 (shape (2,))");
  CHECK_THAT(error([](auto&, auto& dy, auto& dx) { dx(1, [&] { return dy[0].detach(); }); }, true),
             StartsWith("polar: its rule cuts the gradient of input 1 off from dy 0,"));
  CHECK_THAT(
      error([](auto& s, auto& dy, auto& dx) { dx(1, [&] { return dy[0] * s.out(1).detach(); }); }, true),
      StartsWith("polar: its rule cuts the gradient of input 1 off from output 1,"));
  CHECK_THAT(error([](auto& s, auto& dy, auto& dx) { dx(1, [&] { return dy[0] * slope(s.in(0)); }); }, true),
             StartsWith("polar: its rule cuts the gradient of input 1 off from input 0,"));
  CHECK(error([](auto& s, auto& dy, auto& dx) { dx(1, [&] { return dy[0] * s.out(1) + dy[1]; }); }, true) ==
        "no error");
}

// What the list of cases cannot say: comparisons, extreme values, closed forms, ties and changed operands.
#include "figment/core/random.hpp"
#include "figment/ops/batch_norm.hpp"
#include "figment/ops/layer_norm.hpp"
#include "figment/ops/loss.hpp"
#include "figment/ops/product.hpp"
#include "figment/ops/scan.hpp"
#include "figment/ops/straight_through.hpp"
#include "figment/ops/vector_norm.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using figment::grad;
using figment::Indices;
using figment::Mask;
using figment::parameter;
using figment::Reduction;
using figment::Tensor;
using test::error_of;
using F64 = Tensor<double>;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double nan_value = std::nan("");

std::vector<int> bits(const Mask& m) { return {m.values().begin(), m.values().end()}; }

}  // namespace

TEST_CASE("comparisons give masks, with broadcasting and numbers", "[ops]") {
  const F64 a({2, 2}, {1, 2, 3, nan_value}), b({2}, {2, 2});
  CHECK(bits(greater(a, b)) == std::vector<int>{0, 0, 1, 0});
  CHECK(bits(less(a, b)) == std::vector<int>{1, 0, 0, 0});
  CHECK(bits(equal(a, b)) == std::vector<int>{0, 1, 0, 0});
  CHECK(bits(greater(a, 1)) == std::vector<int>{0, 1, 1, 0});
  CHECK(bits(less(a, 3)) == std::vector<int>{1, 1, 0, 0});
  CHECK(bits(equal(a, 3)) == std::vector<int>{0, 0, 1, 0});
  CHECK(bits(is_finite(F64({5}, {1, inf, -inf, nan_value, 0}))) == std::vector<int>{1, 0, 0, 0, 1});
  CHECK(bits(is_finite(Tensor<float>({2}, {3e38f, std::numeric_limits<float>::infinity()}))) ==
        std::vector<int>{1, 0});
}

TEST_CASE("argmax and argmin name the first of equals", "[ops]") {
  const F64 x({2, 4}, {1, 3, 3, 0, 5, 2, 2, 5});
  CHECK((argmax(x, 1)(0) == 1 && argmax(x, 1)(1) == 0));
  CHECK((argmin(x, -1)(0) == 3 && argmin(x, -1)(1) == 1));
  CHECK((argmax(x, 0).shape() == figment::Shape{4} && argmax(x, 0)(1) == 0));
  CHECK(argmax(x) == 4);
  CHECK(argmax(F64::zeros({0, 3}), 1).size() == 0);
  CHECK(error_of([] {
          argmax(F64::zeros({3, 0}), 1);
        }) == "argmax: no elements along axis 1 of shape (3, 0)");
}

TEST_CASE("integers beyond their type are errors and do not wrap", "[ops]") {
  using Long = Tensor<std::int64_t>;
  const std::int32_t most = std::numeric_limits<std::int32_t>::max();
  const Indices far({2}, {most, -most});
  const std::string beyond = "a result is beyond integers of 32 bits";
  CHECK(error_of([&] { far + far; }) == "add: " + beyond);
  CHECK(error_of([&] { far - 2; }) == "sub: " + beyond);
  CHECK(error_of([&] { 2 * far; }) == "mul: " + beyond);
  CHECK((far + Long::scalar(1))(0) == std::int64_t{most} + 1);
  CHECK(error_of([&] { far + (std::int64_t{1} << 32); }) ==
        "add: 4294967296 is beyond the integers of the tensor");
  CHECK(error_of([&] { sum(Indices({2}, {most, 1})); }) == "sum: 2147483648 is beyond integers of 32 bits");
  CHECK(sum(Indices({3}, {most, 1, -1})).item() == most);  // on the way it may be
  CHECK_THAT(mean(Indices({2}, {most, most})).item(), WithinRel(2147483647.0f, 1e-7f));
  const std::int64_t longest = std::numeric_limits<std::int64_t>::max();
  CHECK(error_of([&] {
          mean(Long({2}, {longest, 1}));
        }) == "mean: a sum over (2,) is beyond integers of 64 bits");
  CHECK((Mask({1}, {255}) + Mask({1}, {1}))(0) == 256);
}

TEST_CASE("what greater and sum make of a mask is counted, and shared out", "[ops]") {
  const Tensor<float> x({2, 3}, {1, -2, 3, 0, -1, 5});
  CHECK(sum(greater(x, 0)).item() == 3);
  CHECK(mean(greater(x, 0)).item() == 0.5f);
  CHECK(bits(any(greater(x, 2), 1)) == std::vector<int>{1, 1});
  CHECK(bits(all(greater(x, -1) | less(x, -1), 1)) == std::vector<int>{1, 0});
  // One or the other takes part in a graph.
  const Tensor<float> p = parameter(x.clone());
  const auto dp = grad(sum(p * greater(x, 0) - Indices({3}, {1, 2, 3})), p);
  CHECK(test::bit_difference(dp, figment::cast<float>(greater(x, 0))) == "");
  const auto chosen = grad(sum(where(greater(x, 0), p, 0) + maximum(p, 2)), p);
  CHECK(test::bit_difference(chosen, Tensor<float>({2, 3}, {1, 0, 2, 0, 0, 2})) == "");
}

TEST_CASE("extremes and their places of nothing, over every axis, are errors by name", "[ops]") {
  const auto refused = [](const char* name, auto f, const figment::Shape& shape) {
    INFO(name << " over " << to_string(shape));
    for (figment::Index axis = -shape.rank(); axis < shape.rank(); ++axis) {
      const bool empty = shape[axis] == 0, some = figment::detail::with_extent(shape, axis, 1).size() > 0;
      const std::string message = error_of([&] { f(shape, axis); });
      if (empty && some)
        CHECK_THAT(message, StartsWith(std::string(name) + ": no elements "));
      else if (!empty)
        CHECK(message == "no error");
    }
  };
  for (const figment::Shape& shape : {figment::Shape{0}, {0, 3}, {3, 0}, {2, 0, 3}, {0, 0}, {2, 3}}) {
    refused(
        "max", [](auto& s, auto a) { max(F64(s), a), max(Indices(s), a); }, shape);
    refused(
        "min", [](auto& s, auto a) { min(Mask(s), a); }, shape);
    refused(
        "min", [](auto& s, auto a) { min(F64(s), a); }, shape);
    refused(
        "argmax", [](auto& s, auto a) { argmax(Indices(s), a); }, shape);
    refused(
        "argmax", [](auto& s, auto a) { argmax(F64(s), a); }, shape);
    refused(
        "argmin", [](auto& s, auto a) { argmin(F64(s), a); }, shape);
  }
}

TEST_CASE("a power of 0 to the 0 has a gradient", "[ops]") {
  const F64 a = parameter(F64({5}, {0, 0, 0, 2, 0})), b = parameter(F64({5}, {0, 1, 2, 0, 0.5}));
  for (const bool create_graph : {false, true}) {
    const auto g = grad(sum(pow(a, b)), {a, b}, {create_graph});
    CHECK(test::special_difference(g[0], F64({5}, {0, 1, 0, 0, inf}), 0) == "");
    CHECK(test::special_difference(g[1], F64({5}, {0, 0, 0, std::log(2.0), 0}), 1) == "");
  }
}

// 0.1f is what is summed, so the right mean is 0.1f itself, along every axis and on every instruction set.
TEST_CASE("sums of many numbers keep their digits", "[ops]") {
  const figment::Index n = 300'000;
  const auto x = Tensor<float>::full({n, 3}, 0.1f);
  const auto flat = x.view_as({3, n}), both = x.view_as({2, 3, n / 2});
  for (const auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    INFO("on " << name(isa));
    for (const auto& y : {mean(x, {0}), mean(flat, {1}), mean(both, {0, 2}), mean(x)})
      for (const float m : y.values()) CHECK(m == 0.1f);
    CHECK(sum(x).item() == static_cast<float>(3.0 * n * static_cast<double>(0.1f)));
    for (const auto& y : {var(x, {0}), var(flat, {1}), var(both, {0, 2})})
      for (const float v : y.values()) CHECK(v == 0);
    CHECK(mse(x, Tensor<float>::zeros(x.shape())).item() == 0.1f * 0.1f);
    CHECK(mean(Tensor<float>::full({4}, 3e38f)).item() == 3e38f);  // whose sum no float holds
  }
  // The same bits for any number of threads.
  Tensor<float> once;
  for (const int threads : {1, 2, 3}) {
    test::ThreadScope scope(threads);
    const auto y = sum(figment::Rng(1).normal({100'000, 7}), {0});
    if (once.defined()) CHECK(test::bit_difference(y, once) == "");
    once = y;
  }
  CHECK(sum(Tensor<float>(figment::Shape{5000, 0}), {0}).shape() == figment::Shape{0});
}

TEST_CASE("rows of one number normalise to 0", "[ops]") {
  for (const auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    INFO("on " << name(isa));
    const auto x = Tensor<float>::full({2, 1000}, 12345.67f);
    const Tensor<float> none;
    for (const auto t = layer_norm(x, none, none, 1e-5); const float y : t.values()) CHECK(y == 0);
    for (const auto t = batch_norm(x.view_as({1000, 2}), none, none, 1e-5); const float y : t.values())
      CHECK(y == 0);
  }
}

// Every square is 0.01 and every gradient 0.1, as near as floats are: what one addition loses they all lose.
TEST_CASE("batch norm's sums over many rows keep their digits", "[ops]") {
  for (const auto isa : test::supported_isas())
    for (const figment::Index channels : {1, 3, 20}) {
      test::IsaScope scope(isa);
      INFO(channels << " channels on " << name(isa));
      const figment::Index rows = 8192;
      Tensor<float> x({rows, channels});
      for (figment::Index i = 0; i < x.size(); ++i) x.mutable_data()[i] = i / channels % 2 ? 0.1f : -0.1f;
      const double each = static_cast<double>(0.1f);
      CHECK_THAT(static_cast<double>(batch_moments(x).var(0)), WithinRel(each * each, 1e-6));
      const auto beta = parameter(Tensor<float>::zeros({channels}));
      const auto dy = Tensor<float>::full(x.shape(), 0.1f);
      const auto gradient = grad(sum(batch_norm(x, Tensor<float>(), beta, 1e-5) * dy), beta);
      CHECK_THAT(static_cast<double>(gradient(0)), WithinRel(rows * each, 1e-6));
    }
}

TEST_CASE("the probabilities of a very long row sum to 1", "[ops]") {
  const figment::Index n = 1'000'000;
  const auto x = figment::Rng(3).uniform<float>({1, n}, -0.01f, 0.01f);
  double exponentials = 0;
  for (const float v : x.values()) exponentials += std::exp(static_cast<double>(v));
  for (const auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    INFO("on " << name(isa));
    double total = 0, logs = 0;
    for (const auto t = softmax(x); const float p : t.values()) total += static_cast<double>(p);
    for (const auto t = log_softmax(x); const float p : t.values()) logs += std::exp(static_cast<double>(p));
    // A float's rounding: of the share by which each is multiplied, and of a logarithm of 14.
    CHECK(std::abs(total - 1) < 2e-7);
    CHECK(std::abs(logs - 1) < 1e-6);
    CHECK(std::abs(static_cast<double>(logsumexp(x).item()) - std::log(exponentials)) < 1e-6);
  }
}

TEST_CASE("reductions of infinities, NaN and nothing", "[ops]") {
  const F64 x({3}, {1, nan_value, 2});
  CHECK(std::isnan(max(x).item()));
  CHECK(std::isnan(min(x).item()));
  CHECK(std::isnan(max(F64({2}, {nan_value, 1})).item()));
  CHECK(max(F64({2}, {-inf, -inf})).item() == -inf);
  CHECK(logsumexp(F64({2}, {-inf, -inf})).item() == -inf);
  CHECK(logsumexp(F64({2}, {inf, 1})).item() == inf);
  CHECK_THAT(logsumexp(F64({2}, {1000, 1000})).item(), WithinRel(1000 + std::log(2.0), 1e-15));
  CHECK_THAT(logsumexp(F64({2}, {-1000, -1000})).item(), WithinRel(-1000 + std::log(2.0), 1e-15));
  CHECK(sum(F64::ones({0})).item() == 0);
  CHECK(std::isnan(mean(F64::ones({0})).item()));
  CHECK(error_of([] { max(F64::ones({0})); }) == "max: no elements in shape (0,)");
}

// Each row's shares do not depend on where the row lies, nor on its size: all are taken of the distances from
// the largest.
TEMPLATE_TEST_CASE("softmax and its kin are as good along any axis, and of large numbers", "[ops]", float,
                   double) {
  using Row = std::vector<double>;
  const Row rows[] = {{1e4, 1e4},      {1e8, 1e8},        {1e5, 1e5 + 1, 1e5 + 2},
                      {-1e6, 1 - 1e6}, {3e6, 3e6 - 2, 0}, {1, -inf, 2},
                      {1e30, -1e30},   {inf, 0, 1},       {-inf, -inf},
                      {0, nan_value},  {inf, inf},        {-1e4, -1e4 + 2, -1e4 + 1}};
  for (const Row& row : rows)
    for (auto isa : test::supported_isas()) {
      INFO(row[0] << ", " << row[1] << ", … on " << name(isa));
      test::IsaScope scope(isa);
      const figment::Index n = static_cast<figment::Index>(row.size());
      // In double: the shares, their logarithms, and the gradients of sum(w y), w = 1, 2, …
      double largest = -inf, total = 0;
      for (double v : row) largest = v > largest || std::isnan(v) ? v : largest;
      for (double v : row) total += std::exp(v - largest);
      Row share, logarithm, d_share, d_logarithm;
      double weighted = 0, weights = 0;
      for (std::size_t i = 0; i < row.size(); ++i) {
        logarithm.push_back(row[i] - largest - std::log(total));
        share.push_back(std::exp(logarithm[i]));
        weighted += static_cast<double>(i + 1) * share[i], weights += static_cast<double>(i + 1);
      }
      for (std::size_t i = 0; i < row.size(); ++i) {
        d_share.push_back(share[i] * (static_cast<double>(i + 1) - weighted));
        d_logarithm.push_back(static_cast<double>(i + 1) - share[i] * weights);
      }
      for (const figment::Index axis : {0, 1, 2}) {  // the others have extent 3
        figment::Shape shape{3, 3, 3}, along{1, 1, 1};
        shape[axis] = along[axis] = n;
        const auto spread = [&](const Row& values) {
          return figment::cast<TestType>(broadcast_to(F64(along, values), shape));
        };
        Row counts;
        for (std::size_t i = 0; i < row.size(); ++i) counts.push_back(static_cast<double>(i + 1));
        const auto x = parameter(spread(row)), w = spread(counts);
        for (const bool create_graph : {false, true}) {
          INFO("axis " << axis << (create_graph ? ", recorded" : ""));
          const auto matches = [&](const Tensor<TestType>& found, const Row& expected) {
            return test::special_difference(found, broadcast_to(F64(along, expected), shape), 8);
          };
          const auto y = softmax(x, axis), z = log_softmax(x, axis);
          CHECK(matches(y, share) == "");
          CHECK(matches(z, logarithm) == "");
          const figment::GradOptions options{create_graph};
          CHECK(matches(grad(sum(w * y), x, options), d_share) == "");
          CHECK(matches(grad(sum(w * z), x, options), d_logarithm) == "");
          if (largest == inf || std::isnan(largest)) continue;
          // Of -inf alone there is no share, but a sum of 0 with the gradient 0.
          CHECK(matches(grad(sum(logsumexp(x, axis)), x, options),
                        total == total ? share : Row(row.size())) == "");
        }
        // Second gradients of log_softmax, and the first of logsumexp: -sum(w) (p_i [i = j] - p_i p_j) summed
        // over j, weighed by w again.
        if (largest - largest != 0) continue;
        Row dd_logarithm, dd_sum;
        for (std::size_t i = 0; i < row.size(); ++i) {
          dd_logarithm.push_back(-weights * share[i] * (static_cast<double>(i + 1) - weighted));
          dd_sum.push_back(share[i] * (static_cast<double>(i + 1) - weighted));
        }
        const auto second = [&](const Tensor<TestType>& f) {
          return grad(sum(w * grad(f, x, {.create_graph = true})), x);
        };
        INFO("axis " << axis << ", second");
        CHECK(test::special_difference(second(sum(w * log_softmax(x, axis))),
                                       broadcast_to(F64(along, dd_logarithm), shape), 32) == "");
        CHECK(test::special_difference(second(sum(logsumexp(x, axis))),
                                       broadcast_to(F64(along, dd_sum), shape), 32) == "");
      }
    }
}

// Of (0, -t) the larger has the logarithm -log(1 + e^-t), and the smaller the share e^-t / (1 + e^-t): digits
// of their own, which no 1 beside them may take. Some of the pairs side by side have little beside the 1,
// some much.
TEMPLATE_TEST_CASE("softmax and its kin keep the digits of what is small along any axis", "[ops]", float,
                   double) {
  using T = TestType;
  constexpr figment::Index n = 87;  // e^-87 is a normal float
  Tensor<T> x(figment::Shape{n, 2});
  for (figment::Index t = 0; t < n; ++t) x.mutable_data()[2 * t] = 0, x.mutable_data()[2 * t + 1] = -T(t);
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (figment::Index axis : {0, 1}) {
      const Tensor<T> pairs = axis == 0 ? transpose(x) : x;
      const auto place = [axis](figment::Index t, figment::Index which) {
        return axis == 0 ? which * n + t : 2 * t + which;
      };
      const auto y = softmax(pairs, axis), z = log_softmax(pairs, axis), s = logsumexp(pairs, axis);
      for (figment::Index t = 0; t < n; ++t) {
        INFO("0 and -" << t << " along " << axis << " on " << name(isa));
        const double e = std::exp(-static_cast<double>(t)), sum = std::log1p(e);
        // Exponential, sum and logarithm are within 4 units, each.
        const double allowed = 8 * static_cast<double>(std::numeric_limits<T>::epsilon());
        const auto found = [&](const Tensor<T>& from, figment::Index at) {
          return static_cast<double>(from.data()[at]);
        };
        CHECK_THAT(found(y, place(t, 0)), WithinRel(1 / (1 + e), allowed));
        CHECK_THAT(found(y, place(t, 1)), WithinRel(e / (1 + e), allowed));
        CHECK_THAT(found(z, place(t, 0)), WithinRel(-sum, allowed));
        CHECK_THAT(found(z, place(t, 1)), WithinRel(-static_cast<double>(t) - sum, allowed));
        CHECK_THAT(found(s, t), WithinRel(sum, allowed));
      }
    }
  }
}

TEST_CASE("nothing has a softmax, and a logsumexp of -inf", "[ops]") {
  for (const figment::Shape& shape : {figment::Shape{0, 2}, figment::Shape{2, 0}, figment::Shape{2, 0, 3}})
    for (figment::Index axis = 0; axis < shape.rank(); ++axis)
      for (const bool create_graph : {false, true}) {
        INFO(to_string(shape) << " along " << axis);
        const F64 x = parameter(F64(shape));
        for (const F64& y : {softmax(x, axis), log_softmax(x, axis)}) {
          CHECK(y.shape() == shape);
          CHECK(grad(sum(y), x, {create_graph}).shape() == shape);
        }
        const F64 y = logsumexp(x, axis);
        for (double v : y.values()) CHECK(v == -inf);
        CHECK(grad(sum(y), x, {create_graph}).shape() == shape);
      }
  CHECK(logsumexp(F64::ones({0})).item() == -inf);
  CHECK(error_of([] { softmax(F64::ones({2}), 1); }) == "softmax: axis 1 is out of range for shape (2,)");
  CHECK(error_of([] { log_softmax(F64::scalar(1)); }) == "log_softmax: axis -1 is out of range for shape ()");
  CHECK(error_of([] { argmax(F64(figment::Shape{0, 3})); }) == "argmax: no elements in shape (0, 3)");
  CHECK(error_of([] {
          batch_norm(F64(figment::Shape{0, 3}), F64(), F64(), 0.1);
        }) == "batch_norm: expected some examples (N, …, C), found shape (0, 3)");
  CHECK(error_of([] {
          batch_moments(F64(figment::Shape{0, 3}));
        }) == "batch_moments: expected some examples (N, …, C), found shape (0, 3)");
}

// Where a function is flat its gradient is 0, even of an infinite dy: what follows may have an infinite slope
// there, as sqrt and log have at 0.
TEMPLATE_TEST_CASE("an infinite slope does not come through where nothing depends on x", "[ops]", float,
                   double) {
  using X = Tensor<TestType>;
  const auto of = [](std::initializer_list<double> v) {
    return figment::cast<TestType>(F64({static_cast<figment::Index>(v.size())}, v));
  };
  const X zero = X::zeros({});
  const auto gradients = [&](const X& at, auto f, std::initializer_list<double> expected) {
    for (auto isa : test::supported_isas())
      for (const bool create_graph : {false, true}) {
        INFO(name(isa) << (create_graph ? ", recorded" : ""));
        test::IsaScope scope(isa);
        const X x = parameter(at);
        const X g = grad(sum(f(x)), x, {create_graph});
        CHECK(test::special_difference(reshape(g, {g.size()}),
                                       F64({static_cast<figment::Index>(expected.size())}, expected),
                                       8) == "");
      }
  };
  const X x = of({-1, 0, 1, 4});
  gradients(x, [](auto& v) { return sqrt(relu(v)); }, {0, 0, 0.5, 0.25});
  gradients(x, [](auto& v) { return log(relu(v)); }, {0, 0, 1, 0.25});
  gradients(x, [](auto& v) { return sqrt(clamp(v, 0, 2)); }, {0, inf, 0.5, 0});
  gradients(x, [&](auto& v) { return sqrt(maximum(v, zero)); }, {0, inf, 0.5, 0.25});
  gradients(x, [&](auto& v) { return sqrt(-minimum(zero, v)); }, {-0.5, -inf, 0, 0});
  gradients(x, [](auto& v) { return sqrt(abs(v)); }, {-0.5, 0, 0.5, 0.25});
  gradients(x, [](auto& v) { return sqrt(square(sign(v))); }, {0, 0, 0, 0});
  gradients(x, [](auto& v) { return sqrt(max(v) - TestType(4)); }, {0, 0, 0, inf});
  gradients(x, [](auto& v) { return log(min(relu(v))); }, {0, 0, 0, 0});
  gradients(x, [&](auto& v) { return sqrt(where(greater(v, 2), v, zero)); }, {0, 0, 0, 0.25});
  gradients(x, [](auto& v) { return sqrt(pow(v, 0) - TestType(1)); }, {0, 0, 0, 0});
  gradients(of({inf, 1, 0, -inf}), [](auto& v) { return elu(v); }, {1, 1, 1, 0});
  // A unit that is off in the whole batch, behind a product, a convolution's kin and a batch norm.
  const X w = X::ones({1, 1});
  for (const auto activation : {figment::Activation::relu, figment::Activation::leaky_relu})
    gradients(of({-1, 4}),
              [&](auto& v) {
                return sqrt(abs(linear(reshape(v, {2, 1}), w, X(), activation, 0.25)));
              },
              {activation == figment::Activation::relu ? 0 : -0.25, 0.25});
  const X beta = of({-5, 5}), y = of({1, 2, 2, 3});
  for (const bool own : {true, false}) {
    const auto normalised = [&](auto& v) {
      const X in = reshape(v, {2, 2});
      const auto relu = figment::Activation::relu;
      return own ? batch_norm(in, X(), beta, 1e-3, relu)
                 : batch_norm(in, X(), beta, of({0, 0}), of({1, 1}), 1e-3, relu);
    };
    for (const bool create_graph : {false, true}) {
      const X at = parameter(y), g = grad(sum(sqrt(normalised(at))), at, {create_graph});
      for (figment::Index i = 0; i < 4; ++i) {
        CHECK(std::isfinite(g(i)));
        if (i % 2 == 0) CHECK(g(i) == 0);
      }
    }
  }
}

// z of this channel is 0 but for its rounding, which is another one when z is computed in another order.
TEMPLATE_TEST_CASE("batch norm's gradient takes the signs of its own output", "[ops]", float, double) {
  using X = Tensor<TestType>;
  const auto x = parameter(figment::cast<TestType>(F64({4, 1}, {-0.1, -0.2, 0.1, -0.2})));
  const auto w = figment::cast<TestType>(F64({4, 1}, {1, 2, 3, 4}));
  for (auto isa : test::supported_isas())
    for (const double shift : {0.0, 0.1})
      for (const auto activation : {figment::Activation::relu, figment::Activation::leaky_relu}) {
        INFO(name(isa) << " " << shift);
        test::IsaScope scope(isa);
        const X in = x + static_cast<TestType>(shift);
        const X y = batch_norm(in, X(), X(), 1e-3, activation, 0.2);
        const X plain = grad(sum(w * y), x), recorded = grad(sum(w * y), x, {.create_graph = true});
        CHECK(test::difference(recorded, figment::cast<double>(plain), 64) == "");
        const X m = mean(in, 0), v = var(in, 0);
        const X z = batch_norm(in, X(), X(), m, v, 1e-3, activation, 0.2);
        const X one = grad(sum(w * z), x), other = grad(sum(w * z), x, {.create_graph = true});
        CHECK(test::difference(other, figment::cast<double>(one), 64) == "");
      }
}

TEST_CASE("softmax of far logits neither overflows nor loses its sum", "[ops]") {
  const F64 y = softmax(F64({2, 2}, {1000, 0, -1000, -1000}));
  CHECK((y(0, 0) == 1 && y(0, 1) == 0 && y(1, 0) == 0.5));
  CHECK(log_softmax(F64({2}, {1000, 0}))(1) == -1000);
  const F64 x = parameter(F64({1, 2}, {1000, -1000}));
  const F64 g = grad(cross_entropy(x, Indices({1}, {1})), x);
  CHECK((g(0, 0) == 1 && g(0, 1) == -1));
}

TEST_CASE("losses of logits at both ends", "[ops]") {
  // bce_with_logits(x, t) = max(x, 0) - x t + log(1 + e^-|x|)
  const F64 x = parameter(F64({4}, {1000, 1000, -1000, -1000})), t({4}, {1, 0, 1, 0});
  const F64 y = bce_with_logits(x, t, Reduction::none);
  CHECK((y(0) == 0 && y(1) == 1000 && y(2) == 1000 && y(3) == 0));
  CHECK(bce_with_logits(x, t, Reduction::sum).item() == 2000);
  CHECK(test::difference(grad(bce_with_logits(x, t, Reduction::sum), x), F64({4}, {0, 1, -1, 0}), 0) == "");
  // Probabilities of exactly 0 and 1 cost what Keras' clip at 1e-7 makes of them.
  const F64 p({2}, {0, 1}), wrong({2}, {1, 0});
  CHECK_THAT(bce(p, wrong).item(), WithinRel(-std::log(1e-7), 1e-9));
  CHECK_THAT(bce(p, p).item(), WithinRel(-std::log(1 - 1e-7), 1e-9));
}

// log(1 + e^-x), which is the loss of (x, 1) and of (-x, 0), and its derivative -1 / (1 + e^x).
TEMPLATE_TEST_CASE("a sure and right logit has the loss of its mirror image, to the last digit", "[ops]",
                   float, double) {
  using V = Tensor<TestType>;
  // Each is made of an exponential, a logarithm or quotient and a product, of two units or so each.
  const double error = 6 * static_cast<double>(std::numeric_limits<TestType>::epsilon());
  for (const auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (const double x : {0.0, 0.25, 1.0, 3.0, 8.0, 12.0, 15.0, 20.0, 40.0, 80.0}) {
      INFO("logit " << x << " on " << name(isa));
      const double right = std::log1p(std::exp(-x)), slope = -1 / (1 + std::exp(x));
      const auto near_enough = [&](TestType found, double expected) {
        CHECK_THAT(static_cast<double>(found), WithinRel(expected, error));
      };
      for (const double sign : {1.0, -1.0}) {
        const V logit = parameter(V({1}, {static_cast<TestType>(sign * x)}));
        const V target({1}, {static_cast<TestType>(sign > 0)});
        for (const auto reduction : {Reduction::none, Reduction::mean}) {
          const V loss = bce_with_logits(logit, target, reduction);
          near_enough(loss.item(), right);
          near_enough(grad(sum(loss), logit).item(), sign * slope);
          near_enough(grad(sum(loss), logit, {.create_graph = true}).item(), sign * slope);
        }
        // Two classes: the same loss of the difference of their logits.
        const V pair = parameter(V({1, 2}, {static_cast<TestType>(sign * x), 0}));
        const Indices label({1}, {sign > 0 ? 0 : 1});
        near_enough(cross_entropy(pair, label).item(), right);
        near_enough(grad(cross_entropy(pair, label), pair)(0, label(0)), slope);
        // Which may leave the 1 of the largest in the sum of others that have a tenth of it.
        CHECK_THAT(-static_cast<double>(log_softmax(pair)(0, label(0))), WithinRel(right, 4 * error));
      }
    }
    const TestType far_off = std::numeric_limits<TestType>::infinity();
    const V ends = parameter(V({2}, {far_off, -far_off})), right({2}, {1, 0}), wrong({2}, {0, 1});
    CHECK(bce_with_logits(ends, right, Reduction::sum).item() == 0);
    CHECK(bce_with_logits(ends, wrong, Reduction::sum).item() == far_off);
    for (const bool graph : {false, true}) {
      const auto slope = [&](const V& target) {
        return grad(bce_with_logits(ends, target, Reduction::sum), ends, {.create_graph = graph});
      };
      CHECK(test::difference(slope(right), F64({2}, {0, 0}), 0) == "");
      CHECK(test::difference(slope(wrong), F64({2}, {1, -1}), 0) == "");
    }
    const V p({2}, {TestType(0.25), TestType(1e-6)}), zeros = V::zeros({2});
    const V losses = bce(p, zeros, Reduction::none);
    for (const figment::Index i : {0, 1})
      CHECK_THAT(static_cast<double>(losses(i)), WithinRel(-std::log1p(-static_cast<double>(p(i))), error));
  }
}

TEST_CASE("Kullback-Leibler divergences equal their closed forms", "[ops]") {
  // Binomial(2, 0.4) and uniform over three values: the example of Wikipedia's article, in nats.
  const F64 p({3}, {0.36, 0.48, 0.16}), q = F64::full({3}, 1 / 3.0);
  CHECK_THAT(kl_divergence(p, q, Reduction::sum).item(), WithinAbs(0.0852996, 5e-8));  // the digits given
  CHECK_THAT(kl_divergence(q, p, Reduction::sum).item(), WithinAbs(0.097455, 5e-7));
  CHECK(kl_divergence(p, p, Reduction::sum).item() == 0);
  CHECK(kl_divergence(F64({2}, {0, 1}), F64({2}, {0, 1}), Reduction::sum).item() == 0);  // 0 log 0 = 0
  CHECK(kl_divergence(F64({2}, {1, 0}), F64({2}, {0, 1}), Reduction::sum).item() == inf);
  // N(0, 1) from itself, and N(1, 1): 1/2 a dimension.
  CHECK(gaussian_kl(F64::zeros({4, 3}), F64::zeros({4, 3})).item() == 0);
  CHECK(gaussian_kl(F64::ones({4, 3}), F64::zeros({4, 3})).item() == 1.5);
  CHECK(gaussian_kl(F64::ones({4, 3}), F64::zeros({4, 3}), Reduction::sum).item() == 6);
  const F64 m({2}, {1, -2}), lv({2}, {0.5, -1});
  CHECK(gaussian_kl(m, lv, m, lv).item() == 0);
  const F64 against = gaussian_kl(m, lv, F64::zeros({2}), F64::zeros({2}), Reduction::none);
  CHECK(test::difference(gaussian_kl(m, lv, Reduction::none), against, 4) == "");
}

TEST_CASE("ties share the gradient", "[ops]") {
  const F64 x = parameter(F64({4}, {1, 3, 3, 3}));
  CHECK(test::difference(grad(max(x), x), F64({4}, {0, 1 / 3.0, 1 / 3.0, 1 / 3.0}), 1) == "");
  const F64 a = parameter(F64({2}, {1, 2})), b = parameter(F64({2}, {1, 1}));
  const auto g = grad(sum(maximum(a, b)), {a, b});
  CHECK(test::difference(g[0], F64({2}, {0.5, 1}), 0) == "");
  CHECK(test::difference(g[1], F64({2}, {0.5, 0}), 0) == "");
}

TEST_CASE("gradients at the kinks are PyTorch's", "[ops]") {
  const auto at_zero = [](auto f) {
    const F64 x = parameter(F64::zeros({1}));
    return grad(sum(f(x)), x).item();
  };
  CHECK(at_zero([](auto& x) { return relu(x); }) == 0);
  CHECK(at_zero([](auto& x) { return leaky_relu(x, 0.25); }) == 0.25);
  CHECK(at_zero([](auto& x) { return abs(x); }) == 0);
  CHECK(at_zero([](auto& x) { return elu(x, 0.5); }) == 0.5);
  CHECK(at_zero([](auto& x) { return clamp(x, 0, 1); }) == 1);
}

TEST_CASE("norms and deviations have no slope where they are 0, as in PyTorch", "[ops]") {
  const auto x = parameter(F64::zeros({3}));
  const auto slopes = [&x](const F64& y) {
    const auto dx = grad(y, {x})[0];
    return std::vector<double>(dx.values().begin(), dx.values().end());
  };
  for (double p : {0.5, 1.0, 1.5, 2.0, 3.0, inf}) CHECK(slopes(norm(x, p)) == std::vector<double>{0, 0, 0});
  CHECK(slopes(std_dev(x)) == std::vector<double>{0, 0, 0});
  // Nor is there more of a slope of that slope.
  const auto dx = grad(norm(x), {x}, {.create_graph = true})[0];
  CHECK(slopes(sum(dx)) == std::vector<double>{0, 0, 0});
}

TEST_CASE("a norm of large floats is no larger than it is", "[ops]") {
  const Tensor<float> x({2, 2}, {3e30f, 1e-30f, 4e30f, 1e-30f});
  CHECK(norm(x).item() == 5e30f);
  CHECK(norm(x, 2, 0)(0) == 5e30f);
  CHECK_THAT(norm(x, 2, 0)(1) * 1e30f, WithinAbs(std::sqrt(2.0), 1e-6));  // rounded thrice
}

TEST_CASE("a product of floats is no larger than it is", "[ops]") {
  CHECK(prod(Tensor<float>({4}, {1e30f, 1e30f, 1e-30f, 1e-30f})).item() == 1);  // 1e60 and 1 in double
  CHECK(prod(Tensor<float>({3, 1}, {3, 0, 1e30f}), 0)(0) == 0);
}

TEST_CASE("a gradient stops, or goes straight through", "[ops]") {
  const auto x = parameter(F64({2}, {1.4, 2.6}));
  CHECK_FALSE(stop_gradient(x).tracked());
  const auto stopped = grad(sum(stop_gradient(x) * x), {x})[0];
  CHECK((stopped(0) == 1.4 && stopped(1) == 2.6));
  const auto y = straight_through(round(x), x);
  CHECK((y(0) == 1 && y(1) == 3));
  const auto through = grad(sum(square(y)), {x})[0];
  CHECK((through(0) == 2 && through(1) == 6));
  // None to what gave the values.
  const auto value = parameter(F64({2}, {1, 2}));
  const auto both = grad(sum(straight_through(value, x)), {value, x});
  CHECK((both[0](0) == 0 && both[1](0) == 1));
}

TEST_CASE("a running sum keeps its digits", "[ops]") {
  Tensor<float> x = Tensor<float>::ones({101, 2});
  x(0, 0) = x(0, 1) = 1 << 24;  // where a float stands still
  CHECK(cumsum(x, 0)(-1, 1) == 16777316.0f);
  CHECK(cumsum(transpose(x), 1)(1, -1) == 16777316.0f);
}

TEST_CASE("a reshape shares memory, a slice copies", "[ops]") {
  F64 x({2, 3}, {1, 2, 3, 4, 5, 6});
  const F64 view = reshape(x, {3, 2}), row = slice(x, 0, 0, 1), part = select(x, 0, 1);
  x.set({0, 0}, 9);
  CHECK((view(0, 0) == 9 && row(0, 0) == 1));
  CHECK(part.shape() == figment::Shape{3});
}

TEST_CASE("masks and positions that change after use make the gradient throw", "[ops]") {
  const F64 x = parameter(F64({3}, {1, 2, 3}));
  Mask mask({3}, {1, 0, 1});
  const F64 chosen = sum(where(mask, x, F64::zeros({3})) * 2);
  Indices rows({2}, {2, 2});
  const F64 taken = sum(take(x, rows));
  mask.fill(0);
  rows.fill(0);  // a loader that uses its buffers again does this
  const std::string rest =
      " was changed in place, or given out for writing, after the operation used it; take the gradient "
      "before the change";
  CHECK(error_of([&] { grad(chosen, x); }) == "where: the mask (shape (3,))" + rest);
  CHECK(error_of([&] { grad(taken, x); }) == "take: its positions (shape (2,))" + rest);
}

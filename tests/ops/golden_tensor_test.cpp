// Reductions, arithmetic and products against PyTorch.
#include "figment/ops/arithmetic.hpp"
#include "figment/ops/matmul.hpp"
#include "figment/ops/reduce.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/golden.hpp"

using figment::Axes;
using figment::cast;
using figment::Dims;
using figment::Index;
using figment::Tensor;

namespace {

constexpr double tensor_units = 64;  // sums of at most 60 terms in another order

const golden::Golden& tensor_values() {
  static const golden::Golden golden("tensor");
  return golden;
}

template <class T, class F>
void check_reduction(const std::string& op, F f) {
  const auto x = cast<T>(tensor_values()["reduce.x"]);
  const std::pair<const char*, Axes> choices[] = {{"0", 0},       {"1", 1},       {"2", 2},   {"01", {0, 1}},
                                                  {"02", {0, 2}}, {"12", {1, 2}}, {"all", {}}};
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (const auto& [axes_name, axes] : choices) {
      const std::string base = op + "_" + axes_name;
      INFO(base << " in " << 8 * sizeof(T) << " bits on " << name(isa));
      CHECK(test::difference(f(x, axes, Dims::drop), tensor_values()[base + ".y"], tensor_units) == "");
      CHECK(test::difference(f(x, axes, Dims::keep), tensor_values()[base + "_keep.y"], tensor_units) == "");
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("reductions equal PyTorch's", "[ops]", float, double) {
  using T = TestType;
  using figment::Variance;
  check_reduction<T>("sum", [](auto& x, auto& axes, Dims dims) { return sum(x, axes, dims); });
  check_reduction<T>("mean", [](auto& x, auto& axes, Dims dims) { return mean(x, axes, dims); });
  check_reduction<T>("var", [](auto& x, auto& axes, Dims dims) { return var(x, axes, dims); });
  check_reduction<T>("var_unbiased",
                     [](auto& x, auto& axes, Dims dims) { return var(x, axes, dims, Variance::unbiased); });
  check_reduction<T>("max", [](auto& x, auto& axes, Dims dims) { return max(x, axes, dims); });
  check_reduction<T>("min", [](auto& x, auto& axes, Dims dims) { return min(x, axes, dims); });
  check_reduction<T>("logsumexp", [](auto& x, auto& axes, Dims dims) { return logsumexp(x, axes, dims); });
}

TEST_CASE("argmax equals PyTorch's", "[ops]") {
  const auto x = tensor_values()["reduce.x"];
  for (Index axis : {0, 1, 2}) {
    const auto expected = tensor_values().indices("argmax_" + std::to_string(axis) + ".y");
    CHECK(test::bit_difference(argmax(x, axis), expected) == "");
    CHECK(test::bit_difference(argmax(cast<float>(x), axis - 3), expected) == "");
  }
  CHECK(argmax(x) == tensor_values().indices("argmax_all.y").item());
}

TEMPLATE_TEST_CASE("arithmetic with broadcasting equals PyTorch's", "[ops]", float, double) {
  const auto check = [](const std::string& op, auto f) {
    INFO(op);
    const auto a = cast<TestType>(tensor_values()[op + ".a"]), b = cast<TestType>(tensor_values()[op + ".b"]);
    CHECK(test::difference(f(a, b), tensor_values()[op + ".y"], 2) ==
          "");  // one rounding, and of the inputs to float
  };
  check("add", [](auto& a, auto& b) { return a + b; });
  check("sub", [](auto& a, auto& b) { return a - b; });
  check("mul", [](auto& a, auto& b) { return a * b; });
  check("div", [](auto& a, auto& b) { return a / b; });
}

TEMPLATE_TEST_CASE("matrix products equal PyTorch's", "[ops]", float, double) {
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (bool a : {false, true})
      for (bool b : {false, true}) {
        const std::string op = std::string("matmul_") + (a ? "t" : "n") + (b ? "t" : "n");
        INFO(op << " on " << name(isa));
        const auto y = matmul(cast<TestType>(tensor_values()[op + ".a"]),
                              cast<TestType>(tensor_values()[op + ".b"]), {a, b});
        CHECK(test::difference(y, tensor_values()[op + ".y"], tensor_units) == "");
      }
  }
}

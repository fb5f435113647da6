// Layer norm against PyTorch, with both orders of gradients.
#include "figment/autograd/grad.hpp"
#include "figment/nn/layer_norm.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/golden.hpp"

using figment::cast;
using figment::LayerNorm;
using figment::Tensor;

namespace {

// Double results of another order of operations: quotients of sums of at most eleven terms by a deviation,
// second gradients by its third power.
constexpr double layer_norm_units = 256;

template <class T>
void check_layer_norm(const std::string& name, bool affine) {
  static const golden::Golden golden("layer_norm");
  const auto get = [&](const char* part) { return golden[name + "." + part]; };
  for (auto isa : test::supported_isas()) {
    INFO(name << " in " << 8 * sizeof(T) << " bits on " << figment::kernels::name(isa));
    test::IsaScope scope(isa);
    const auto x = parameter(cast<T>(get("x"))), dy = parameter(cast<T>(get("dy")));
    LayerNorm<T> layer(x.dim(-1), {.affine = affine});
    std::vector by{x};
    if (affine) {
      layer.gamma.copy_from(cast<T>(get("gamma"))), layer.beta.copy_from(cast<T>(get("beta")));
      by.push_back(layer.gamma), by.push_back(layer.beta);
    }
    const auto y = layer.forward(x);
    CHECK(test::difference(y, get("y"), layer_norm_units) == "");
    for (bool create_graph : {false, true}) {
      const auto gradients = vjp(y, dy, by, {.create_graph = create_graph});
      CHECK(test::difference(gradients[0], get("dx"), layer_norm_units) == "");
      if (affine) CHECK(test::difference(gradients[1], get("dgamma"), layer_norm_units) == "");
      if (affine) CHECK(test::difference(gradients[2], get("dbeta"), layer_norm_units) == "");
      if (!create_graph) continue;
      const auto second = vjp(gradients[0], cast<T>(get("v")), std::vector{x, dy});
      CHECK(test::difference(second[0], get("ddx"), layer_norm_units) == "");
      CHECK(test::difference(second[1], get("ddy"), layer_norm_units) == "");
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("layer norm equals PyTorch's", "[ops]", float, double) {
  using T = TestType;
  check_layer_norm<T>("2d", true);
  check_layer_norm<T>("4d", true);
  check_layer_norm<T>("plain", false);
}

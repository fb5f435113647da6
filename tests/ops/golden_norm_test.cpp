// Batch norm against PyTorch: three training steps with both orders of gradients and the running moments,
// then inference.
#include "figment/nn/batch_norm.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/golden.hpp"

using figment::Activation;
using figment::BatchNorm;
using figment::cast;
using figment::Tensor;

namespace {

// Double results of another order of operations: quotients of sums of at most twenty terms by a deviation,
// second gradients by its third power.
constexpr double norm_units = 256;

template <class T>
void check_batch_norm(const std::string& size, const std::string& closing, Activation activation) {
  static const golden::Golden golden("norm");
  const std::string layer_name = "batch_norm_" + size + "_" + closing;
  for (auto isa : test::supported_isas()) {
    INFO(layer_name << " in " << 8 * sizeof(T) << " bits on " << name(isa));
    test::IsaScope scope(isa);
    const auto gamma = golden[layer_name + ".gamma"], beta = golden[layer_name + ".beta"];
    BatchNorm<T> layer(gamma.size(), {.momentum = 0.9, .activation = activation, .slope = 0.2});
    layer.gamma.copy_from(cast<T>(gamma)), layer.beta.copy_from(cast<T>(beta));

    for (int step = 0; step < 3; ++step) {
      INFO("step " << step);
      const auto get = [&](const char* part) {
        return golden[layer_name + "." + part + "_" + std::to_string(step)];
      };
      const auto x = parameter(cast<T>(get("x"))), dy = parameter(cast<T>(get("dy")));
      const auto y = layer.forward(x, {.training = true});
      CHECK(test::difference(y, get("y"), norm_units) == "");
      CHECK(test::difference(layer.running_mean, get("running_mean"), norm_units) == "");
      CHECK(test::difference(layer.running_var, get("running_var"), norm_units) == "");
      const std::vector by{x, layer.gamma, layer.beta};
      for (bool create_graph : {false, true}) {
        const auto gradients = vjp(y, dy, by, {.create_graph = create_graph});
        CHECK(test::difference(gradients[0], get("dx"), norm_units) == "");
        CHECK(test::difference(gradients[1], get("dgamma"), norm_units) == "");
        CHECK(test::difference(gradients[2], get("dbeta"), norm_units) == "");
        if (!create_graph) continue;
        const auto second = vjp(gradients[0], cast<T>(get("v")), std::vector{x, dy});
        CHECK(test::difference(second[0], get("ddx"), norm_units) == "");
        CHECK(test::difference(second[1], get("ddy"), norm_units) == "");
      }
    }

    const auto get = [&](const char* part) { return golden[layer_name + ".eval." + part]; };
    const auto x = parameter(cast<T>(get("x")));
    const auto y = layer.forward(x, {.training = false});
    CHECK(test::difference(y, get("y"), norm_units) == "");
    const auto gradients = vjp(y, cast<T>(get("dy")), std::vector{x, layer.gamma, layer.beta});
    CHECK(test::difference(gradients[0], get("dx"), norm_units) == "");
    CHECK(test::difference(gradients[1], get("dgamma"), norm_units) == "");
    CHECK(test::difference(gradients[2], get("dbeta"), norm_units) == "");
    CHECK(test::difference(layer.running_mean, golden[layer_name + ".running_mean_2"], norm_units) ==
          "");  // unmoved
  }
}

}  // namespace

TEMPLATE_TEST_CASE("batch norm equals PyTorch's", "[ops]", float, double) {
  using T = TestType;
  for (const char* size : {"2d", "4d"}) {
    check_batch_norm<T>(size, "none", Activation::none);
    check_batch_norm<T>(size, "relu", Activation::relu);
    check_batch_norm<T>(size, "leaky_relu_0.2", Activation::leaky_relu);
  }
}

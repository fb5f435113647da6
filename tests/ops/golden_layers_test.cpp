// Activations and linear layers against PyTorch: values, gradients and second gradients.
#include "figment/ops/activation.hpp"
#include "figment/ops/matmul.hpp"
#include "figment/ops/reduce.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/golden.hpp"

using figment::Activation;
using figment::cast;
using figment::Tensor;

namespace {

// Golden values are double results of another order of operations, read back exactly: a few roundings, of
// sums of at most seven terms.
constexpr double layers_units = 64;

template <class T, class F>
void check_activation(const std::string& function, F f) {
  static const golden::Golden golden("layers");
  const auto get = [&](const char* part) { return golden[function + "." + part]; };
  for (auto isa : test::supported_isas()) {
    INFO(function << " in " << 8 * sizeof(T) << " bits on " << name(isa));
    test::IsaScope scope(isa);
    const auto x = parameter(cast<T>(get("x"))), dy = parameter(cast<T>(get("dy")));
    const auto y = f(x);
    CHECK(test::difference(y, get("y"), layers_units) == "");
    CHECK(test::difference(vjp(y, dy, std::vector{x})[0], get("dx"), layers_units) == "");
    const auto dx = vjp(y, dy, std::vector{x}, {.create_graph = true})[0];
    CHECK(test::difference(dx, get("dx"), layers_units) == "");
    const auto second = vjp(dx, cast<T>(get("v")), std::vector{x, dy});
    CHECK(test::difference(second[0], get("ddx"), layers_units) == "");
    CHECK(test::difference(second[1], get("ddy"), layers_units) == "");
  }
}

template <class T>
void check_linear(const std::string& closing, Activation activation) {
  static const golden::Golden golden("layers");
  const auto get = [&](const char* part) { return golden["linear_" + closing + "." + part]; };
  for (auto isa : test::supported_isas()) {
    INFO("linear_" << closing << " in " << 8 * sizeof(T) << " bits on " << name(isa));
    test::IsaScope scope(isa);
    const auto x = parameter(cast<T>(get("x"))), w = parameter(cast<T>(get("weight")));
    const auto bias = parameter(cast<T>(get("bias")));
    const auto y = linear(x, w, bias, activation, 0.2);
    CHECK(test::difference(y, get("y"), layers_units) == "");
    const auto gradients = vjp(y, cast<T>(get("dy")), std::vector{x, w, bias});
    CHECK(test::difference(gradients[0], get("dx"), layers_units) == "");
    CHECK(test::difference(gradients[1], get("dweight"), layers_units) == "");
    CHECK(test::difference(gradients[2], get("dbias"), layers_units) == "");
  }
}

}  // namespace

TEMPLATE_TEST_CASE("activations equal PyTorch's", "[ops]", float, double) {
  using T = TestType;
  check_activation<T>("relu", [](auto& x) { return relu(x); });
  check_activation<T>("leaky_relu_0.01", [](auto& x) { return leaky_relu(x, 0.01); });
  check_activation<T>("leaky_relu_0.2", [](auto& x) { return leaky_relu(x, 0.2); });
  check_activation<T>("leaky_relu_0.3", [](auto& x) { return leaky_relu(x); });  // the default, Keras'
  check_activation<T>("elu_1", [](auto& x) { return elu(x); });
  check_activation<T>("elu_0.5", [](auto& x) { return elu(x, 0.5); });
  check_activation<T>("gelu", [](auto& x) { return gelu(x); });
  check_activation<T>("gelu_tanh", [](auto& x) { return gelu_tanh(x); });
  check_activation<T>("silu", [](auto& x) { return silu(x); });
  check_activation<T>("softplus", [](auto& x) { return softplus(x); });
  check_activation<T>("sigmoid", [](auto& x) { return sigmoid(x); });
  check_activation<T>("tanh", [](auto& x) { return tanh(x); });
  check_activation<T>("softmax_last", [](auto& x) { return softmax(x); });
  check_activation<T>("softmax_0", [](auto& x) { return softmax(x, 0); });
  check_activation<T>("log_softmax_last", [](auto& x) { return log_softmax(x); });
  check_activation<T>("log_softmax_0", [](auto& x) { return log_softmax(x, 0); });
  check_activation<T>("logsumexp_last", [](auto& x) { return logsumexp(x, -1); });
}

TEMPLATE_TEST_CASE("linear layers equal PyTorch's", "[ops]", float, double) {
  using T = TestType;
  check_linear<T>("none", Activation::none);
  check_linear<T>("relu", Activation::relu);
  check_linear<T>("sigmoid", Activation::sigmoid);
  check_linear<T>("tanh", Activation::tanh);
  check_linear<T>("leaky_relu_0.2", Activation::leaky_relu);
}

// Convolutions, pooling and resizing against PyTorch: values, gradients and gradients of gradients.
#include "figment/autograd/grad.hpp"
#include "figment/ops/conv2d.hpp"
#include "figment/ops/pool.hpp"
#include "figment/ops/upsample.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/golden.hpp"

using figment::cast;
using figment::Interpolation;
using figment::Padding;
using figment::Tensor;

namespace {

// Golden values are double results of another order of operations, read back exactly: a few roundings, of
// sums of at most 72 terms.
constexpr double images_units = 128;

/// f of x, or of x, weight and bias: whatever the case has.
template <class T, class F>
void check_case(const std::string& name, F f) {
  static const golden::Golden golden("images");
  const auto get = [&](const char* part) { return cast<T>(golden[name + "." + part]); };
  for (auto isa : test::supported_isas()) {
    INFO(name << " in " << 8 * sizeof(T) << " bits on " << figment::kernels::name(isa));
    test::IsaScope scope(isa);
    std::vector<const char*> parts{"x"}, gradients{"dx"};
    constexpr bool has_weights = std::is_invocable_v<F, Tensor<T>&, Tensor<T>&, Tensor<T>&>;
    if (has_weights) parts = {"x", "weight", "bias"}, gradients = {"dx", "dweight", "dbias"};
    std::vector<Tensor<T>> inputs;
    for (const char* part : parts) inputs.push_back(parameter(get(part)));
    const auto dy = parameter(get("dy"));
    const auto y = [&] {
      if constexpr (has_weights)
        return f(inputs[0], inputs[1], inputs[2]);
      else
        return f(inputs[0]);
    }();
    CHECK(test::difference(y, golden[name + ".y"], images_units) == "");
    const auto found = vjp(y, dy, inputs, {.create_graph = true});
    for (std::size_t i = 0; i < found.size(); ++i) {
      INFO(gradients[i]);
      CHECK(test::difference(found[i], golden[name + "." + gradients[i]], images_units) == "");
    }
    const auto ddy = vjp(found[0], get("v"), std::vector{dy})[0];
    CHECK(test::difference(ddy, golden[name + ".ddy"], images_units) == "");
  }
}

}  // namespace

TEMPLATE_TEST_CASE("convolutions equal PyTorch's", "[ops]", float, double) {
  using T = TestType;
  const auto check_conv = [](const char* name, const figment::ConvOptions& options) {
    check_case<T>(name, [&](auto& x, auto& w, auto& b) { return conv2d(x, w, b, options); });
  };
  check_conv("conv_valid", {});
  check_conv("conv_padded", {.stride = {2, 1}, .padding = Padding::all({1, 2})});
  check_conv("conv_same_stride_2", {.stride = 2, .padding = Padding::same()});
  check_conv("conv_same_even", {.padding = Padding::same()});
  check_conv("conv_dilated_groups", {.dilation = 2, .groups = 2});
}

TEMPLATE_TEST_CASE("transposed convolutions equal PyTorch's", "[ops]", float, double) {
  using T = TestType;
  const auto check_conv = [](const char* name, const figment::ConvOptions& options,
                             figment::Extent2 output_padding = 0) {
    check_case<T>(
        name, [&](auto& x, auto& w, auto& b) { return conv_transpose2d(x, w, b, options, output_padding); });
  };
  check_conv("transposed_valid", {});
  check_conv("transposed_padded", {.stride = 2, .padding = Padding::all(1), .dilation = {1, 2}}, {1, 0});
  check_conv("transposed_groups", {.stride = {1, 2}, .groups = 2});
  check_conv("transposed_same", {.stride = 2, .padding = Padding::same()});
}

TEMPLATE_TEST_CASE("pooling equals PyTorch's", "[ops]", float, double) {
  using T = TestType;
  const auto largest = [](const char* name, const figment::PoolOptions& options) {
    check_case<T>(name, [&](auto& x) { return max_pool2d(x, options); });
  };
  largest("max_2", {});
  largest("max_3_stride_2", {.window = 3, .stride = 2, .padding = Padding::all(1)});
  largest("max_dilated", {.window = {3, 2}, .stride = {1, 2}, .dilation = {2, 3}});
  largest("max_same", {.window = {2, 3}, .stride = 2, .padding = Padding::same()});
  largest("max_ties", {.window = 3, .stride = 2, .padding = Padding::all(1)});
  const auto average = [](const char* name, const figment::PoolOptions& options) {
    check_case<T>(name, [&](auto& x) { return avg_pool2d(x, options); });
  };
  average("avg_2", {});
  average("avg_3_stride_2", {.window = 3, .stride = 2, .padding = Padding::all(1)});
  average("avg_same", {.window = {2, 3}, .stride = 2, .padding = Padding::same()});
}

TEMPLATE_TEST_CASE("resized images equal PyTorch's", "[ops]", float, double) {
  using T = TestType;
  const auto nearest = Interpolation::nearest, bilinear = Interpolation::bilinear;
  check_case<T>("up_nearest", [&](auto& x) { return upsample2d(x, {2, 3}, nearest); });
  check_case<T>("up_bilinear", [&](auto& x) { return upsample2d(x, {2, 3}, bilinear); });
  check_case<T>("resize_nearest", [&](auto& x) { return resize2d(x, {3, 7}, nearest); });
  check_case<T>("resize_bilinear", [&](auto& x) { return resize2d(x, {3, 7}, bilinear); });
}

// Each operation with inputs that it was not made for: other ranks, other extents, none at all, NaN.
#include <bit>
#include <map>
#include <set>

#include "figment/autograd/grad.hpp"
#include "figment/core/finite.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/op_cases.hpp"
#include "support/other_shapes.hpp"

using figment::Index;
using figment::Shape;
using figment::Tensor;
using test::OpCase;

namespace {

/// In place of an input of this shape: others, and a tensor of nothing.
std::vector<Tensor<float>> wild(const Shape& shape) {
  std::vector<Tensor<float>> all{Tensor<float>()};
  for (const Shape& s : test::other_shapes(shape)) all.push_back(Tensor<float>::full(s, 0.5f));
  return all;
}

const float quiet_nan = std::bit_cast<float>(0x7fc00000u);  // as a constant -ffast-math may take it for any

bool small(const OpCase& row) {
  return std::all_of(row.inputs.begin(), row.inputs.end(), [](const auto& x) { return x.size() < 5000; });
}

std::vector<Tensor<float>> inputs_of(const OpCase& row) {
  std::vector<Tensor<float>> inputs;
  for (const auto& x : row.inputs) inputs.push_back(figment::cast<float>(x));
  return inputs;
}

/// What messages call the row's operation.
std::string name_of(const OpCase& row) {
  const std::map<std::string, std::string> words{
      {"operator+", "add"}, {"operator-", "sub"}, {"operator*", "mul"}, {"operator/", "div"},
      {"operator+=", "+="}, {"operator-=", "-="}, {"operator*=", "*="}, {"operator/=", "/="}};
  const std::string name = row.op.substr(0, row.op.find('/', row.op.rfind("operator/", 0) == 0 ? 9 : 1));
  const auto word = words.find(name);
  return word == words.end() ? name : word->second;
}

}  // namespace

// What there is no result for is an Error that begins with the name of the operation that was called; another
// exception, or a read beyond memory under the sanitizer, fails.
TEST_CASE("any shape has a result with gradients or a message with a name", "[ops]") {
  std::size_t refused = 0, computed = 0;
  for (const OpCase& row : test::op_cases()) {
    if (!small(row)) continue;
    INFO(row.name());
    const std::string called = name_of(row);
    for (std::size_t i = 0; i < row.inputs.size(); ++i) {
      for (const auto& other : wild(row.inputs[i].shape())) {
        INFO("input " << i << " " << (other.defined() ? to_string(other.shape()) : "undefined"));
        auto inputs = inputs_of(row);
        inputs[i] = other.defined() ? parameter(other) : other;
        const std::string message = test::error_of([&] {
          const auto y = row.f32(inputs);
          // Of straight_through's value there is none.
          if (other.defined() && y.tracked()) CHECK(grad(sum(y), inputs[i]).shape() == other.shape());
        });
        ++(message == "no error" ? computed : refused);
        if (message != "no error") {
          INFO(message);
          CHECK(message.substr(0, message.find(": ")) == called);
          CHECK(message.find('\n') == std::string::npos);
        }
      }
    }
  }
  CHECK((computed > 1000 && refused > 1000));
}

// With -ffast-math clang makes its plain loops' roots of estimates, which have no NaN.
#if defined(__clang__) && defined(__FAST_MATH__)
constexpr bool estimated_roots = true;
#else
constexpr bool estimated_roots = false;
#endif

// In one element of an input; of the output at least one is. What does not read that element, as a product of
// no state does not its weight, and x^0, which is 1 for any x, are exceptions.
TEST_CASE("NaN goes through", "[ops]") {
  const std::set<std::string> without{
      "conv2d 1",  // a tap that lies beyond the image, in one of the rows
      "conv_transpose2d 1", "gather 0", "gru 1",      "index_select 0", "lstm 1",  "pick 0",
      "pow/number 0",       "prelu 1",  "resize2d 0", "select 0",       "slice 0", "slice/axes 0",
      "straight_through 1", "take 0",   "topk 0",     "tril 0",         "triu 0",  "where 0"};
  std::set<std::string> stopped;
  for (const OpCase& row : test::op_cases()) {
    if (!small(row)) continue;
    for (std::size_t i = 0; i < row.inputs.size(); ++i) {
      if (row.inputs[i].size() == 0) continue;
      auto inputs = inputs_of(row);
      inputs[i] = inputs[i].clone();
      inputs[i].mutable_data()[0] = quiet_nan;
      for (figment::kernels::Isa isa : test::supported_isas()) {
        if (estimated_roots && isa == figment::kernels::Isa::reference) continue;
        test::IsaScope scope(isa);
        const auto y = row.f32(inputs);
        if (y.size() > 0 && std::none_of(y.data(), y.data() + y.size(), figment::detail::is_nan<float>))
          stopped.insert(row.op + " " + std::to_string(i));
      }
    }
  }
  CHECK(stopped == without);
}

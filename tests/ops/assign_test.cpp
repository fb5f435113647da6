// What users type: operators that assign, comparisons as conditions, operations as members.
#include "figment/ops/assign.hpp"

#include "figment/autograd/grad.hpp"
#include "figment/ops/comparison.hpp"
#include "figment/ops/members.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using figment::NoGrad;
using figment::Shape;
using figment::Tensor;
using test::bit_difference;
using test::error_of;

TEST_CASE("what is not recorded changes in its memory", "[ops]") {
  Tensor<float> x({2, 2}, {1, 2, 3, 4});
  const Tensor<float> alias = x;
  const auto before = x.version();
  x += Tensor<float>({2}, {10, 20});
  x -= 1;
  x *= x;
  x /= 0.5;
  CHECK(bit_difference(alias, Tensor<float>({2, 2}, {200, 882, 288, 1058})) == "");
  CHECK(x.version() != before);
  CHECK(error_of([&] { x += Tensor<float>({3, 2, 2}); }) == "+=: x (2, 2) would become (3, 2, 2)");
  CHECK(error_of([&] { x -= Tensor<float>({3}); }) == "-=: shapes (2, 2) and (3,) do not broadcast");
  CHECK(bit_difference(alias, Tensor<float>({2, 2}, {200, 882, 288, 1058})) == "");
}

TEST_CASE("a loss that is added to keeps its gradients", "[ops]") {
  const auto w = parameter(Tensor<double>({2}, {1, -2}));
  auto loss = sum(w * w);
  const auto first = loss;
  loss += 2.0 * sum(w);
  loss *= 3;
  CHECK((loss.item() == 3 * (5 - 2) && first.item() == 5));
  CHECK(bit_difference(grad(loss, w), Tensor<double>({2}, {3 * (2 + 2), 3 * (-4 + 2)})) == "");
  Tensor<double> plain = Tensor<double>::zeros({});  // becomes part of the graph
  plain += loss;
  CHECK(plain.tracked());
}

TEST_CASE("a parameter changes under NoGrad alone", "[ops]") {
  auto w = parameter(Tensor<float>({2}, {1, 2}));
  const auto g = Tensor<float>({2}, {10, -10});
  CHECK(error_of([&] { w -= g; }) ==
        "-=: x (2,) is a parameter: it changes under NoGrad, where operations are not recorded");
  const auto handle = w;
  {
    NoGrad guard;
    w -= 0.5 * g;
  }
  CHECK(w.tracked());
  CHECK(bit_difference(handle.detach(), Tensor<float>({2}, {-4, 7})) == "");
}

TEST_CASE("comparisons of NaN are false, but for !=", "[ops]") {
  const Tensor<float> x({2}, {std::numeric_limits<float>::quiet_NaN(), 1});
  const auto bits = [](const figment::Mask& m) { return std::pair<int, int>{m(0), m(1)}; };
  CHECK(bits(x >= 1) == std::pair{0, 1});
  CHECK(bits(x <= x) == std::pair{0, 1});
  CHECK(bits(x != x) == std::pair{1, 0});
  CHECK(bits(2 > x) == std::pair{0, 1});
  CHECK(bits((x > 0) & !(x == 1)) == std::pair{0, 0});
}

TEST_CASE("operations that are members equal the functions", "[ops]") {
  const Tensor<float> x({2, 3}, {1, 2, 3, 4, 5, 7});
  CHECK(bit_difference(x.sum(), sum(x)) == "");
  CHECK(bit_difference(x.sum(0), sum(x, 0)) == "");
  CHECK(bit_difference(x.mean(-1, figment::Dims::keep), mean(x, -1, figment::Dims::keep)) == "");
  CHECK(bit_difference(x.reshape({3, -1}), reshape(x, {3, 2})) == "");
  CHECK(bit_difference(x.reshape(Shape{6}), reshape(x, {6})) == "");
  CHECK(bit_difference(x.t(), transpose(x)) == "");
  CHECK(bit_difference(x[1], Tensor<float>({3}, {4, 5, 7})) == "");
  CHECK(bit_difference(x[-1][-1], Tensor<float>::scalar(7)) == "");
  CHECK((x > 2).sum().item() == 4);
  const auto w = parameter(x.clone());
  CHECK(bit_difference(grad(w[0].sum(), w), Tensor<float>({2, 3}, {1, 1, 1, 0, 0, 0})) == "");
}

TEST_CASE("a tensor is written at one index of an axis", "[ops]") {
  for (const Shape& shape : {Shape{3}, Shape{2, 3}, Shape{2, 3, 4}})
    for (figment::Index axis = -shape.rank(); axis < shape.rank(); ++axis) {
      auto x = Tensor<float>::zeros(shape);
      const Tensor<float> alias = x;
      const auto before = x.version();
      const Shape rest = select(x, axis, 0).shape();
      const auto values = reshape(Tensor<float>::arange(rest.size()), rest) + 1;
      x.assign(axis, -1, values);
      CHECK(x.version() != before);
      CHECK(bit_difference(select(alias, axis, -1), values) == "");
      CHECK(sum(alias).item() == sum(values).item());  // nothing else was written
      x.assign(axis, 0, 2);
      CHECK(bit_difference(select(alias, axis, 0), Tensor<float>::full(rest, 2)) == "");
      CHECK(sum(alias).item() == sum(values).item() + 2 * static_cast<float>(rest.size()));
    }
  auto image = Tensor<float>::zeros({2, 3, 2});
  image.assign(1, 1, Tensor<float>({2}, {5, 6}));  // what broadcasts
  CHECK(bit_difference(image, Tensor<float>({2, 3, 2}, {0, 0, 5, 6, 0, 0, 0, 0, 5, 6, 0, 0})) == "");
  figment::Indices tokens = figment::Indices::zeros({2, 3});
  tokens.assign(1, 2, figment::Indices({2}, {7, 8}));
  CHECK(bit_difference(tokens, figment::Indices({2, 3}, {0, 0, 7, 0, 0, 8})) == "");

  CHECK(error_of([&] { image.assign(1, 3, 0); }) ==
        "assign: 3 is out of range for axis 1 of shape (2, 3, 2)");
  CHECK(error_of([&] { image.assign(3, 0, 0); }) == "assign: axis 3 is out of range for shape (2, 3, 2)");
  CHECK(error_of([&] {
          image.assign(1, 0, Tensor<float>({1, 2, 2}));
        }) == "assign: values (1, 2, 2) for axis 1 of shape (2, 3, 2)");
  const auto w = parameter(Tensor<float>({2, 2}));
  CHECK_THAT(error_of([&] { image.assign(1, 0, w); }), StartsWith("assign: gradients do not go through it"));
  image.assign(1, 0, w.detach());
}

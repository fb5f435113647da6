// Label embeddings: by hand, their gradients, and their place in a model.
#include "figment/nn/label_embedding.hpp"

#include "figment/autograd/gradcheck.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/nn/summary.hpp"
#include "figment/ops/index.hpp"
#include "figment/ops/reduce.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;
using Doubles = Tensor<double>;

TEST_CASE("joined labels are replaced by their rows of the table", "[nn]") {
  Rng rng(1);
  LabelEmbedding<double> layer(3, 2, rng);
  layer.table.copy_from(Doubles({3, 2}, {1, 2, 3, 4, 5, 6}));
  const auto x = concat({Doubles({2, 4}, {9, 8, 7, 6, 5, 4, 3, 2}),  //
                         one_hot<double>(Indices({2}, {2, 0}), 3)},
                        1);
  CHECK(bit_difference(layer.forward(x), Doubles({2, 6}, {9, 8, 7, 6, 5, 6, 5, 4, 3, 2, 1, 2})) == "");
  // Labels alone, and labels that are not one-hot.
  CHECK(bit_difference(layer.forward(Doubles({1, 3}, {0.5, 0.5, 0})), Doubles({1, 2}, {2, 3})) == "");
}

TEST_CASE("labels may multiply the other columns", "[nn]") {
  Rng rng(1);
  LabelEmbedding<double> layer(3, 2, rng, {.mode = LabelMode::multiply});
  layer.table.copy_from(Doubles({3, 2}, {1, 2, 3, 4, 5, 6}));
  const Doubles x({2, 5}, {10, 20, 0, 1, 0, -1, 0.5, 0, 0, 1});
  CHECK(bit_difference(layer.forward(x), Doubles({2, 2}, {30, 80, -5, 3})) == "");
}

TEST_CASE("only the rows of labels that occur get a gradient", "[nn]") {
  Rng rng(2);
  const auto x = concat({rng.normal<double>({4, 2}), one_hot<double>(Indices({4}, {1, 1, 3, 1}), 5)}, 1);
  for (const auto mode : {LabelMode::join, LabelMode::multiply}) {
    const LabelEmbedding<double> layer(5, 2, rng, {.mode = mode});
    const auto rows = sum(abs(grad(sum(layer.forward(x)), layer.table)), 1);
    CHECK((rows(0) == 0 && rows(2) == 0 && rows(4) == 0));
    CHECK((rows(1) > 0 && rows(3) > 0));
    const auto f = [&](auto in) {
      auto own = layer;
      own.table = in[1];
      return own.forward(in[0]);
    };
    CHECK(gradcheck(f, {x, layer.table.clone()}).message == "");
  }
}

TEST_CASE("a label embedding begins as Keras'", "[nn]") {
  Rng rng(3), same(3);
  const LabelEmbedding layer(100, 50, rng);
  CHECK(layer.table.tracked());
  double low = 1, high = -1, squares = 0;
  for (const float v : layer.table.values()) {
    const auto value = static_cast<double>(v);
    low = std::min(low, value), high = std::max(high, value), squares += value * value;
  }
  CHECK((low >= -0.05 && low < -0.049 && high <= 0.05 && high > 0.049));
  // 0.05^2 / 3 is uniform's variance; its mean over 5000 deviates by 1.3 %, of which this is four.
  CHECK_THAT(squares / 5000, WithinRel(0.05 * 0.05 / 3, 0.05));
  const LabelEmbedding<double> wide(100, 50, same);
  CHECK(bit_difference(layer.table, cast<float>(wide.table)) == "");
  const LabelEmbedding ones(2, 2, rng, {.init = init::constant(1)});
  CHECK(bit_difference(ones.table, Tensor<float>::ones({2, 2})) == "");
}

TEST_CASE("label embeddings in a model: names, summary and messages", "[nn]") {
  Rng rng(4);
  Sequential net{LabelEmbedding(10, 5, rng), Linear(13, 3, rng)};
  CHECK(named_tensors(net)[0].first == "0.table");
  CHECK(parameters(net).size() == 3);
  CHECK_THAT(summary(net, {18}), ContainsSubstring("0     LabelEmbedding(10, 5)  (N, 13)          50"));
  const LabelEmbedding multiply(10, 5, rng, {.mode = LabelMode::multiply});
  CHECK(multiply.describe() == "LabelEmbedding(10, 5, multiply)");

  CHECK(error_of([&] {
          net.forward(Tensor<float>::ones({2, 9}));
        }) ==
        "0 LabelEmbedding(10, 5): LabelEmbedding: expected one-hot labels in the last 10 columns, found x "
        "(2, 9)");
  CHECK_THAT(error_of([&] { net.forward(Tensor<float>::ones({2, 3, 18})); }), EndsWith("found x (2, 3, 18)"));
  CHECK(error_of([&] {
          multiply.forward(Tensor<float>::ones({2, 16}));
        }) ==
        "LabelEmbedding(10, 5, multiply): LabelEmbedding: 5 features multiply 6 columns of x (2, 16), the "
        "last 10 being the label");
  CHECK(error_of([&] { LabelEmbedding(0, 5, rng); }) ==
        "LabelEmbedding: expected sizes of 1 or more, found 0 and 5");
}

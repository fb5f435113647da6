// The classifier's loss and uses.
#include "figment/models/classifier.hpp"

#include "figment/nn/linear.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::bit_difference;
using test::error_of;

TEST_CASE("a classifier's loss, accuracy, probabilities and classes", "[models]") {
  Rng rng(2);
  const Classifier model(Linear<double>(4, 3, rng));
  const auto x = rng.normal<double>({1300, 4});  // two batches
  const auto logits = model.forward(x);
  const auto found = model.classify(x);
  CHECK(bit_difference(found, argmax(logits, 1)) == "");
  CHECK(bit_difference(model.probabilities(x), softmax(logits)) == "");

  Indices labels = found.clone();
  for (Index i = 0; i < 325; ++i) labels.mutable_data()[4 * i] = (labels(4 * i) + 1) % 3;
  const auto loss = model.loss(x, labels, {.training = true});
  CHECK(loss.accuracy.item() == 0.75);
  CHECK(loss.total().item() == cross_entropy(logits, labels).item());
  CHECK(loss.total().tracked());
  std::vector<std::string> names;
  loss.terms([&](std::string_view name, auto&) { names.emplace_back(name); });
  CHECK(names == std::vector<std::string>{"accuracy"});
  CHECK_THAT(error_of([&] {
               model.classify(rng.normal<double>({2, 5}));
             }),
             ContainsSubstring("net Linear(4, 3): linear: x (2, 5) needs 4 features"));
}

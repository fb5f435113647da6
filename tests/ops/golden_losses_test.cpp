// Losses against PyTorch, with the gradients by every input, over every reduction.
#include "figment/ops/loss.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/golden.hpp"

using figment::cast;
using figment::Reduction;
using figment::Tensor;

namespace {

const golden::Golden& values() {
  static const golden::Golden golden("losses");
  return golden;
}

struct Named {
  const char* name;
  Reduction reduction;
};
const std::vector<Named> three{{"none", Reduction::none}, {"sum", Reduction::sum}, {"mean", Reduction::mean}};
const std::vector<Named> four{three[0], three[1], three[2], {"batch", Reduction::batch_mean}};

/// Golden values are double results of another order of operations: a few roundings, and of sums of 20 terms.
/// f(inputs, reduction). `inputs` names the arrays; a gradient whose name is empty is not in the file.
template <class T, class F>
void check_loss(const std::string& loss, const std::vector<std::string>& inputs,
                const std::vector<std::string>& gradients, const std::vector<Named>& reductions, F f,
                double ulps = 64) {
  for (auto isa : test::supported_isas()) {
    test::IsaScope scope(isa);
    for (const auto& [reduction_name, reduction] : reductions) {
      INFO(loss << " " << reduction_name << " in " << 8 * sizeof(T) << " bits on " << name(isa));
      std::vector<Tensor<T>> x;
      for (const auto& i : inputs) x.push_back(parameter(cast<T>(values()[loss + "." + i])));
      const auto y = f(x, reduction);
      CHECK(test::difference(y, values()[loss + ".y_" + reduction_name], ulps) == "");
      const auto dy = reduction == Reduction::none ? cast<T>(values()[loss + ".dy"]) : Tensor<T>::ones({});
      const auto dx = vjp(y, dy, x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (gradients[i].empty()) continue;
        INFO(gradients[i]);
        CHECK(test::difference(dx[i], values()[loss + "." + gradients[i] + "_" + reduction_name], ulps) ==
              "");
      }
    }
  }
}

}  // namespace

TEMPLATE_TEST_CASE("losses equal PyTorch's", "[ops]", float, double) {
  using T = TestType;
  const std::vector<std::string> pair{"x", "target"}, by_pair{"dx", "dtarget"};
  check_loss<T>("mse", pair, by_pair, three, [](auto& x, auto r) { return mse(x[0], x[1], r); });
  check_loss<T>("mae", pair, by_pair, three, [](auto& x, auto r) { return mae(x[0], x[1], r); });
  check_loss<T>("huber_1", pair, by_pair, three, [](auto& x, auto r) { return huber(x[0], x[1], 1, r); });
  check_loss<T>("huber_0.5", pair, by_pair, three, [](auto& x, auto r) { return huber(x[0], x[1], 0.5, r); });
  // At p = 0.999 the rounding of p is 500 times as large in 1 - p, which the gradient divides by.
  check_loss<T>(
      "bce", pair, by_pair, three, [](auto& x, auto r) { return bce(x[0], x[1], r); }, 1000);
  check_loss<T>("bce_with_logits", pair, by_pair, three,
                [](auto& x, auto r) { return bce_with_logits(x[0], x[1], r); });
  const auto labels = values().indices("cross_entropy.labels");
  check_loss<T>("cross_entropy", {"x"}, {"dx"}, three,
                [&](auto& x, auto r) { return cross_entropy(x[0], labels, r); });
  const auto pos_weight = cast<T>(values()["bce_pos_weight.w"]);
  check_loss<T>("bce_pos_weight", pair, by_pair, three, [&](auto& x, auto r) {
    return bce_with_logits(x[0], x[1], {.pos_weight = pos_weight, .reduction = r});
  });
  check_loss<T>("gaussian_kl", {"m", "lv"}, {"dm", "dlv"}, four,
                [](auto& x, auto r) { return gaussian_kl(x[0], x[1], r); });
  check_loss<T>("gaussian_kl_between", {"m1", "lv1", "m2", "lv2"}, {"dm1", "dlv1", "dm2", "dlv2"}, four,
                [](auto& x, auto r) { return gaussian_kl(x[0], x[1], x[2], x[3], r); });
  check_loss<T>("kl_divergence", {"p", "q"}, {"dp", "dq"}, four,
                [](auto& x, auto r) { return kl_divergence(x[0], x[1], r); });
  // By p there is no derivative where p is 0.
  check_loss<T>("kl_divergence_zeros", {"p", "q"}, {"", "dq"}, four,
                [](auto& x, auto r) { return kl_divergence(x[0], x[1], r); });
}

TEMPLATE_TEST_CASE("weighted and smoothed cross-entropies equal PyTorch's", "[ops]", float, double) {
  using T = TestType;
  using Options = figment::CrossEntropyOptions<T>;
  const auto labels = values().indices("cross_entropy_ignored.labels");
  const auto weight = cast<T>(values()["cross_entropy_ignored.weight"]);
  const std::vector<std::pair<std::string, Options>> cases{
      {"ignored", {}},
      {"weighted", {.weight = weight}},
      {"smoothed", {.label_smoothing = 0.1}},
      {"smoothed_weighted", {.label_smoothing = 0.1, .weight = weight}}};
  for (const auto& [name, given] : cases) {
    const auto with = [o = given](Reduction r) {
      Options options = o;
      options.reduction = r;
      return options;
    };
    check_loss<T>("cross_entropy_" + name, {"x"}, {"dx"}, three,
                  [&](auto& x, auto r) { return cross_entropy(x[0], labels, with(r)); });
    if (name != "ignored")
      check_loss<T>("cross_entropy_soft_" + name, {"x", "p"}, {"dx", "dp"}, three,
                    [&](auto& x, auto r) { return cross_entropy(x[0], x[1], with(r)); });
  }
}

TEST_CASE("cross-entropies of labels left out, and options that do not fit", "[ops]") {
  using figment::Indices;
  const double inf = std::numeric_limits<double>::infinity();
  const auto x = parameter(Tensor<double>({2, 3}, {inf, 0, 0, 1, 2, 3}));
  const Indices labels({2}, {7, 2});
  // A row that is left out adds nothing, whatever stands in it.
  const auto y = cross_entropy(x, labels, {.ignore_index = 7});
  CHECK_THAT(y.item(), WithinRel(cross_entropy(slice(x, 0, 1, 2), Indices({1}, {2})).item(), 1e-14));
  CHECK(std::isnan(cross_entropy(x, Indices({2}, {7, 7}), {.ignore_index = 7}).item()));
  // One-hot probabilities are labels.
  const auto one_hot = figment::one_hot<double>(Indices({1}, {2}), 3);
  const auto row = slice(x, 0, 1, 2).detach();
  CHECK_THAT(cross_entropy(row, one_hot).item(),
             WithinRel(cross_entropy(row, Indices({1}, {2})).item(), 1e-14));

  CHECK(test::error_of([&] { cross_entropy(x, labels, {.label_smoothing = 0.1}); }) ==
        "cross_entropy: label 7 at 0 is not in 0 to 2, nor the ignore_index -100");
  CHECK(test::error_of([&] { cross_entropy(x, labels, {.label_smoothing = 2}); }) ==
        "cross_entropy: expected a label_smoothing in [0, 1], found 2");
  CHECK(test::error_of([&] { cross_entropy(x, labels, {.weight = Tensor<double>::ones({2})}); }) ==
        "cross_entropy: weight (2,) for logits (2, 3), expected one number a class");
  CHECK(test::error_of([&] { cross_entropy(x, one_hot); }) ==
        "cross_entropy: prediction (2, 3) and target (1, 3) differ in shape");
  CHECK(test::error_of([&] { bce_with_logits(one_hot, x, {.pos_weight = x}); }) ==
        "bce_with_logits: prediction (1, 3) and target (2, 3) differ in shape");
  CHECK(test::error_of([&] { bce_with_logits(one_hot, one_hot, {.pos_weight = x}); }) ==
        "bce_with_logits: pos_weight (2, 3) does not broadcast to the prediction's (1, 3)");
  // A target of integers, and nothing weighted.
  const figment::Mask mask({1, 3}, {1, 0, 1});
  const auto ones = Tensor<double>::ones({});
  CHECK(bce_with_logits(row, mask, figment::BceOptions<double>{}).item() ==
        bce_with_logits(row, mask).item());
  CHECK_THAT(bce_with_logits(row, mask, {.pos_weight = ones}).item(),
             WithinRel(bce_with_logits(row, mask).item(), 1e-14));
}

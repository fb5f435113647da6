// Losses against PyTorch, with the gradients by every input, over every reduction.
#include "figment/ops/loss.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
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

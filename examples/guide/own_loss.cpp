// A loss of one's own: the focal loss (Lin et al., 2017), which finds the eights among ten times as many
// other digits.
#include <figment/data.hpp>
#include <figment/figment.hpp>

#include <cstdio>

using namespace figment;

/// The loss and, to follow it, the shares of the positives that are found and of the finds that are right.
struct FocalLoss {
  Tensor<float> value, recall, precision;

  Tensor<float> total() const { return value; }
  void terms(auto&& f) const { f("recall", recall), f("precision", precision); }
};

/// -a (1 - p)^gamma log p of logits (N, 1), p being the probability of the right answer, a the weight of its
/// class: what is already right hardly counts.
FocalLoss focal_loss(const Tensor<float>& logits, const Tensor<float>& target, float gamma,
                     float positive_weight) {
  const auto log_p = -bce_with_logits(logits, target, Reduction::none);
  const auto doubt = 1 - exp(log_p);
  // A power by its logarithm, which at 0 has no derivative.
  const auto focus = exp(log(clamp(doubt, 1e-6, 1)) * gamma);
  const auto weight = target * positive_weight + (1.0f - target) * (1 - positive_weight);
  const auto called = cast<float>(greater(logits, 0.0f)), found = sum(called * target);
  return {-mean(weight * focus * log_p), found / (sum(target) + 1e-6), found / (sum(called) + 1e-6)};
}

int main() {
  const auto digits = data::load_mnist(FIGMENT_BUNDLED_DATA);
  Rng rng(1);
  Sequential net{Flatten{}, Linear(784, 32, rng, {.activation = Activation::relu}), Linear(32, 1, rng)};

  const auto loss = [&](const auto& batch, const Context& context) {
    const auto is_eight = reshape(cast<float>(equal(batch.labels, 8)), {-1, 1});
    return focal_loss(net.forward(batch.x, context), is_eight, 2, 0.8f);
  };
  Adam adam(parameters(net));
  data::Loader train(digits.train, {.batch = 50}), test(digits.test, {.batch = 500, .shuffle = false});
  const History history = fit(adam, train, test, loss, {.epochs = 10});

  std::printf("eights found: %.3f; what is found is one: %.3f\n", history.last("val_recall"),
              history.last("val_precision"));
  return history.last("val_recall") > 0.85 && history.last("val_precision") > 0.85 ? 0 : 1;
}

// An optimiser of one's own: Lion (Chen et al., 2023), beside Adam.
#include <figment/data.hpp>
#include <figment/figment.hpp>

#include <cstdio>

using namespace figment;

struct LionOptions {
  double rate = 1e-4;
  double beta1 = 0.9, beta2 = 0.99;
  double weight_decay = 0;
};

/// w -= rate (sign(beta1 m + (1 - beta1) g) + weight_decay w), then m = beta2 m + (1 - beta2) g.
class Lion final : public Optimizer<float> {
 public:
  explicit Lion(TensorList<float> parameters, LionOptions options = {})
      : Optimizer(std::move(parameters), options.rate, {true, false, false}), options_(options) {}

 private:
  void update(std::span<const Tensor<float>> gradients) override {
    const auto rate = static_cast<float>(this->rate()), decay = static_cast<float>(options_.weight_decay);
    const auto b1 = static_cast<float>(options_.beta1), b2 = static_cast<float>(options_.beta2);
    each(gradients, [=](float* w, const float* g, float* const* state, Index n) {
      float* m = state[0];
      for (Index i = 0; i < n; ++i) {
        const float c = b1 * m[i] + (1 - b1) * g[i];
        w[i] -= rate * (static_cast<float>((c > 0) - (c < 0)) + decay * w[i]);
        m[i] = b2 * m[i] + (1 - b2) * g[i];
      }
    });
  }

  LionOptions options_;
};

/// The accuracy on test digits after three epochs.
template <class O>
double train(const data::Mnist& digits, auto options) {
  Rng rng(1);
  Classifier model(
      Sequential{Flatten{}, Linear(784, 64, rng, {.activation = Activation::relu}), Linear(64, 10, rng)});
  O optimizer(parameters(model), options);
  data::Loader batches(digits.train, {.batch = 50}), test(digits.test, {.batch = 500, .shuffle = false});
  return fit(model, optimizer, batches, test, {.epochs = 3}).last("val_accuracy");
}

int main() {
  const auto digits = data::load_mnist(FIGMENT_BUNDLED_DATA);
  const double adam = train<Adam<float>>(digits, AdamOptions{});
  const double lion = train<Lion>(digits, LionOptions{.rate = 3e-4, .weight_decay = 0.1});
  std::printf("accuracy: %.3f by Adam, %.3f by Lion\n", adam, lion);
  return lion > 0.9 && lion > adam - 0.02 ? 0 : 1;
}

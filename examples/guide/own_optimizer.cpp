// An optimiser of one's own: Signum (Bernstein et al., 2018), beside Adam.
#include <figment/data.hpp>
#include <figment/figment.hpp>

#include <cstdio>

using namespace figment;

struct SignumOptions {
  double rate = 1e-4;
  double momentum = 0.9;
  double weight_decay = 0;
};

/// m = momentum m + (1 - momentum) g, then w -= rate (sign(m) + weight_decay w).
class Signum final : public Optimizer<float> {
 public:
  explicit Signum(TensorList<float> parameters, SignumOptions options = {})
      : Optimizer(std::move(parameters), options.rate, {true, false, false}), options_(options) {}

 private:
  void update(std::span<const Tensor<float>> gradients) override {
    const auto rate = static_cast<float>(this->rate()), decay = static_cast<float>(options_.weight_decay);
    const auto stays = static_cast<float>(options_.momentum);
    each(gradients, [=](float* w, const float* g, float* const* state, Index n) {
      float* m = state[0];
      for (Index i = 0; i < n; ++i) {
        m[i] = stays * m[i] + (1 - stays) * g[i];
        w[i] -= rate * (static_cast<float>((m[i] > 0) - (m[i] < 0)) + decay * w[i]);
      }
    });
  }

  SignumOptions options_;
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
  const double signum = train<Signum>(digits, SignumOptions{.rate = 3e-4, .weight_decay = 0.1});
  std::printf("accuracy: %.3f by Adam, %.3f by Signum\n", adam, signum);
  return signum > 0.9 && signum > adam - 0.02 ? 0 : 1;
}

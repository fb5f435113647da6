// What a user's training program contains: the umbrella header, a loader, a VAE, its training and a sample.
#include <figment/data/loader.hpp>
#include <figment/figment.hpp>

int main() {
  using namespace figment;
  Rng rng(1);
  Sequential features{Flatten{}, Linear(784, 256, rng, {.activation = Activation::relu})};
  Vae vae(GaussianEncoder(std::move(features), 256, 2, rng),
          Sequential{Linear(2, 256, rng, {.activation = Activation::relu}), Linear(256, 784, rng)});
  RmsProp optimizer(parameters(vae));
  data::Loader train(data::Dataset<float>{rng.uniform({1000, 28, 28, 1}), {}}, {.batch = 100});
  Progress progress;
  const History history = fit(vae, optimizer, train, {.epochs = 2, .callbacks = {&progress}});
  return history.last("train") > 0 && vae.sample(1, rng).size() == 784 ? 0 : 1;
}

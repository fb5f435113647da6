// A layer of one's own: squeeze-and-excitation (Hu et al., 2018), in a convolutional classifier of digits.
#include <figment/data.hpp>
#include <figment/figment.hpp>

#include <cstdio>

using namespace figment;

/// Multiplies each channel of x (N, H, W, C) by a gate in (0, 1) that is computed from all channels' means.
struct SqueezeExcite {
  Linear<float> squeeze, excite;
  Tensor<float> openness;  // running mean of each gate (C,): which channels the network has use for

  SqueezeExcite(Index channels, Index reduction, Rng& rng)
      : squeeze(channels, channels / reduction, rng, {.activation = Activation::relu}),
        excite(channels / reduction, channels, rng, {.activation = Activation::sigmoid}),
        openness(Tensor<float>::full({channels}, 0.5f)) {}

  Tensor<float> forward(const Tensor<float>& x, const Context& context) const {
    ensure(x.rank() == 4 && x.dim(3) == openness.size(), "SqueezeExcite: expected (N, H, W, {}), found {}",
           openness.size(), x.shape());
    const auto means = mean(x, {1, 2});                         // (N, C)
    const auto gates = excite.forward(squeeze.forward(means));  // (N, C)
    if (context.training) follow(mean(gates, {0}));
    return x * reshape(gates, {x.dim(0), 1, 1, x.dim(3)});  // one gate for all of a channel
  }

  void visit(auto&& v) {
    v("squeeze", squeeze);
    v("excite", excite);
    v("openness", openness, buffer);
  }

 private:
  void follow(const Tensor<float>& now) const {
    NoGrad guard;                      // the running mean is no part of the graph
    Tensor<float> running = openness;  // a handle to the same memory
    running.copy_from(running * 0.9f + now * 0.1f);
  }
};

int main() {
  const auto digits = data::load_mnist(FIGMENT_BUNDLED_DATA);
  Rng rng(1);
  Classifier model(Sequential{Conv2d(1, 16, rng, {.stride = 2, .activation = Activation::relu}),
                              SqueezeExcite(16, 4, rng), MaxPool2d(2), Flatten{}, Linear(576, 10, rng)});
  std::fputs(summary(model, {28, 28, 1}).c_str(), stdout);

  Adam adam(parameters(model), {.rate = 3e-3});
  data::Loader train(digits.train, {.batch = 50}), test(digits.test, {.batch = 500, .shuffle = false});
  const History history = fit(model, adam, train, test, {.epochs = 2});
  std::printf("accuracy on test digits: %.3f\n", history.last("val_accuracy"));
  return history.last("val_accuracy") > 0.9 ? 0 : 1;
}

// A shared library of somebody's, its symbols hidden, with figment inside.
#include "plugin.hpp"

#include <figment/figment.hpp>

using namespace figment;

namespace {
const auto kept = Tensor<float>::ones({1000});  // until the library is unloaded
}

float plugin_train() {
  Rng rng(1);
  Sequential net{Linear(200, 300, rng, {.activation = Activation::relu}), Linear(300, 5, rng)};
  Adam optimizer(parameters(net));
  const auto x = rng.normal<float>({1000, 200});
  for (int step = 0; step < 3; ++step)
    optimizer.step(grad(mse(net.forward(x), Tensor<float>::ones({1000, 5})), parameters(net)));
  return mean(net.forward(x)).item() + kept(0);
}

void plugin_throw(bool in_a_layer) {
  if (!in_a_layer) fail("plugin: {} is too many", 3);
  Rng rng(1);
  Sequential{Linear(2, 3, rng), Linear(4, 3, rng)}.forward(Tensor<float>::ones({1, 2}));
}

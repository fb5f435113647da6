// What is shipped to draw from a trained network: loads a decoder's weights and writes a picture of samples.
// Built with SAVE_WEIGHTS it makes weights to load instead.
#include <cstdio>

#include "figment/io/image.hpp"
#include "figment/io/png.hpp"
#include "figment/io/safetensors.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/ops/activation.hpp"

using namespace figment;

int main(int argc, char** argv) try {
  if (argc != 3) return std::fputs("expected WEIGHTS PICTURE\n", stderr), 2;
  Rng rng(1);
  Sequential decoder{Linear(20, 512, rng, {.activation = Activation::relu}), Linear(512, 784, rng)};
#ifdef SAVE_WEIGHTS
  io::save_weights(argv[1], decoder);
#else
  io::load_weights(argv[1], decoder);
  NoGrad guard;
  const auto images = sigmoid(decoder.forward(rng.normal<float>({64, 20}), {}));
  io::write_png(argv[2], io::grid(reshape(images, {64, 28, 28})));
#endif
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}

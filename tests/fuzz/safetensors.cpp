// Any bytes as a file of safetensors: all of its tensors are read, and networks take what fits them.
#include "figment/io/pytorch.hpp"
#include "figment/nn/batch_norm.hpp"
#include "figment/nn/conv_transpose2d.hpp"
#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"

#include "input.hpp"

using namespace figment;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = fuzz::file(data, size);
  fuzz::attempt([&] {
    const io::SafetensorsReader reader(path);
    static Rng rng{1};
    static Sequential net{Linear(2, 2, rng), BatchNorm(2)};
    for (const char* prefix : {"", "w."})
      fuzz::attempt([&] { io::load_weights(path, net, {.prefix = prefix, .strict = false}); });
    static Linear plain(2, 2, rng);
    static ConvTranspose2d up(2, 2, rng, {.kernel = 1});
    static SpectralNorm normed(Linear(2, 2, rng), rng);
    fuzz::attempt([&] { io::import_pytorch(path, plain); });
    fuzz::attempt([&] { io::import_pytorch(path, up, {.strict = false}); });
    fuzz::attempt([&] { io::import_pytorch(path, normed); });
    for (const auto& name : reader.names()) {
      fuzz::attempt([&] { reader.read<float>(name); });
      fuzz::attempt([&] { reader.read<double>(name); });
      fuzz::attempt([&] { reader.read<std::int32_t>(name); });
      fuzz::attempt([&] { reader.read<std::uint8_t>(name); });
    }
  });
  return 0;
}

// Any bytes as a file of safetensors: all of its tensors are read, and a network takes what fits it.
#include "figment/io/safetensors.hpp"
#include "figment/nn/batch_norm.hpp"
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
    for (const auto& name : reader.names()) {
      fuzz::attempt([&] { reader.read<float>(name); });
      fuzz::attempt([&] { reader.read<double>(name); });
      fuzz::attempt([&] { reader.read<std::int32_t>(name); });
      fuzz::attempt([&] { reader.read<std::uint8_t>(name); });
    }
  });
  return 0;
}

// Any bytes as a file of safetensors: all of its tensors are read.
#include "figment/io/safetensors.hpp"

#include "input.hpp"

using namespace figment;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = fuzz::file(data, size);
  fuzz::attempt([&] {
    const io::SafetensorsReader reader(path);
    for (const auto& name : reader.names()) {
      fuzz::attempt([&] { reader.read<float>(name); });
      fuzz::attempt([&] { reader.read<double>(name); });
      fuzz::attempt([&] { reader.read<std::int32_t>(name); });
      fuzz::attempt([&] { reader.read<std::uint8_t>(name); });
    }
  });
  return 0;
}

// Any bytes as a .npz file: all of its arrays are read.
#include "figment/io/npz.hpp"

#include "input.hpp"

using namespace figment;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = fuzz::file(data, size);
  fuzz::attempt([&] {
    const io::NpzReader reader(path);
    for (const auto& name : reader.names()) {
      fuzz::attempt([&] { reader.read<float>(name); });
      fuzz::attempt([&] { reader.read<std::int32_t>(name); });
    }
  });
  return 0;
}

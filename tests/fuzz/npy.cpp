// Any bytes as a .npy file.
#include "figment/io/npy.hpp"

#include "input.hpp"

using namespace figment;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = fuzz::file(data, size);
  fuzz::attempt([&] { io::load_npy(path); });
  fuzz::attempt([&] { io::load_npy<std::int32_t>(path); });
  fuzz::attempt([&] { io::load_npy<std::uint8_t>(path); });
  return 0;
}

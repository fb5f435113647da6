// Any bytes as a PNG file.
#include "figment/io/read_image.hpp"

#include "input.hpp"

using namespace figment;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = fuzz::file(data, size);
  fuzz::attempt([&] { io::to_tensor(io::read_image(path)); });
  return 0;
}

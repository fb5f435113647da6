// Any bytes as libsvm text.
#include "figment/data/libsvm.hpp"

#include "input.hpp"

using namespace figment;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto path = fuzz::file(bytes, size);
  fuzz::attempt([&] { data::read_libsvm(path, 20); });
  return 0;
}

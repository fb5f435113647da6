// Any bytes as a file of IDX, gzipped or not.
#include "figment/data/idx.hpp"

#include "input.hpp"

using namespace figment;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto path = fuzz::file(bytes, size);
  fuzz::attempt([&] { data::read_idx(path); });
  fuzz::attempt([&] { data::read_idx<float>(path); });
  return 0;
}

// Any bytes as a table of comma-separated numbers, gzipped or not.
#include "figment/data/csv.hpp"

#include "input.hpp"

using namespace figment;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto path = fuzz::file(bytes, size);
  fuzz::attempt([&] { data::read_csv(path, 2); });
  return 0;
}

// Where a generator of random numbers stands, for every instruction set.
#pragma once

#include <cstdint>

namespace figment::kernels {

/// A generator's whole state: equal states go on to equal numbers. The block of 128 bits number `counter` of
/// one of the 2^64 streams of one of the 2^64 seeds comes next.
struct RngState {
  std::uint64_t seed = 0, stream = 0, counter = 0;
  friend bool operator==(const RngState&, const RngState&) = default;
};

}  // namespace figment::kernels

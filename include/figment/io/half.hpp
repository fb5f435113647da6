// The 16-bit floating-point formats that files have, as float, which holds all their values.
#pragma once

#include <bit>
#include <cstdint>

namespace figment::io::detail {

/// The value of IEEE 754's binary16, by its bits.
inline float half_value(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16;
  const std::uint32_t magnitude = bits & 0x7fff;
  if (magnitude >= 0x7c00) return std::bit_cast<float>(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  if (magnitude >= 0x0400) return std::bit_cast<float>(sign | ((magnitude << 13) + (112U << 23)));
  const float tiny = static_cast<float>(magnitude) * 0x1p-24F;  // exact
  return sign ? -tiny : tiny;
}

/// The value of bfloat16, the upper half of a float.
inline float bfloat16_value(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace figment::io::detail

// Questions about NaN and infinity that are answered from the bits: with -ffast-math a compiler answers
// std::isnan and x != x without looking.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace figment::detail {

/// The bits without the sign, and those of infinity.
template <class T>
struct FloatBits {
  using Word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  static constexpr Word infinity = sizeof(T) == 4 ? Word(0x7f800000) : static_cast<Word>(0x7ff0000000000000);
  static constexpr Word magnitude(T x) { return std::bit_cast<Word>(x) & (static_cast<Word>(~Word(0)) >> 1); }
};

template <class T>
constexpr bool is_nan(T x) {
  return FloatBits<T>::magnitude(x) > FloatBits<T>::infinity;
}

/// Neither NaN nor infinite.
template <class T>
constexpr bool is_finite(T x) {
  return FloatBits<T>::magnitude(x) < FloatBits<T>::infinity;
}

/// A number of 0 or more.
template <class T>
constexpr bool not_negative(T x) {
  return !is_nan(x) && x >= T(0);
}

}  // namespace figment::detail

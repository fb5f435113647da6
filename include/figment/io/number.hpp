// The numbers of other programs' files: their types and byte orders, and how they become a tensor's.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "figment/core/finite.hpp"
#include "figment/core/tensor.hpp"

namespace figment::io::detail {

static_assert(std::endian::native == std::endian::little,
              "figment: files are read on little-endian machines");

/// How a file holds a number.
struct NumberType {
  char kind = 0;      ///< 'f' as IEEE 754 has it, 'i' with a sign, 'u' without, 'b' 0 for false, 'g' bfloat16
  unsigned size = 0;  ///< in bytes: of 'f' 2, 4 or 8, of 'g' 2, of integers 1, 2, 4 or 8
  bool swapped = false;  ///< the most significant byte comes first
};

/// The type whose bytes are those of T in memory.
template <class T>
constexpr NumberType number_type() {
  return {std::is_floating_point_v<T> ? 'f' : std::is_signed_v<T> ? 'i' : 'u', sizeof(T)};
}

/// IEEE 754's binary16.
inline float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31u, fraction = half & 1023u;
  if (exponent == 0) {  // multiples of 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;  // infinity and NaN, else another bias
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

/// bfloat16, the upper half of a float.
inline float bfloat16_to_float(std::uint16_t half) { return std::bit_cast<float>(std::uint32_t{half} << 16); }

template <class V>
V number_at(const char* p) {
  V v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

/// f(v) of the number at p, in the machine's byte order: v is a double, or an integer of 64 bits.
template <class F>
auto visit_number(const NumberType& type, const char* p, F f) {
  if (type.kind == 'f')
    return f(type.size == 8   ? number_at<double>(p)
             : type.size == 4 ? double{number_at<float>(p)}
                              : double{half_to_float(number_at<std::uint16_t>(p))});
  if (type.kind == 'g') return f(double{bfloat16_to_float(number_at<std::uint16_t>(p))});
  if (type.kind == 'i')
    return f(type.size == 8   ? number_at<std::int64_t>(p)
             : type.size == 4 ? std::int64_t{number_at<std::int32_t>(p)}
             : type.size == 2 ? std::int64_t{number_at<std::int16_t>(p)}
                              : std::int64_t{number_at<std::int8_t>(p)});
  const std::uint64_t v = type.size == 8   ? number_at<std::uint64_t>(p)
                          : type.size == 4 ? std::uint64_t{number_at<std::uint32_t>(p)}
                          : type.size == 2 ? std::uint64_t{number_at<std::uint16_t>(p)}
                                           : std::uint64_t{number_at<std::uint8_t>(p)};
  return f(type.kind == 'b' ? std::uint64_t{v != 0} : v);
}

/// Whether v becomes a T: rounded maybe, where T is floating, but neither infinite nor another integer.
template <class T, class V>
bool number_fits(V v) {
  if constexpr (std::is_floating_point_v<T> && std::is_floating_point_v<V>)
    return !figment::detail::is_finite(v) || figment::detail::is_finite(static_cast<T>(v));
  else if constexpr (std::is_floating_point_v<T>)
    return true;
  else if constexpr (std::is_floating_point_v<V>)
    return figment::detail::is_finite(v) && v == std::trunc(v) &&
           v >= static_cast<V>((std::numeric_limits<T>::min)()) &&
           v <= static_cast<V>((std::numeric_limits<T>::max)());
  else
    return std::in_range<T>(v);
}

/// Where the elements of a file go in a tensor, one after the other: in Fortran's order the first index is
/// the fastest.
class NumberOrder {
 public:
  NumberOrder(const Shape& shape, bool fortran) : shape_(shape), fortran_(fortran) {
    Index stride = 1;
    for (Index a = shape.rank(); a-- > 0; stride *= shape[a]) stride_[a] = stride;
  }

  /// The place of the next element.
  Index next() {
    if (!fortran_) return at_++;
    const Index here = at_;
    for (Index a = 0; a < shape_.rank(); ++a) {
      at_ += stride_[a];
      if (++index_[a] < shape_[a]) break;
      at_ -= stride_[a] * std::exchange(index_[a], 0);
    }
    return here;
  }
  /// The indices of a place.
  Shape indices(Index place) const {
    Shape list;
    for (Index a = 0; a < shape_.rank(); ++a) {
      list.push_back(place / stride_[a]);
      place %= stride_[a];
    }
    return list;
  }

 private:
  Shape shape_;
  bool fortran_;
  Index at_ = 0, stride_[max_rank] = {}, index_[max_rank] = {};
};

/// All elements of a file as a tensor of T, bytes coming from read(to, n), which throws when there are not as
/// many. Throws on a number that T does not hold; `name` begins the message.
template <class T, class Read>
Tensor<T> read_numbers(const NumberType& type, const Shape& shape, bool fortran, std::string_view name,
                       Read read) {
  Tensor<T> t(shape);
  const Index n = t.size();
  T* const out = t.mutable_data();
  constexpr NumberType own = number_type<T>();
  if (type.kind == own.kind && type.size == own.size && !type.swapped && !fortran) {
    read(out, static_cast<std::size_t>(n) * sizeof(T));
    return t;
  }
  NumberOrder order(shape, fortran);
  std::array<char, 1 << 14> block;
  const std::size_t size = type.size;
  for (Index done = 0; done < n;) {
    const auto some = (std::min)(static_cast<std::size_t>(n - done), block.size() / size);
    read(block.data(), some * size);
    for (char* p = block.data(); p != block.data() + some * size; p += size) {
      if (type.swapped)
        for (std::size_t i = 0; i < size / 2; ++i) std::swap(p[i], p[size - 1 - i]);
      const Index place = order.next();
      visit_number(type, p, [&](auto v) {
        if (!number_fits<T>(v)) {
          using Limits = std::numeric_limits<T>;
          const std::string range =
              std::is_floating_point_v<T>
                  ? figment::format("a number up to {}", (Limits::max)())
                  : figment::format("a whole number from {} to {}", (Limits::min)(), (Limits::max)());
          fail("{}: element {} is {}, expected {}", name, order.indices(place), v, range);
        }
        out[place] = static_cast<T>(v);
      });
    }
    done += static_cast<Index>(some);
  }
  return t;
}

}  // namespace figment::io::detail

// Writing Protocol Buffers messages (protobuf.dev/programming-guides/encoding). They are only written:
// reading and compiling .proto files is left to the programs that take them.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace figment::io::detail {

static_assert(std::endian::native == std::endian::little, "figment: protobuf's numbers are little-endian");

/// A message's bytes, written field by field: fields are known by their number and may repeat.
class WireWriter {
 public:
  /// Integers, enums and bools; negative ones take ten bytes.
  void integer(unsigned field, std::int64_t value) {
    key(field, 0);
    varint(static_cast<std::uint64_t>(value));
  }
  /// Eight bytes.
  void real(unsigned field, double value) {
    key(field, 1);
    raw(&value, sizeof value);
  }
  /// Four bytes.
  void real(unsigned field, float value) {
    key(field, 5);
    raw(&value, sizeof value);
  }
  /// Strings and bytes.
  void text(unsigned field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
  }
  /// Repeated integers, packed.
  void integers(unsigned field, std::span<const std::int64_t> values) {
    message(field, [&] {
      for (std::int64_t v : values) varint(static_cast<std::uint64_t>(v));
    });
  }
  /// Repeated reals of eight bytes, packed.
  void reals(unsigned field, std::span<const double> values) {
    text(field, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  /// A message inside: what `fields()` writes to this writer.
  template <class F>
  void message(unsigned field, F fields) {
    key(field, 2);
    const std::size_t begin = bytes_.size() + 1;
    bytes_ += '\0';  // the length of most messages takes one byte; longer ones are moved
    fields();
    close(begin);
  }

  /// The fields that another writer has.
  void append(const WireWriter& fields) { bytes_ += fields.bytes_; }

  /// What was written so far.
  const std::string& bytes() const { return bytes_; }
  /// For the next message, in the same memory.
  void clear() { bytes_.clear(); }

 private:
  void key(unsigned field, unsigned type) { varint(std::uint64_t{field} << 3 | type); }
  void raw(const void* value, std::size_t n) {
    char copy[8];
    std::memcpy(copy, value, n);
    bytes_.append(copy, n);
  }
  void varint(std::uint64_t value) {
    char out[10];
    bytes_.append(out, encode(value, out));
  }
  static std::size_t encode(std::uint64_t value, char* out) {
    std::size_t n = 0;
    for (; value > 127; value >>= 7) out[n++] = static_cast<char>(value | 128);
    out[n++] = static_cast<char>(value);
    return n;
  }
  void close(std::size_t begin) {
    char length[10];
    const std::size_t n = encode(bytes_.size() - begin, length);
    bytes_.replace(begin - 1, 1, length, n);
  }

  std::string bytes_;
};

}  // namespace figment::io::detail

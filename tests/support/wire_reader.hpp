// Protobuf messages taken apart, as far as the tests of what we write need it.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// A message's fields in order. Throws when the bytes are not a message.
class WireReader {
 public:
  struct Field {
    unsigned number, type;
    std::uint64_t number_value;  // a varint, or the bits of a real
    std::string_view bytes;      // a string or a message
  };

  explicit WireReader(std::string_view bytes) : rest_(bytes) {
    while (!rest_.empty()) {
      const std::uint64_t key = varint();
      Field f{static_cast<unsigned>(key >> 3), static_cast<unsigned>(key & 7), 0, {}};
      if (f.type == 0)
        f.number_value = varint();
      else if (f.type == 2)
        f.bytes = take(varint());
      else if (f.type == 1 || f.type == 5)
        std::memcpy(&f.number_value, take(f.type == 1 ? 8 : 4).data(), f.type == 1 ? 8 : 4);
      else
        throw std::runtime_error("wire: type " + std::to_string(f.type));
      fields.push_back(f);
    }
  }

  /// All messages or strings of a number.
  std::vector<std::string_view> all(unsigned number) const {
    std::vector<std::string_view> found;
    for (const Field& f : fields)
      if (f.number == number && f.type == 2) found.push_back(f.bytes);
    return found;
  }
  bool has(unsigned number) const { return find(number) != nullptr; }
  /// The last of a number, as protobuf reads a field that does not repeat; empty or 0 if there is none.
  std::string_view bytes(unsigned number) const { return has(number) ? find(number)->bytes : ""; }
  std::string text(unsigned number) const { return std::string(bytes(number)); }
  WireReader message(unsigned number) const { return WireReader(bytes(number)); }
  std::int64_t integer(unsigned number) const {
    return has(number) ? static_cast<std::int64_t>(find(number)->number_value) : 0;
  }
  float real(unsigned number) const { return bits<float>(number); }
  double real64(unsigned number) const { return bits<double>(number); }
  /// Integers of a number, packed or not.
  std::vector<std::int64_t> integers(unsigned number) const {
    std::vector<std::int64_t> list;
    for (const Field& f : fields) {
      if (f.number != number) continue;
      if (f.type == 0) list.push_back(static_cast<std::int64_t>(f.number_value));
      if (f.type == 2)
        for (WireReader packed(f.bytes, 0); !packed.rest_.empty();)
          list.push_back(static_cast<std::int64_t>(packed.varint()));
    }
    return list;
  }

  std::vector<Field> fields;

 private:
  WireReader(std::string_view bytes, int) : rest_(bytes) {}

  const Field* find(unsigned number) const {
    const Field* last = nullptr;
    for (const Field& f : fields)
      if (f.number == number) last = &f;
    return last;
  }
  template <class V>
  V bits(unsigned number) const {
    V v{};
    if (has(number)) std::memcpy(&v, &find(number)->number_value, sizeof v);
    return v;
  }
  std::string_view take(std::uint64_t n) {
    if (n > rest_.size()) throw std::runtime_error("wire: a field beyond the end");
    const std::string_view head = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return head;
  }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      v |= std::uint64_t{byte & 127u} << shift;
      if (byte < 128) return v;
    }
    throw std::runtime_error("wire: an endless number");
  }

  std::string_view rest_;
};

}  // namespace test

// Protobuf's bytes, worked out by hand from the format's description.
#include "figment/io/wire.hpp"

#include "support/catch.hpp"

using namespace figment;

namespace {

/// The bytes that write(writer) leaves, in hexadecimal.
template <class F>
std::string written(F write) {
  io::detail::WireWriter w;
  write(w);
  std::string hex;
  for (const char c : w.bytes()) {
    const auto byte = static_cast<unsigned char>(c);
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

}  // namespace

TEST_CASE("protobuf numbers", "[wire]") {
  CHECK(written([](auto& w) { w.integer(1, 0); }) == "0800");
  CHECK(written([](auto& w) { w.integer(1, 127); }) == "087f");
  // 150 = 1 0010110 in binary: the low seven bits come first, with a bit that says more follows.
  CHECK(written([](auto& w) { w.integer(1, 150); }) == "089601");
  CHECK(written([](auto& w) { w.integer(2, std::int64_t{1} << 32); }) == "108080808010");
  CHECK(written([](auto& w) { w.integer(3, -1); }) == "18ffffffffffffffffff01");
  CHECK(written([](auto& w) { w.integer(16, 1); }) == "800101");  // 16 << 3 takes two bytes
  CHECK(written([](auto& w) { w.real(1, 1.0); }) == "09000000000000f03f");
  CHECK(written([](auto& w) { w.real(2, -2.0f); }) == "15000000c0");
}

TEST_CASE("protobuf strings, packed integers and messages inside messages", "[wire]") {
  CHECK(written([](auto& w) { w.text(2, "testing"); }) == "120774657374696e67");
  CHECK(written([](auto& w) { w.text(2, ""); }) == "1200");
  const std::int64_t packed[] = {3, 270, 86942};  // the guide's own example
  CHECK(written([&](auto& w) { w.integers(6, packed); }) == "3206038e029ea705");
  CHECK(written([&](auto& w) {
          w.message(1, [&] {
            w.message(2, [&] { w.integer(1, 150); });
            w.message(3, [] {});
            w.text(4, "a");
          });
        }) ==
        "0a0a"
        "1203089601"
        "1a00"
        "220161");
}

TEST_CASE("a long message moves for its length", "[wire]") {
  for (const std::size_t n : {127u, 128u, 16383u, 16384u, 100000u}) {
    const std::string inside(n - (n < 130 ? 2 : n < 16386 ? 3 : 4), 'x');
    io::detail::WireWriter w;
    w.message(1, [&] { w.text(1, inside); });
    w.integer(2, 5);
    const std::string_view bytes = w.bytes();
    // The outer length, seven bits a byte.
    std::size_t length = 0, at = 1;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      length |= std::size_t{byte & 127u} << shift;
      if (byte < 128) break;
    }
    CHECK(bytes.size() == at + length + 2);
    CHECK(bytes.substr(at + length - inside.size(), inside.size()) == inside);
    CHECK(bytes.substr(at + length) == "\x10\x05");
    w.clear();
    w.integer(1, 1);
    CHECK(w.bytes() == "\x08\x01");
  }
}

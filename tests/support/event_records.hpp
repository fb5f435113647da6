// TensorBoard's event files taken apart.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "figment/io/event_file.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace test {

/// The records of an event file, whose checksums are right; damage is a failed check, unless the last record
/// may be `cut` short.
inline std::vector<std::string> records(const std::filesystem::path& path, bool cut = false) {
  const std::string bytes = read_bytes(path);
  std::vector<std::string> list;
  const auto crc_at = [&](std::size_t at) {
    std::uint32_t crc = 0;
    std::memcpy(&crc, bytes.data() + at, 4);
    return crc;
  };
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::uint64_t length = 0;
    const bool head = bytes.size() - at >= 16;
    if (head) std::memcpy(&length, bytes.data() + at, 8);
    const bool whole = head && bytes.size() - at - 16 >= length;
    if (!whole && cut) break;
    REQUIRE(whole);
    list.push_back(bytes.substr(at + 12, length));
    CHECK(crc_at(at + 8) == figment::io::detail::masked_crc32c(bytes.substr(at, 8)));
    CHECK(crc_at(at + 12 + length) == figment::io::detail::masked_crc32c(list.back()));
    at += 16 + length;
  }
  return list;
}

}  // namespace test

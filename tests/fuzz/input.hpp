// What the fuzz targets share: the input as a file.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "figment/core/error.hpp"

namespace fuzz {

/// A file of these bytes, in memory where there is a place for such files. One a process, written over.
inline std::filesystem::path file(const std::uint8_t* data, std::size_t size) {
  static const std::filesystem::path directory =
      std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
  static const auto path = directory / ("figment-fuzz-" + std::to_string(getpid()));
  static const bool removed = std::atexit([] { std::filesystem::remove(path); }) == 0;
  (void)removed;
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  return path;
}

/// Calls f(). It may refuse its input by a figment::Error that says something; whatever else it throws is a
/// finding.
template <class F>
void attempt(F f) {
  try {
    f();
  } catch (const figment::Error& e) {
    if (e.what()[0] == '\0') std::abort();
  }
}

}  // namespace fuzz

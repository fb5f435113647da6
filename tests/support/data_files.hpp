// What tests of data write and compare.
#pragma once

#include <zlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "figment/core/tensor.hpp"

namespace test {

inline void write_gz(const std::filesystem::path& path, const std::string& bytes) {
  gzFile file = gzopen(path.string().c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

template <class T>
std::vector<T> list(const figment::Tensor<T>& t) {
  return {t.values().begin(), t.values().end()};
}

}  // namespace test

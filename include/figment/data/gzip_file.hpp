// Reading a file of bytes that may be gzipped.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "figment/core/error.hpp"

namespace figment::data::detail {

/// A file being read from beginning to end. zlib passes files that are not gzipped through as they are.
class GzipFile {
 public:
  /// `caller` begins each message; it must be a literal.
  GzipFile(std::string_view caller, const std::filesystem::path& path)
      : caller_(caller), name_(path.string()) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    ensure(std::filesystem::exists(status), "{}: {}: no such file", caller_, name_);
    ensure(std::filesystem::is_regular_file(status), "{}: {}: not a regular file", caller_, name_);
    size_ = std::filesystem::file_size(path, error);
    if (!error) file_.reset(gzopen(name_.c_str(), "rb"));
    ensure(file_ != nullptr, "{}: {}: cannot be opened", caller_, name_);
    gzipped_ = gzdirect(file_.get()) == 0;
  }

  const std::string& name() const { return name_; }
  bool gzipped() const { return gzipped_; }
  /// In bytes, as it lies on the disk.
  std::uint64_t size() const { return size_; }

  /// Reads up to n bytes and returns how many there were; a damaged .gz is an error.
  std::uint64_t read(void* to, std::uint64_t n) {
    std::uint64_t got = 0;
    while (got < n) {
      const auto want = static_cast<unsigned>(std::min<std::uint64_t>(n - got, 1u << 30));
      const int some = gzread(file_.get(), static_cast<char*>(to) + got, want);
      if (some <= 0) break;
      got += static_cast<std::uint64_t>(some);
    }
    int code = Z_OK;
    const std::string_view message = gzerror(file_.get(), &code);
    ensure(code != Z_BUF_ERROR, "{}: {}: the gzip stream is cut short", caller_, name_);
    ensure(code >= Z_OK, "{}: {}: corrupt gzip stream ({})", caller_, name_, message);
    return got;
  }

 private:
  struct Close {
    void operator()(gzFile_s* file) const { gzclose(file); }
  };

  std::string_view caller_;
  std::string name_;
  std::uint64_t size_ = 0;
  std::unique_ptr<gzFile_s, Close> file_;
  bool gzipped_ = false;
};

}  // namespace figment::data::detail

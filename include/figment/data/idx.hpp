// The IDX files of MNIST, plain or gzipped (format: yann.lecun.com/exdb/mnist).
#pragma once

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "figment/core/tensor.hpp"

namespace figment::data {

namespace detail {

struct CloseGzip {
  void operator()(gzFile_s* file) const { gzclose(file); }
};

/// One IDX file being read. zlib passes files that are not gzipped through as they are.
class IdxReader {
 public:
  explicit IdxReader(const std::filesystem::path& path) : name_(path.string()) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    check(std::filesystem::exists(status), "read_idx: {}: no such file", name_);
    check(std::filesystem::is_regular_file(status), "read_idx: {}: not a regular file", name_);
    file_size_ = std::filesystem::file_size(path, error);
    if (!error) file_.reset(gzopen(name_.c_str(), "rb"));
    check(file_ != nullptr, "read_idx: {}: cannot be opened", name_);
    gzipped_ = gzdirect(file_.get()) == 0;
  }

  /// Reads up to n bytes and returns how many there were; a damaged .gz is an error.
  std::uint64_t read(std::uint8_t* to, std::uint64_t n) {
    std::uint64_t got = 0;
    while (got < n) {
      const auto want = static_cast<unsigned>(std::min<std::uint64_t>(n - got, 1u << 30));
      const int some = gzread(file_.get(), to + got, want);
      if (some <= 0) break;
      got += static_cast<std::uint64_t>(some);
    }
    int code = Z_OK;
    const std::string_view message = gzerror(file_.get(), &code);
    check(code != Z_BUF_ERROR, "read_idx: {}: the gzip stream is cut short", name_);
    check(code >= Z_OK, "read_idx: {}: corrupt gzip stream ({})", name_, message);
    return got;
  }

  Shape header() {
    std::uint8_t magic[4] = {};
    const auto got = read(magic, 4);
    check(got == 4 && magic[0] == 0 && magic[1] == 0,
          "read_idx: {}: not an IDX file (it does not start with two zero bytes, a type and a rank)", name_);
    check(magic[2] == 0x08, "read_idx: {}: expected element type 8 (unsigned byte), found {}", name_,
          magic[2]);
    check(magic[3] <= max_rank, "read_idx: {}: {} dimensions, at most {} are supported", name_, magic[3],
          max_rank);
    Shape shape;
    Index product = 1;  // of the extents other than 0, so that no order of them overflows
    bool empty = false;
    for (int i = 0; i < magic[3]; ++i) {
      std::uint8_t b[4] = {};
      check(read(b, 4) == 4, "read_idx: {}: the file ends inside its header", name_);
      const Index extent = Index{b[0]} << 24 | Index{b[1]} << 16 | Index{b[2]} << 8 | Index{b[3]};
      shape.push_back(extent);
      empty |= extent == 0;
      check(extent == 0 || product <= std::numeric_limits<Index>::max() / extent,
            "read_idx: {}: the header's shape has too many elements", name_);
      if (extent > 0) product *= extent;
    }
    check_promise(shape, empty ? 0 : static_cast<std::uint64_t>(product));
    return shape;
  }

  void values(const Shape& shape, std::uint8_t* to) {
    const auto promised = static_cast<std::uint64_t>(shape.size());
    const auto got = read(to, promised);
    check(got == promised, "read_idx: {}: shape {} takes {} bytes, the file holds {}", name_, shape, promised,
          got);
    std::uint8_t more;
    check(read(&more, 1) == 0, "read_idx: {}: bytes left over after the {} of shape {}", name_, promised,
          shape);
  }

 private:
  // Before memory is taken: a header of sixteen bytes may promise exabytes.
  void check_promise(const Shape& shape, std::uint64_t promised) const {
    const std::uint64_t expansion = 1032;  // deflate's limit
    const std::uint64_t header = 4 + 4 * static_cast<std::uint64_t>(shape.rank());
    const std::uint64_t most = gzipped_ ? expansion * file_size_ : file_size_ - header;
    check(promised <= most, "read_idx: {}: shape {} takes {} bytes, the file holds {}{}", name_, shape,
          promised, std::string_view(gzipped_ ? "at most " : ""), most);
  }

  std::string name_;
  std::uint64_t file_size_ = 0;
  std::unique_ptr<gzFile_s, CloseGzip> file_;
  bool gzipped_ = false;
};

}  // namespace detail

/// Reads an IDX file of unsigned bytes, plain or gzipped, of any rank up to max_rank. Throws if the file is
/// missing, damaged, of another type, or longer or shorter than its header says.
inline Tensor<std::uint8_t> read_idx(const std::filesystem::path& path) {
  detail::IdxReader reader(path);
  const Shape shape = reader.header();
  Tensor<std::uint8_t> t(shape);
  reader.values(shape, t.mutable_data());
  return t;
}

/// Writes unsigned bytes as a plain IDX file.
inline void write_idx(const std::filesystem::path& path, const Tensor<std::uint8_t>& t) {
  std::string header{'\0', '\0', '\x08', static_cast<char>(t.rank())};
  for (Index extent : t.shape()) {
    check(extent <= 0xFFFFFFFF, "write_idx: {}: extent {} needs more than 32 bits", path.string(), extent);
    for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(extent >> shift & 0xFF);
  }
  std::ofstream file(path, std::ios::binary);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  file.write(reinterpret_cast<const char*>(t.data()), t.size());
  file.close();
  check(!file.fail(), "write_idx: {}: cannot be written", path.string());
}

}  // namespace figment::data

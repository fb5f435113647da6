// The IDX files of MNIST, plain or gzipped (format: yann.lecun.com/exdb/mnist).
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "figment/core/tensor.hpp"
#include "figment/data/gzip_file.hpp"

namespace figment::data {

namespace detail {

/// One IDX file being read.
class IdxReader {
 public:
  explicit IdxReader(const std::filesystem::path& path) : file_("read_idx", path), name_(file_.name()) {}

  Shape header() {
    std::uint8_t magic[4] = {};
    const auto got = file_.read(magic, 4);
    ensure(got == 4 && magic[0] == 0 && magic[1] == 0,
           "read_idx: {}: not an IDX file (it does not start with two zero bytes, a type and a rank)", name_);
    ensure(magic[2] == 0x08, "read_idx: {}: expected element type 8 (unsigned byte), found {}", name_,
           magic[2]);
    ensure(magic[3] <= max_rank, "read_idx: {}: {} dimensions, at most {} are supported", name_, magic[3],
           max_rank);
    Shape shape;
    for (int i = 0; i < magic[3]; ++i) {
      std::uint8_t b[4] = {};
      ensure(file_.read(b, 4) == 4, "read_idx: {}: the file ends inside its header", name_);
      shape.push_back(Index{b[0]} << 24 | Index{b[1]} << 16 | Index{b[2]} << 8 | Index{b[3]});
    }
    const Index bytes = figment::detail::byte_count(shape, 1);
    ensure(bytes >= 0, "read_idx: {}: the header's shape has too many elements", name_);
    check_promise(shape, static_cast<std::uint64_t>(bytes));
    return shape;
  }

  void values(const Shape& shape, std::uint8_t* to) {
    const auto promised = static_cast<std::uint64_t>(shape.size());
    const auto got = file_.read(to, promised);
    ensure(got == promised, "read_idx: {}: shape {} takes {} bytes, the file holds {}", name_, shape,
           promised, got);
    std::uint8_t more;
    ensure(file_.read(&more, 1) == 0, "read_idx: {}: bytes left over after the {} of shape {}", name_,
           promised, shape);
  }

 private:
  // Before memory is taken: a header of sixteen bytes may promise exabytes.
  void check_promise(const Shape& shape, std::uint64_t promised) const {
    const std::uint64_t expansion = 1032;  // deflate's limit
    const std::uint64_t header = 4 + 4 * static_cast<std::uint64_t>(shape.rank());
    const std::uint64_t most = file_.gzipped() ? expansion * file_.size() : file_.size() - header;
    ensure(promised <= most, "read_idx: {}: shape {} takes {} bytes, the file holds {}{}", name_, shape,
           promised, std::string_view(file_.gzipped() ? "at most " : ""), most);
  }

  GzipFile file_;
  std::string name_;
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
    ensure(extent <= 0xFFFFFFFF, "write_idx: {}: extent {} needs more than 32 bits", path.string(), extent);
    for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(extent >> shift & 0xFF);
  }
  std::ofstream file(path, std::ios::binary);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  file.write(reinterpret_cast<const char*>(t.data()), t.size());
  file.close();
  ensure(!file.fail(), "write_idx: {}: cannot be written", path.string());
}

}  // namespace figment::data

// The IDX files of MNIST, plain or gzipped (format: yann.lecun.com/exdb/mnist).
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "figment/core/tensor.hpp"
#include "figment/data/gzip_file.hpp"
#include "figment/io/number.hpp"
#include "figment/io/wrong_file.hpp"

namespace figment::data {

namespace detail {

/// The types of IDX by their codes, in a fixed order; most bytes first.
struct IdxType {
  int code;
  io::detail::NumberType type;
};
inline constexpr IdxType idx_types[] = {{0x08, {'u', 1, false}}, {0x09, {'i', 1, false}},
                                        {0x0B, {'i', 2, true}},  {0x0C, {'i', 4, true}},
                                        {0x0D, {'f', 4, true}},  {0x0E, {'f', 8, true}}};

/// One IDX file being read.
class IdxReader {
 public:
  explicit IdxReader(const std::filesystem::path& path) : file_("read_idx", path), name_(file_.name()) {}

  Shape header() {
    std::uint8_t magic[4] = {};
    const auto got = file_.read(magic, 4);
    if (got < 4 || magic[0] != 0 || magic[1] != 0) {
      std::string start(magic, magic + got), more(60, '\0');
      more.resize(file_.read(more.data(), more.size()));
      fail("read_idx: {}: not an IDX file (it does not start with two zero bytes, a type and a rank){}",
           name_, io::detail::but_found(start + more));
    }
    for (const IdxType& t : idx_types)
      if (t.code == magic[2]) type_ = t.type;
    ensure(type_.kind != 0, "read_idx: {}: element type {} is none of IDX's 8, 9 and 11 to 14", name_,
           magic[2]);
    ensure(magic[3] <= max_rank, "read_idx: {}: {} dimensions, at most {} are supported", name_, magic[3],
           max_rank);
    Shape shape;
    for (int i = 0; i < magic[3]; ++i) {
      std::uint8_t b[4] = {};
      ensure(file_.read(b, 4) == 4, "read_idx: {}: the file ends inside its header", name_);
      shape.push_back(Index{b[0]} << 24 | Index{b[1]} << 16 | Index{b[2]} << 8 | Index{b[3]});
    }
    const Index bytes = figment::detail::byte_count(shape, type_.size);
    ensure(bytes >= 0, "read_idx: {}: the header's shape has too many elements", name_);
    check_promise(shape, static_cast<std::uint64_t>(bytes));
    return shape;
  }

  /// Of the values, once the header is read.
  const io::detail::NumberType& type() const { return type_; }

  /// The values of the header's shape.
  template <class T>
  Tensor<T> values(const Shape& shape) {
    const auto promised = static_cast<std::uint64_t>(shape.size()) * type_.size;
    std::uint64_t got = 0;
    Tensor<T> t =
        io::detail::read_numbers<T>(type_, shape, false, "read_idx: " + name_, [&](void* to, std::size_t n) {
          const std::uint64_t some = file_.read(to, n);
          got += some;
          ensure(some == n, "read_idx: {}: shape {} takes {} bytes, the file holds {}", name_, shape,
                 promised, got);
        });
    std::uint8_t more;
    ensure(file_.read(&more, 1) == 0, "read_idx: {}: bytes left over after the {} of shape {}", name_,
           promised, shape);
    return t;
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
  io::detail::NumberType type_;
};

}  // namespace detail

/// Reads an IDX file, plain or gzipped, of any rank up to max_rank, as a tensor of T: of bytes with a sign or
/// without, integers of 16 and 32 bits, floats or doubles. Throws if the file is missing, damaged, of another
/// type, or longer or shorter than its header says, and on a number that T does not hold.
template <class T = std::uint8_t>
Tensor<T> read_idx(const std::filesystem::path& path) {
  detail::IdxReader reader(path);
  const Shape shape = reader.header();
  return reader.values<T>(shape);
}

/// Writes a tensor of uint8, int32, float or double as a plain IDX file.
template <class T>
void write_idx(const std::filesystem::path& path, const Tensor<T>& t) {
  static_assert(
      std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::int32_t> || std::is_floating_point_v<T>,
      "figment: .idx files hold uint8, int32, float or double");
  constexpr io::detail::NumberType own = io::detail::number_type<T>();
  std::string header{'\0', '\0', '\0', static_cast<char>(t.rank())};
  for (const auto& [code, type] : detail::idx_types)
    if (type.kind == own.kind && type.size == own.size) header[2] = static_cast<char>(code);
  for (Index extent : t.shape()) {
    ensure(extent <= 0xFFFFFFFF, "write_idx: {}: extent {} needs more than 32 bits", path.string(), extent);
    for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(extent >> shift & 0xFF);
  }
  std::string bytes(reinterpret_cast<const char*>(t.data()), static_cast<std::size_t>(t.size()) * sizeof(T));
  if constexpr (sizeof(T) > 1)
    for (auto p = bytes.begin(); p != bytes.end(); p += sizeof(T)) std::reverse(p, p + sizeof(T));
  std::ofstream file(path, std::ios::binary);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  ensure(!file.fail(), "write_idx: {}: cannot be written", path.string());
}

}  // namespace figment::data

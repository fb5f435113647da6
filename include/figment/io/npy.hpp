// NumPy's .npy files (numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <bit>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "figment/core/tensor.hpp"
#include "figment/io/file.hpp"

namespace figment::io {

namespace detail {

static_assert(std::endian::native == std::endian::little, "figment: .npy files need a little-endian machine");

template <class T>
constexpr std::string_view npy_type() {
  if constexpr (std::is_same_v<T, float>) return "<f4";
  if constexpr (std::is_same_v<T, double>) return "<f8";
  if constexpr (std::is_same_v<T, std::int32_t>) return "<i4";
  if constexpr (std::is_same_v<T, std::uint8_t>) return "|u1";
}

template <class T>
std::string npy_header(const Shape& shape) {
  std::string extents;
  for (Index extent : shape) extents += std::to_string(extent) + ", ";
  if (shape.rank() > 1) extents.resize(extents.size() - 2);
  if (shape.rank() == 1) extents.pop_back();
  std::string header =
      "{'descr': '" + std::string(npy_type<T>()) + "', 'fortran_order': False, 'shape': (" + extents + "), }";
  // Magic, version and length take 10 bytes; the values begin at a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const auto length = static_cast<unsigned>(header.size());
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(length & 255) +
         static_cast<char>(length >> 8) + header;
}

/// The bytes of a .npy file, wherever they lie, being read and trusted in nothing.
class NpyReader {
 public:
  NpyReader(const NpyReader&) = delete;
  NpyReader& operator=(const NpyReader&) = delete;
  virtual ~NpyReader() = default;

  /// All there is; throws before memory for the values is taken, if they are not what the header says.
  template <class T>
  Tensor<T> tensor() {
    Tensor<T> t(header(npy_type<T>(), sizeof(T)));
    ensure(read(t.mutable_data(), static_cast<std::size_t>(t.size()) * sizeof(T)), "{}: cannot be read",
           name_);
    return t;
  }

 protected:
  /// `name` begins the messages: the caller and the file.
  NpyReader(std::string name, std::uint64_t bytes) : left_(bytes), name_(std::move(name)) {}
  /// The next n bytes, or false.
  virtual bool fill(void* to, std::size_t n) = 0;
  std::uint64_t left_;

 private:
  Shape header(std::string_view type, std::size_t item) {
    std::string start(8, '\0');
    const bool whole = left_ >= start.size() && read(start.data(), start.size());
    ensure(whole && start.starts_with("\x93NUMPY"), "{}: not a .npy file", name_);
    const int version = static_cast<std::uint8_t>(start[6]);
    ensure(version >= 1 && version <= 3, "{}: expected format version 1 to 3, found {}", name_, version);
    std::uint8_t bytes[4] = {};
    const std::size_t width = version == 1 ? 2 : 4;
    ensure(left_ >= width && read(bytes, width), "{}: the file ends inside its header", name_);
    const std::size_t length =
        bytes[0] | std::size_t{bytes[1]} << 8 | std::size_t{bytes[2]} << 16 | std::size_t{bytes[3]} << 24;
    ensure(length <= left_, "{}: a header of {} bytes, the file holds {}", name_, length, left_);
    text_.resize(length);
    ensure(read(text_.data(), length), "{}: cannot be read", name_);

    const std::string_view descr = value("descr");
    const std::string expected = "'" + std::string(type) + "'";
    ensure(descr.starts_with(expected), "{}: expected element type {}, found {}", name_, expected,
           descr.substr(0, descr.find(',')));
    const std::string_view order = value("fortran_order");
    ensure(!order.starts_with("True"), "{}: the array is in Fortran order, expected C order", name_);
    ensure(order.starts_with("False"), "{}: the header's fortran_order is neither True nor False", name_);
    const Shape shape = parse_shape(value("shape"));
    check_size(shape, item);
    return shape;
  }

  bool read(void* to, std::size_t n) {
    left_ -= n;
    return fill(to, n);
  }
  /// The header from the value of `key` on.
  std::string_view value(std::string_view key) const {
    const std::string_view text = text_;
    const std::size_t at = text.find("'" + std::string(key) + "':");
    ensure(at != text.npos, "{}: the header has no {}", name_, key);
    const std::size_t begin = text.find_first_not_of(' ', at + key.size() + 3);
    return begin == text.npos ? std::string_view() : text.substr(begin);
  }

  Shape parse_shape(std::string_view text) const {
    const std::size_t close = text.find(')');
    ensure(text.starts_with('(') && close != text.npos, "{}: the header's shape is not a tuple", name_);
    const std::string_view tuple = text.substr(0, close + 1);
    text = text.substr(1, close - 1);
    Shape shape;
    const auto skip_spaces = [&] {
      text.remove_prefix((std::min)(text.find_first_not_of(' '), text.size()));
    };
    for (skip_spaces(); !text.empty(); skip_spaces()) {
      Index extent = -1;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
      ensure(error == std::errc() && extent >= 0 && shape.rank() < max_rank,
             "{}: expected a shape of at most {} extents, found {}", name_, max_rank, tuple);
      shape.push_back(extent);
      text.remove_prefix(static_cast<std::size_t>(end - text.data()));
      skip_spaces();
      ensure(text.empty() || text[0] == ',', "{}: the header's shape {} is malformed", name_, tuple);
      if (!text.empty()) text.remove_prefix(1);
    }
    return shape;
  }

  void check_size(const Shape& shape, std::size_t item) const {
    const Index promised = figment::detail::byte_count(shape, item);
    ensure(promised >= 0, "{}: shape {} has too many elements", name_, shape);
    ensure(static_cast<std::uint64_t>(promised) == left_, "{}: shape {} takes {} bytes, the file holds {}",
           name_, shape, promised, left_);
  }

  std::string name_, text_;
};

class NpyFile final : public NpyReader {
 public:
  explicit NpyFile(const std::filesystem::path& path)
      : NpyReader("load_npy: " + path.string(), 0), file_(path, std::ios::binary) {
    std::error_code error;
    ensure(std::filesystem::exists(path, error), "load_npy: {}: no such file", path.string());
    left_ = std::filesystem::file_size(path, error);
    ensure(!error && file_.good(), "load_npy: {}: cannot be opened", path.string());
  }

 private:
  bool fill(void* to, std::size_t n) override {
    return static_cast<bool>(file_.read(static_cast<char*>(to), static_cast<std::streamsize>(n)));
  }

  std::ifstream file_;
};

/// Whether .npy and .npz files hold tensors of T here.
template <class T>
inline constexpr bool is_npy_type = std::is_same_v<T, float> || std::is_same_v<T, double> ||
                                    std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::uint8_t>;

}  // namespace detail

/// Writes a tensor of float, double, int32 or uint8 for numpy.load, in format 1.0.
template <class T>
void save_npy(const std::filesystem::path& path, const Tensor<T>& t) {
  static_assert(detail::is_npy_type<T>,
                "figment: .npy files hold float, double, std::int32_t or std::uint8_t");
  const std::string header = detail::npy_header<T>(t.shape());
  FileWriter file(path);
  file.write(header.data(), header.size());
  file.write(t.data(), static_cast<std::size_t>(t.size()) * sizeof(T));
  file.commit();
}

/// Reads a .npy file whose elements are T. Throws if the file is missing, of another type, in Fortran order,
/// of more than max_rank dimensions, or longer or shorter than its header says.
template <class T = float>
Tensor<T> load_npy(const std::filesystem::path& path) {
  static_assert(detail::is_npy_type<T>,
                "figment: .npy files hold float, double, std::int32_t or std::uint8_t");
  return detail::NpyFile(path).tensor<T>();
}

}  // namespace figment::io

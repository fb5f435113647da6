// NumPy's .npy files (numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <filesystem>
#include <fstream>

#include "figment/io/file.hpp"
#include "figment/io/npy_header.hpp"
#include "figment/io/wrong_file.hpp"

namespace figment::io {

namespace detail {

/// The bytes of a .npy file, wherever they lie, being read and trusted in nothing.
class NpyReader {
 public:
  NpyReader(const NpyReader&) = delete;
  NpyReader& operator=(const NpyReader&) = delete;
  virtual ~NpyReader() = default;

  /// All there is, converted to T; throws before memory for the values is taken, if they are not what the
  /// header says.
  template <class T>
  Tensor<T> tensor() {
    const NpyHeader found = header();
    return read_numbers<T>(found.type, found.shape, found.fortran, name_, [this](void* to, std::size_t n) {
      ensure(read(to, n), "{}: cannot be read", name_);
    });
  }

 protected:
  /// `name` begins the messages: the caller and the file.
  NpyReader(std::string name, std::uint64_t bytes) : left_(bytes), name_(std::move(name)) {}
  /// The next n bytes, or false.
  virtual bool fill(void* to, std::size_t n) = 0;
  std::uint64_t left_;

 private:
  NpyHeader header() {
    std::string start((std::min)(left_, std::uint64_t{8}), '\0');
    const bool whole = read(start.data(), start.size()) && start.size() == 8;
    if (!whole || !start.starts_with("\x93NUMPY")) {
      std::string more((std::min)(left_, std::uint64_t{56}), '\0');
      read(more.data(), more.size());
      fail("{}: not a .npy file{}", name_, but_found(start + more));
    }
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

    const NpyHeader found(text_, name_);
    check_size(found.shape, found.type.size);
    return found;
  }

  bool read(void* to, std::size_t n) {
    left_ -= n;
    return fill(to, n);
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
  const std::string header = detail::npy_header(detail::npy_type<T>(), t.shape());
  FileWriter file(path);
  file.write(header.data(), header.size());
  file.write(t.data(), static_cast<std::size_t>(t.size()) * sizeof(T));
  file.commit();
}

/// Reads a .npy file as a tensor of T: of bool (0 and 1), integers or floats, of either byte order, in C's or
/// Fortran's order of elements. Doubles and large integers are rounded to a float. Throws on a number that T
/// does not hold (a fraction or 2^31 where T is int32), on text, complex numbers, records and Python's
/// objects, on more than max_rank dimensions, and if the file is missing, longer or shorter than its header
/// says.
template <class T = float>
Tensor<T> load_npy(const std::filesystem::path& path) {
  static_assert(detail::is_npy_type<T>,
                "figment: .npy files hold float, double, std::int32_t or std::uint8_t");
  return detail::NpyFile(path).tensor<T>();
}

}  // namespace figment::io

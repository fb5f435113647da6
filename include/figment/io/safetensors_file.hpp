// Writing and reading files of safetensors, tensor by tensor.
#pragma once

#include <bit>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "figment/core/tensor.hpp"
#include "figment/io/file.hpp"
#include "figment/io/number.hpp"
#include "figment/io/safetensors_header.hpp"
#include "figment/io/wrong_file.hpp"

namespace figment::io {

static_assert(std::endian::native == std::endian::little, "figment: safetensors are little-endian");

namespace detail {

/// The format's name of an element type.
template <class T>
inline constexpr const char* dtype = nullptr;
template <>
inline constexpr const char* dtype<float> = "F32";
template <>
inline constexpr const char* dtype<double> = "F64";
template <>
inline constexpr const char* dtype<std::int32_t> = "I32";
template <>
inline constexpr const char* dtype<std::uint8_t> = "U8";

/// What a Tensor of T is read from, in the words of an error.
template <class T>
inline constexpr const char* readable = "I32, or integers that fit";
template <>
inline constexpr const char* readable<float> = "F32, F16 or BF16";
template <>
inline constexpr const char* readable<double> = "F64, F32, F16 or BF16";
template <>
inline constexpr const char* readable<std::uint8_t> = "U8, or integers that fit";

/// How elements of this type hold their numbers; of kind 0 where no tensor holds those.
inline NumberType dtype_numbers(std::string_view dtype) {
  static constexpr std::pair<std::string_view, NumberType> types[] = {
      {"F64", {'f', 8}}, {"F32", {'f', 4}}, {"F16", {'f', 2}}, {"BF16", {'g', 2}}, {"BOOL", {'b', 1}},
      {"I8", {'i', 1}},  {"I16", {'i', 2}}, {"I32", {'i', 4}}, {"I64", {'i', 8}},  {"U8", {'u', 1}},
      {"U16", {'u', 2}}, {"U32", {'u', 4}}, {"U64", {'u', 8}}};
  for (const auto& [name, type] : types)
    if (name == dtype) return type;
  return {};
}

/// Whether a Tensor of T is read from elements of this type: none of its values are rounded.
template <class T>
bool reads(std::string_view dtype) {
  const NumberType type = dtype_numbers(dtype);
  const bool floating = type.kind == 'f' || type.kind == 'g';
  return type.kind != 0 && floating == std::is_floating_point_v<T> && (!floating || type.size <= sizeof(T));
}

}  // namespace detail

/// Collects tensors and writes them as one file, whole or not at all.
class SafetensorsWriter {
 public:
  /// With text beside the tensors.
  explicit SafetensorsWriter(Metadata metadata = {}) : metadata_(std::move(metadata)) {}

  /// Throws when the name is taken. The tensor must not change until it is written.
  template <class T>
  void add(const std::string& name, const Tensor<T>& t) {
    static_assert(detail::dtype<T> != nullptr, "figment: safetensors hold float, double, int32 and uint8");
    ensure(name != "__metadata__", "save_safetensors: '__metadata__' is no name of a tensor");
    for (const Entry& e : entries_) ensure(e.name != name, "save_safetensors: a second tensor '{}'", name);
    entries_.push_back({name, detail::dtype<T>, t.shape(), t.data(),
                        static_cast<std::uint64_t>(t.size()) * sizeof(T), std::make_shared<Tensor<T>>(t)});
  }

  /// Writes the file. On failure it throws, and an old file stays as it was; names and texts that are not
  /// UTF-8 fail.
  void write(const std::filesystem::path& path) const {
    nlohmann::ordered_json header = nlohmann::ordered_json::object();
    if (!metadata_.empty()) header["__metadata__"] = metadata_;
    std::uint64_t at = 0;
    for (const Entry& e : entries_) {
      auto& entry = header[e.name];
      entry["dtype"] = e.dtype;
      entry["shape"] = std::vector<Index>(e.shape.begin(), e.shape.end());
      entry["data_offsets"] = {at, at + e.bytes};
      at += e.bytes;
    }
    std::string text = detail::json_text("save_safetensors", header);
    text.append((8 - text.size() % 8) % 8, ' ');  // aligns the data
    const std::uint64_t size = text.size();
    FileWriter file(path);
    file.write(&size, sizeof size);
    file.write(text.data(), text.size());
    for (const Entry& e : entries_) file.write(e.data, e.bytes);
    file.commit();
  }

 private:
  struct Entry {
    std::string name, dtype;
    Shape shape;
    const void* data;
    std::uint64_t bytes;
    std::shared_ptr<void> owner;  // keeps the memory
  };
  Metadata metadata_;
  std::vector<Entry> entries_;
};

/// A file being read, trusted in nothing: the whole header is checked before memory for a tensor is taken.
/// What it holds of a type, or of a rank, that no Tensor has, is refused only when it is asked for.
class SafetensorsReader {
 public:
  /// Throws when the file is missing, or its header is damaged, promises more or less than the file holds, or
  /// has tensors that overlap or leave a hole.
  explicit SafetensorsReader(const std::filesystem::path& path) : name_(path.string()) {
    std::error_code error;
    ensure(std::filesystem::is_regular_file(path, error), "read_safetensors: {}: no such file", name_);
    const std::uint64_t size = std::filesystem::file_size(path, error);
    file_.reset(std::fopen(name_.c_str(), "rb"));
    ensure(file_ != nullptr, "read_safetensors: {}: cannot be opened", name_);
    char start[64] = {};
    const std::string_view lead(start, std::fread(start, 1, sizeof start, file_.get()));
    const std::string wrong = detail::wrong_file(lead);
    std::uint64_t length = 0;
    std::memcpy(&length, start, sizeof length);
    constexpr std::uint64_t most = 100'000'000;  // the format's own limit
    const bool possible = lead.size() >= 8 && length >= 2 && length <= most && length <= size - 8;
    ensure(possible || wrong.empty(), "read_safetensors: {}: {}", name_, wrong);
    ensure(lead.size() >= 8, "read_safetensors: {}: {} bytes are too few for a header", name_, size);
    ensure(possible, "read_safetensors: {}: a header of {} bytes in a file of {}", name_, length, size);
    std::string text(length, '\0');
    ensure(std::fseek(file_.get(), 8, SEEK_SET) == 0 &&
               std::fread(text.data(), 1, length, file_.get()) == length,
           "read_safetensors: {}: cannot be read", name_);
    begin_ = 8 + length;
    detail::SafetensorsHeader header(name_, text, size - begin_);
    metadata_ = std::move(header.metadata);
    entries_ = std::move(header.entries);
  }

  /// The file's name.
  const std::string& path() const { return name_; }
  /// The text beside the tensors.
  const Metadata& metadata() const { return metadata_; }
  /// There is a tensor of that name.
  bool has(const std::string& tensor) const { return entries_.contains(tensor); }
  /// The tensors' names, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& [name, entry] : entries_) all.push_back(name);
    return all;
  }
  /// The format's name of a tensor's type: "F32", "BF16", "I64". Throws when there is no such tensor.
  const std::string& dtype(const std::string& tensor) const { return entry(tensor).dtype; }
  /// A tensor's shape, which may have more dimensions than a Tensor's. Throws when there is no such tensor.
  const std::vector<std::uint64_t>& extents(const std::string& tensor) const { return entry(tensor).shape; }

  /// The tensor of this name as a Tensor of T, where T holds all its values: float reads F32, F16 and BF16,
  /// double F64 too; integers read integers (and BOOL) of any size whose values fit. Throws when there is no
  /// such tensor, or it has another type, too many dimensions, or a value that does not fit.
  template <class T>
  Tensor<T> read(const std::string& tensor) const {
    static_assert(detail::dtype<T> != nullptr, "figment: safetensors hold float, double, int32 and uint8");
    const detail::SafetensorsEntry& e = entry(tensor);
    ensure(detail::reads<T>(e.dtype), "read_safetensors: {}: '{}' is {}, expected {}", name_, tensor, e.dtype,
           detail::readable<T>);
    const Shape shape = shape_of(tensor);
    const std::string who = figment::format("read_safetensors: {}: '{}'", name_, tensor);
    bool good = std::fseek(file_.get(), static_cast<long>(begin_ + e.begin), SEEK_SET) == 0;
    return detail::read_numbers<T>(detail::dtype_numbers(e.dtype), shape, false, who,
                                   [&](void* to, std::size_t bytes) {
                                     good = good && std::fread(to, 1, bytes, file_.get()) == bytes;
                                     ensure(good, "{} cannot be read", who);
                                   });
  }

 private:
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  const detail::SafetensorsEntry& entry(const std::string& tensor) const {
    const auto found = entries_.find(tensor);
    ensure(found != entries_.end(), "read_safetensors: {}: no tensor '{}'", name_, tensor);
    return found->second;
  }
  Shape shape_of(const std::string& tensor) const {
    const auto& extents = entry(tensor).shape;
    ensure(extents.size() <= static_cast<std::size_t>(max_rank),
           "read_safetensors: {}: '{}' has {} dimensions, at most {} are supported", name_, tensor,
           extents.size(), max_rank);
    Shape s;
    for (const std::uint64_t d : extents) {
      ensure(std::in_range<Index>(d), "read_safetensors: {}: '{}' has an extent of {}", name_, tensor, d);
      s.push_back(static_cast<Index>(d));
    }
    return s;
  }

  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t begin_ = 0;  // of the data
  Metadata metadata_;
  std::map<std::string, detail::SafetensorsEntry> entries_;
};

}  // namespace figment::io

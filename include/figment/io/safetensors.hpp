// Tensors by name in one file, in Hugging Face's format safetensors, which Python reads too.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "figment/io/file.hpp"
#include "figment/nn/module.hpp"

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

/// Bytes of an element; 0 for a type that is not known.
inline std::uint64_t dtype_size(const std::string& dtype) {
  static const std::map<std::string, std::uint64_t> sizes{
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"I16", 2}, {"U16", 2}, {"F16", 2}, {"BF16", 2},
      {"I32", 4},  {"U32", 4}, {"F32", 4}, {"F64", 8}, {"I64", 8}, {"U64", 8}};
  const auto found = sizes.find(dtype);
  return found == sizes.end() ? 0 : found->second;
}

/// JSON holds UTF-8 alone. `who` begins the error.
template <class Json>
std::string json_text(const char* who, const Json& json) {
  try {
    return json.dump();
  } catch (const nlohmann::json::exception& e) {
    fail("{}: expected names and texts in UTF-8: {}", who, e.what());
  }
}

}  // namespace detail

/// Text that a file holds beside its tensors, in UTF-8.
using Metadata = std::map<std::string, std::string>;

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
    std::uint64_t length = 0;
    ensure(size >= 8 && std::fread(&length, 1, 8, file_.get()) == 8,
           "read_safetensors: {}: {} bytes are too few for a header", name_, size);
    constexpr std::uint64_t most = 100'000'000;  // the format's own limit
    ensure(length >= 2 && length <= most && length <= size - 8,
           "read_safetensors: {}: a header of {} bytes in a file of {}", name_, length, size);
    std::string text(length, '\0');
    ensure(std::fread(text.data(), 1, length, file_.get()) == length, "read_safetensors: {}: cannot be read",
           name_);
    begin_ = 8 + length;
    parse(text, size - begin_);
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

  /// The tensor of this name. Throws when there is none, or its type is not T.
  template <class T>
  Tensor<T> read(const std::string& tensor) const {
    static_assert(detail::dtype<T> != nullptr, "figment: safetensors hold float, double, int32 and uint8");
    const auto found = entries_.find(tensor);
    ensure(found != entries_.end(), "read_safetensors: {}: no tensor '{}'", name_, tensor);
    const Entry& e = found->second;
    ensure(e.dtype == detail::dtype<T>, "read_safetensors: {}: '{}' is {}, expected {}", name_, tensor,
           e.dtype, detail::dtype<T>);
    Tensor<T> t(e.shape);
    const bool there = std::fseek(file_.get(), static_cast<long>(begin_ + e.begin), SEEK_SET) == 0;
    const auto bytes = static_cast<std::size_t>(e.end - e.begin);
    ensure(there && std::fread(t.mutable_data(), 1, bytes, file_.get()) == bytes,
           "read_safetensors: {}: '{}' cannot be read", name_, tensor);
    return t;
  }

 private:
  struct Entry {
    std::string dtype;
    Shape shape;
    std::uint64_t begin, end;
  };
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  using Json = nlohmann::json;

  void parse(const std::string& text, std::uint64_t data) {
    std::set<std::string> seen;
    std::string twice;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
      if (depth == 1 && event == Json::parse_event_t::key && !seen.insert(parsed.get<std::string>()).second)
        twice = parsed.get<std::string>();
      return depth < 4;  // what is deeper is not ours, and left out
    };
    const Json header = Json::parse(text, watch, false);
    ensure(header.is_object(), "read_safetensors: {}: the header is not a JSON object", name_);
    ensure(twice.empty(), "read_safetensors: {}: two tensors are named '{}'", name_, twice);
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__")
        parse_metadata(value);
      else
        entries_.emplace(name, parse_entry(name, value, data));
    }
    check_layout(data);
  }

  void parse_metadata(const Json& value) {
    ensure(value.is_object(), "read_safetensors: {}: __metadata__ is not a JSON object", name_);
    for (const auto& [key, text] : value.items()) {
      ensure(text.is_string(), "read_safetensors: {}: __metadata__ '{}' is not a string", name_, key);
      metadata_[key] = text.get<std::string>();
    }
  }

  Entry parse_entry(const std::string& name, const Json& value, std::uint64_t data) const {
    const auto need = [&](bool good, const char* what) {
      ensure(good, "read_safetensors: {}: '{}': {}", name_, name, what);
    };
    need(value.is_object() && value.contains("dtype") && value.contains("shape") &&
             value.contains("data_offsets"),
         "expected dtype, shape and data_offsets");
    const Json &dtype = value["dtype"], &shape = value["shape"], &offsets = value["data_offsets"];
    need(dtype.is_string() && detail::dtype_size(dtype.get<std::string>()) > 0, "an unknown dtype");
    need(shape.is_array() && shape.size() <= static_cast<std::size_t>(max_rank),
         "a shape of too many dimensions");
    need(offsets.is_array() && offsets.size() == 2 && offsets[0].is_number_unsigned() &&
             offsets[1].is_number_unsigned(),
         "data_offsets are not two numbers");
    Entry e{dtype.get<std::string>(), {}, offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>()};
    need(e.begin <= e.end && e.end <= data, "data_offsets beyond the file's end");
    bool fits = true;
    for (const Json& d : shape) {
      need(d.is_number_unsigned(), "a shape that is not of whole numbers from 0");
      const auto extent = d.get<std::uint64_t>();
      fits = fits && extent <= static_cast<std::uint64_t>((std::numeric_limits<Index>::max)());
      if (fits) e.shape.push_back(static_cast<Index>(extent));
    }
    const Index bytes = fits ? figment::detail::byte_count(e.shape, detail::dtype_size(e.dtype)) : -1;
    need(bytes >= 0 && static_cast<std::uint64_t>(bytes) == e.end - e.begin,
         "shape and dtype take another number of bytes");
    return e;
  }

  /// Each byte of the data belongs to one tensor.
  void check_layout(std::uint64_t data) const {
    std::vector<std::pair<std::uint64_t, const std::pair<const std::string, Entry>*>> by_begin;
    for (const auto& named : entries_) by_begin.emplace_back(named.second.begin, &named);
    std::sort(by_begin.begin(), by_begin.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first, a.second->second.end) < std::pair(b.first, b.second->second.end);
    });
    std::uint64_t at = 0;
    for (const auto& [begin, named] : by_begin) {
      ensure(begin == at,
             "read_safetensors: {}: '{}' begins at byte {}, expected {}: tensors overlap or leave a "
             "hole",
             name_, named->first, begin, at);
      at = named->second.end;
    }
    ensure(at == data, "read_safetensors: {}: {} bytes of data, the tensors take {}", name_, data, at);
  }

  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t begin_ = 0;  // of the data
  Metadata metadata_;
  std::map<std::string, Entry> entries_;
};

namespace detail {

/// A tensor of either type, by its name in a file.
using NamedTensor = std::pair<std::string, std::variant<Tensor<float>, Tensor<double>>>;

/// The file's values of these tensors. Throws when one is missing, has another shape or type, or when the
/// file has more. `who` leads the errors, `owner` has the tensors.
inline std::vector<NamedTensor> read_values(const std::string& who, const std::string& owner,
                                            const SafetensorsReader& reader,
                                            const std::vector<NamedTensor>& tensors) {
  std::vector<NamedTensor> values;
  std::set<std::string> known;
  for (const auto& [name, tensor] : tensors) {
    known.insert(name);
    std::visit(
        [&, &name = name]<class T>(const Tensor<T>& t) {
          Tensor<T> value = reader.read<T>(name);
          ensure(value.shape() == t.shape(), "{}: {}: '{}' is {}, expected {}", who, reader.path(), name,
                 value.shape(), t.shape());
          values.emplace_back(name, std::move(value));
        },
        tensor);
  }
  for (const auto& name : reader.names())
    ensure(known.contains(name), "{}: {}: {} has no '{}'", who, reader.path(), owner, name);
  return values;
}

/// Puts values that were read into the tensors' own memory.
inline void take_values(const std::vector<NamedTensor>& values, const std::vector<NamedTensor>& tensors) {
  for (std::size_t i = 0; i < values.size(); ++i)
    std::visit(
        [&]<class T>(const Tensor<T>& value) {
          Tensor<T> handle = std::get<Tensor<T>>(tensors[i].second);
          handle.copy_from(value);
        },
        values[i].second);
}

}  // namespace detail

/// Writes a module's tensors, buffers too, by their paths ("encoder.0.weight").
template <class M>
void save_weights(const std::filesystem::path& path, M& module, const Metadata& metadata = {}) {
  SafetensorsWriter writer(metadata);
  for (const auto& [name, t] : named_tensors(module)) writer.add(name, t);
  writer.write(path);
}

/// Reads them back into a module of the same structure. Throws, and leaves the module as it was, when a
/// tensor is missing, has another shape or type, or when the file has more than the module.
template <class M>
void load_weights(const std::filesystem::path& path, M& module) {
  std::vector<detail::NamedTensor> tensors;
  for (const auto& [name, t] : named_tensors(module)) tensors.emplace_back(name, t);
  detail::take_values(detail::read_values("load_weights", "the model", SafetensorsReader(path), tensors),
                      tensors);
}

}  // namespace figment::io

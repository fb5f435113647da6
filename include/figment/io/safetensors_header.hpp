// The header of a file of safetensors: which tensors it has and where, trusted in nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "figment/core/error.hpp"

namespace figment::io {

/// Text that a file holds beside its tensors, in UTF-8.
using Metadata = std::map<std::string, std::string>;

namespace detail {

/// JSON holds UTF-8 alone. `who` begins the error.
template <class Json>
std::string json_text(const char* who, const Json& json) {
  try {
    return json.dump();
  } catch (const nlohmann::json::exception& e) {
    fail("{}: expected names and texts in UTF-8: {}", who, e.what());
  }
}

/// Bits of an element; 0 for a type that is not known.
inline std::uint64_t dtype_bits(const std::string& dtype) {
  static const std::map<std::string, std::uint64_t> bits{
      {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"BOOL", 8},        {"U8", 8},          {"I8", 8},
      {"F8_E4M3", 8}, {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
      {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
      {"F64", 64},    {"I64", 64},    {"U64", 64},    {"C64", 64},        {"C128", 128}};
  const auto found = bits.find(dtype);
  return found == bits.end() ? 0 : found->second;
}

/// A tensor as the header has it: perhaps of a type or rank that no Tensor has.
struct SafetensorsEntry {
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin, end;  ///< in the data
};

/// Reads the header's text, of a file with so many bytes of data after it. Throws unless each of them belongs
/// to one tensor, as large as its shape and type say. `name` is the file's.
class SafetensorsHeader {
 public:
  SafetensorsHeader(std::string name, const std::string& text, std::uint64_t data) : name_(std::move(name)) {
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
    for (const auto& [tensor, value] : header.items()) {
      if (tensor == "__metadata__")
        parse_metadata(value);
      else
        entries.emplace(tensor, parse_entry(tensor, value, data));
    }
    check_layout(data);
  }

  Metadata metadata;
  std::map<std::string, SafetensorsEntry> entries;

 private:
  using Json = nlohmann::json;

  void parse_metadata(const Json& value) {
    if (value.is_null()) return;  // some writers' way to have none
    ensure(value.is_object(), "read_safetensors: {}: __metadata__ is not a JSON object", name_);
    for (const auto& [key, text] : value.items()) {
      ensure(text.is_string(), "read_safetensors: {}: __metadata__ '{}' is not a string", name_, key);
      metadata[key] = text.get<std::string>();
    }
  }

  SafetensorsEntry parse_entry(const std::string& tensor, const Json& value, std::uint64_t data) const {
    const auto need = [&](bool good, const char* what) {
      ensure(good, "read_safetensors: {}: '{}': {}", name_, tensor, what);
    };
    need(value.is_object() && value.contains("dtype") && value.contains("shape") &&
             value.contains("data_offsets"),
         "expected dtype, shape and data_offsets");
    const Json &dtype = value["dtype"], &shape = value["shape"], &offsets = value["data_offsets"];
    need(dtype.is_string(), "a dtype that is not a text");
    need(shape.is_array(), "a shape that is not a list");
    need(offsets.is_array() && offsets.size() == 2 && offsets[0].is_number_unsigned() &&
             offsets[1].is_number_unsigned(),
         "data_offsets are not two numbers");
    SafetensorsEntry e{
        dtype.get<std::string>(), {}, offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>()};
    need(e.begin <= e.end && e.end <= data, "data_offsets beyond the file's end");
    for (const Json& d : shape) {
      need(d.is_number_unsigned(), "a shape that is not of whole numbers from 0");
      e.shape.push_back(d.get<std::uint64_t>());
    }
    // Of a type that came after this reader nobody knows how large it is.
    if (const std::uint64_t bits = dtype_bits(e.dtype); bits > 0) {
      const bool empty = std::find(e.shape.begin(), e.shape.end(), 0U) != e.shape.end();
      std::uint64_t size = bits;
      bool fits = true;
      for (const std::uint64_t d : e.shape) {
        fits = fits && (d == 0 || size <= (std::numeric_limits<std::uint64_t>::max)() / d);
        if (fits && d > 0) size *= d;
      }
      need(fits && (empty ? e.begin == e.end : size % 8 == 0 && size / 8 == e.end - e.begin),
           "shape and dtype take another number of bytes");
    }
    return e;
  }

  /// Each byte of the data belongs to one tensor.
  void check_layout(std::uint64_t data) const {
    std::vector<std::pair<std::uint64_t, const std::pair<const std::string, SafetensorsEntry>*>> by_begin;
    for (const auto& named : entries) by_begin.emplace_back(named.second.begin, &named);
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
};

}  // namespace detail

}  // namespace figment::io

// The headers of .npy files: a Python literal, {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), },
// that every writer spells as it likes.
#pragma once

#include <charconv>

#include "figment/io/number.hpp"

namespace figment::io::detail {

template <class T>
constexpr std::string_view npy_type() {
  if constexpr (std::is_same_v<T, float>) return "<f4";
  if constexpr (std::is_same_v<T, double>) return "<f8";
  if constexpr (std::is_same_v<T, std::int32_t>) return "<i4";
  if constexpr (std::is_same_v<T, std::uint8_t>) return "|u1";
}

/// All that stands before the values, as NumPy writes it in format 1.0.
inline std::string npy_header(std::string_view type, const Shape& shape) {
  std::string extents;
  for (Index extent : shape) extents += std::to_string(extent) + ", ";
  if (shape.rank() > 1) extents.resize(extents.size() - 2);
  if (shape.rank() == 1) extents.pop_back();
  std::string header =
      "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (" + extents + "), }";
  // Magic, version and length take 10 bytes; the values begin at a multiple of 64.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  const auto length = static_cast<unsigned>(header.size());
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(length & 255) +
         static_cast<char>(length >> 8) + header;
}

/// What a header says, read as leniently as Python would: quotes, spaces and the order of keys are free.
class NpyHeader {
 public:
  NumberType type;
  bool fortran = false;  ///< where it makes a difference
  Shape shape;

  /// `name` begins the messages.
  NpyHeader(std::string_view text, std::string_view name) : rest_(text), name_(name) {
    std::string_view descr, order, extents;
    ensure(take('{'), "{}: the header is not a Python dict", name_);
    while (!take('}')) {
      const std::string_view key = unquoted(value());
      ensure(!key.empty() && take(':'), "{}: the header is not a Python dict of three keys", name_);
      const std::string_view found = value();
      if (key == "descr") descr = found;
      if (key == "fortran_order") order = found;
      if (key == "shape") extents = found;
      const bool more = take(',');
      ensure(more || rest_.starts_with('}'), "{}: the header ends behind its {}", name_, key);
    }
    for (const auto& [key, found] : {std::pair{"descr", descr}, {"fortran_order", order}, {"shape", extents}})
      ensure(!found.empty(), "{}: the header has no {}", name_, key);
    type = parse_type(descr);
    ensure(order == "True" || order == "False", "{}: the header's fortran_order is neither True nor False",
           name_);
    shape = parse_shape(extents);
    Index long_axes = 0;
    for (const Index extent : shape) long_axes += extent != 1;
    fortran = order == "True" && long_axes > 1;
  }

 private:
  static bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void skip_blanks() {
    while (!rest_.empty() && blank(rest_[0])) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blanks();
    const bool there = rest_.starts_with(c);
    if (there) {
      rest_.remove_prefix(1);
      skip_blanks();
    }
    return there;
  }
  /// The text of a value, up to the comma, colon or bracket behind it.
  std::string_view value() {
    std::size_t at = 0, end = 0;
    for (int depth = 0; at < rest_.size(); ++at) {
      const char c = rest_[at];
      if (c == '\'' || c == '"') {
        at = rest_.find(c, at + 1);
        if (at == rest_.npos) break;
      }
      depth += c == '(' || c == '[' || c == '{';
      const bool closing = c == ')' || c == ']' || c == '}';
      if (depth == 0 && (closing || c == ',' || c == ':')) break;
      depth -= closing;
      if (!blank(c)) end = at + 1;
    }
    ensure(at < rest_.size(), "{}: the header ends inside a value", name_);
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(at);
    return found;
  }
  /// What a string literal holds, with or without Python 2's prefix; nothing if it is none.
  static std::string_view unquoted(std::string_view literal) {
    if (literal.size() > 2 && (literal[0] == 'u' || literal[0] == 'b')) literal.remove_prefix(1);
    const bool is_string = literal.size() >= 2 && (literal[0] == '\'' || literal[0] == '"') &&
                           literal.find(literal[0], 1) == literal.size() - 1;
    return is_string ? literal.substr(1, literal.size() - 2) : std::string_view();
  }

  NumberType parse_type(std::string_view descr) const {
    const std::string_view text = unquoted(descr);
    NumberType found;
    std::string_view code = text;
    if (!code.empty() && std::string_view("<>=|").find(code[0]) != code.npos) {
      found.swapped = code[0] == '>';
      code.remove_prefix(1);
    }
    if (code == "?") code = "b1";
    if (code.size() > 1 && std::from_chars(code.data() + 1, code.data() + code.size(), found.size).ptr ==
                               code.data() + code.size())
      found.kind = code[0];
    const bool integer = (found.kind == 'i' || found.kind == 'u') && found.size == 1;
    const bool wide = std::string_view("fiu").find(found.kind) != std::string_view::npos &&
                      (found.size == 2 || found.size == 4 || found.size == 8);
    if (!integer && !wide && !(found.kind == 'b' && found.size == 1)) refuse(descr, text, code);
    return found;
  }
  [[noreturn]] void refuse(std::string_view descr, std::string_view text, std::string_view code) const {
    std::string_view what = "an unknown type";
    if (text.empty() && !descr.empty() && descr[0] != '\'' && descr[0] != '"') what = "a structured type";
    if (!code.empty()) {
      static constexpr std::pair<char, std::string_view> kinds[] = {{'c', "complex numbers"},
                                                                    {'O', "Python objects"},
                                                                    {'S', "text"},
                                                                    {'a', "text"},
                                                                    {'U', "text"},
                                                                    {'M', "dates"},
                                                                    {'m', "durations"},
                                                                    {'V', "a structured type"}};
      for (const auto& [kind, words] : kinds)
        if (kind == code[0]) what = words;
      if (code == "f12" || code == "f16") what = "floats of a machine's own";
    }
    fail("{}: elements of {}, {}; expected bool, integers of 8 to 64 bits or floats of 16, 32 or 64", name_,
         descr, what);
  }

  Shape parse_shape(std::string_view text) const {
    const std::string_view tuple = text;
    const bool closed = text.size() >= 2 && ((text.front() == '(' && text.back() == ')') ||
                                             (text.front() == '[' && text.back() == ']'));
    ensure(closed, "{}: the header's shape is not a tuple", name_);
    text = text.substr(1, text.size() - 2);
    Shape extents;
    const auto skip = [&] {
      while (!text.empty() && blank(text[0])) text.remove_prefix(1);
    };
    for (skip(); !text.empty(); skip()) {
      Index extent = -1;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
      ensure(error == std::errc() && extent >= 0 && extents.rank() < max_rank,
             "{}: expected a shape of at most {} extents, found {}", name_, max_rank, tuple);
      extents.push_back(extent);
      text.remove_prefix(static_cast<std::size_t>(end - text.data()));
      if (text.starts_with('L')) text.remove_prefix(1);  // Python 2's long integers
      skip();
      ensure(text.empty() || text[0] == ',', "{}: the header's shape {} is malformed", name_, tuple);
      if (!text.empty()) text.remove_prefix(1);
    }
    return extents;
  }

  std::string_view rest_, name_;
};

}  // namespace figment::io::detail

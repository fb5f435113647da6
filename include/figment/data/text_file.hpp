// Lines and numbers of text files, plain or gzipped.
#pragma once

#include <charconv>
#include <clocale>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "figment/data/gzip_file.hpp"

namespace figment::data::detail {

/// Text from a file, fit for a message of one line.
inline std::string quoted(std::string_view text) {
  const std::size_t most = 40;
  std::string s = "\"";
  for (const char c : text.substr(0, most)) s += c >= ' ' && c <= '~' ? c : '?';
  return s + (text.size() > most ? "...\"" : "\"");
}

/// Calls f(begin, end) for each line, without its newline.
template <class F>
void for_each_line(GzipFile& file, F f) {
  std::string buffer(std::size_t{1} << 20, '\0');
  for (std::size_t kept = 0;;) {
    if (kept == buffer.size()) buffer.resize(2 * kept);  // by what was read: no line is longer than its file
    const std::size_t room = buffer.size() - kept;
    const auto got = static_cast<std::size_t>(file.read(buffer.data() + kept, room));
    const char *at = buffer.data(), *end = at + kept + got, *search = at + kept;
    while (const void* newline = std::memchr(search, '\n', static_cast<std::size_t>(end - search))) {
      f(at, static_cast<const char*>(newline));
      at = search = static_cast<const char*>(newline) + 1;
    }
    if (got < room) {
      if (at != end) f(at, end);
      return;
    }
    kept = static_cast<std::size_t>(end - at);
    std::memmove(buffer.data(), at, kept);
  }
}

/// The whole of `text` as a number by the C library, which rounds as from_chars does but wants the locale's
/// decimal point, and takes more than numbers.
template <class V>
bool parse_by_strtod(std::string_view text, V& value) {
  const bool number = text.find_first_not_of("0123456789.eE+-") == text.npos && !text.starts_with('+');
  const std::string_view word = text.substr(text.starts_with('-'));
  if (!number && word != "inf" && word != "nan") return false;
  std::string copy(text);
  if (const std::size_t point = copy.find('.'); point != copy.npos)
    copy.replace(point, 1, std::localeconv()->decimal_point);
  char* end = nullptr;
  if constexpr (std::is_same_v<V, float>)
    value = std::strtof(copy.c_str(), &end);
  else
    value = std::strtod(copy.c_str(), &end);
  return !copy.empty() && end == copy.c_str() + copy.size();
}

/// The whole of `text` as a number, whatever the locale: beyond the range of V infinite or 0.
template <class V>
bool parse_number(std::string_view text, V& value) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  if (!text.empty() && text.size() < 8) {  // pixels, and most else; exact in a float
    std::int32_t whole = 0;
    std::size_t at = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      whole = 10 * whole + (text[at] - '0');
    value = static_cast<V>(whole);
    if (at == text.size()) return true;
  }
#ifdef __cpp_lib_to_chars  // libc++ has no from_chars of floating types
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  // Out of range it does not say at which end.
  if (error != std::errc::result_out_of_range) return end == last && error == std::errc();
#endif
  return parse_by_strtod(text, value);
}

}  // namespace figment::data::detail

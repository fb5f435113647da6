// Errors and the formatting of their messages.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace figment {

/// What figment throws: one line saying what was expected, what was found, and where. (An instruction set
/// that there is not is a plain std::runtime_error.) Visible, or what a library built with
/// -fvisibility=hidden throws is another type to its caller.
struct [[gnu::visibility("default")]] Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {

// Out of line, as all that a message is made of.
[[gnu::cold, gnu::noinline]] inline void put(std::string& s, std::string_view v) { s += v; }
// Constrained, or a const char* would convert to bool before it does to string_view.
inline void put(std::string& s, std::same_as<bool> auto v) { s += v ? "true" : "false"; }
// Not std::to_string, which is long, and another function for each type.
[[gnu::cold, gnu::noinline]] inline void put_digits(std::string& s, bool negative, std::uint64_t magnitude) {
  char text[21];
  char* p = text + sizeof text;
  do *--p = static_cast<char>('0' + magnitude % 10);
  while (magnitude /= 10);
  if (negative) *--p = '-';
  s.append(p, static_cast<std::size_t>(text + sizeof text - p));
}
template <std::integral V>
requires(!std::same_as<V, bool>) void put(std::string& s, V v) {
  const auto bits = static_cast<std::uint64_t>(v);
  put_digits(s, v < 0, v < 0 ? 0 - bits : bits);
}
[[gnu::cold, gnu::noinline]] inline void put_real(std::string& s, double v) {
  char text[32];
  const char* const end = std::to_chars(text, text + sizeof text, v, std::chars_format::general, 6).ptr;
  const char* p = text;
  while (p != end && *p != '(') ++p;  // libc++ says -nan(ind)
  s.append(text, static_cast<std::size_t>(p - text));
}
template <std::floating_point V>
void put(std::string& s, V v) {
  put_real(s, static_cast<double>(v));
}

/// A message whose `{}` are counted against the arguments while compiling.
template <class... Args>
struct Format {
  std::string_view text;
  consteval Format(const char* t) {  // NOLINT(google-explicit-constructor): literals convert
    // Plain pointers: each message is walked while compiling, and calls of string_view's members are slow
    // then.
    std::size_t holes = 0;
    const char* p = t;
    for (; *p; ++p) holes += p[0] == '{' && p[1] == '}';
    text = {t, static_cast<std::size_t>(p - t)};
    if (holes != sizeof...(Args)) throw "the number of {} differs from the number of arguments";
  }
};

struct Argument {
  const void* value;
  void (*put)(std::string&, const void*);
};

template <class A>
void put_argument(std::string& s, const void* a) {
  put(s, *static_cast<const A*>(a));
}
template <class A>
Argument argument(const A& a) {
  return {&a, &put_argument<A>};
}

[[gnu::cold]] inline std::string expand(std::string_view text, const Argument* args) {
  std::string out;
  for (std::size_t at; (at = text.find("{}")) != text.npos; text.remove_prefix(at + 2), ++args) {
    put(out, text.substr(0, at));
    args->put(out, args->value);
  }
  put(out, text);
  return out;
}

/// Apart from fail: compiled once, not for every list of arguments.
[[noreturn, gnu::cold, gnu::noinline]] inline void raise(std::string_view text, const Argument* args) {
  throw Error(expand(text, args));
}

}  // namespace detail

/// The text with each `{}` replaced by the next argument.
template <class... Args>
std::string format(detail::Format<std::type_identity_t<Args>...> text, const Args&... args) {
  const detail::Argument list[] = {detail::argument(args)..., {}};
  return detail::expand(text.text, list);
}

/// Throws Error with the formatted message.
template <class... Args>
[[noreturn, gnu::cold, gnu::noinline]] void fail(detail::Format<std::type_identity_t<Args>...> text,
                                                 const Args&... args) {
  const detail::Argument list[] = {detail::argument(args)..., {}};
  detail::raise(text.text, list);
}

/// Throws Error with the formatted message unless `ok`.
template <class... Args>
void ensure(bool ok, detail::Format<std::type_identity_t<Args>...> text, const Args&... args) {
  if (!ok) [[unlikely]]
    fail<Args...>(text, args...);
}

}  // namespace figment

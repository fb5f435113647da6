// What a page's program calls: see page.awk.
#pragma once

#include <cstdio>
#include <figment/figment.hpp>

namespace page {

inline int failures = 0;

inline std::string text(const auto& value) {
  if constexpr (requires { value.values(); }) {
    std::string s = "{";
    for (const auto v : value.values()) s += (s.size() > 1 ? ", " : "") + figment::format("{}", v);
    return s + "}";
  } else {
    return figment::format("{}", value);
  }
}

inline void expect(const char* where, const std::string& expected, const std::string& found, bool good) {
  if (good) return;
  std::fprintf(stderr, "%s: the page has \"%s\", found \"%s\"\n", where, expected.c_str(), found.c_str());
  ++failures;
}

/// The expression's value is `expected`: a number, a shape, a text, or a tensor's elements as {1, 2}.
template <class F>
void shows(const char* where, const std::string& expected, F expression) {
  const std::string found = text(expression());
  expect(where, expected, found, found == expected);
}

/// The expression throws an error that begins with `expected`.
template <class F>
void throws(const char* where, const std::string& expected, F expression) {
  std::string found = "no error";
  try {
    (void)expression();
  } catch (const figment::Error& e) {
    found = e.what();
  }
  expect(where, expected, found, found.starts_with(expected));
}

}  // namespace page

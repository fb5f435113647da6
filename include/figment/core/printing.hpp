// Tensors and shapes as text.
#pragma once

#include <iosfwd>

#include "figment/core/tensor.hpp"

namespace figment {

namespace detail {

/// What numbers are written in: "float", "uint8".
template <class T>
constexpr std::string_view type_text() {
  if constexpr (std::is_same_v<T, float>)
    return "float";
  else if constexpr (std::is_same_v<T, double>)
    return "double";
  else if constexpr (std::is_same_v<T, bool>)
    return "bool";
  else if constexpr (std::is_signed_v<T>)
    return sizeof(T) == 8 ? "int64" : sizeof(T) == 4 ? "int32" : sizeof(T) == 2 ? "int16" : "int8";
  else
    return sizeof(T) == 8 ? "uint64" : sizeof(T) == 4 ? "uint32" : sizeof(T) == 2 ? "uint16" : "uint8";
}

/// A tensor's elements as words, in brackets: the last dimension in a line, words right-aligned.
class ElementText {
 public:
  /// word(out, i) writes element i.
  using Word = void (*)(std::string& out, const void* elements, Index i);

  [[gnu::cold, gnu::noinline]] ElementText(const Shape& shape, const void* elements, Word word)
      : shape_(shape), elements_(elements), word_(word), elided_(shape.size() > 1000) {
    walk(0, 0, [this](Index at) { width_ = (std::max)(width_, text(at).size()); });
  }

  [[gnu::cold, gnu::noinline]] void put(std::string& out) const { put(out, 0, 0); }

 private:
  std::string text(Index at) const {
    std::string word;
    word_(word, elements_, at);
    return word;
  }
  /// Position `i` of an axis is left out: of many, three at each end are shown.
  bool hidden(Index i, Index n) const { return elided_ && n > 6 && i >= 3 && i < n - 3; }

  template <class F>
  void walk(Index axis, Index at, const F& f) const {
    if (axis == shape_.rank()) return f(at);
    const Index n = shape_[axis];
    for (Index i = 0; i < n; ++i)
      if (!hidden(i, n)) walk(axis + 1, at * n + i, f);
  }

  void put(std::string& out, Index axis, Index at) const {
    if (axis == shape_.rank()) {
      const std::string word = text(at);
      out.append(width_ - word.size(), ' ');
      out += word;
      return;
    }
    const Index n = shape_[axis], inner = shape_.rank() - axis - 1;
    // Rows on lines of their own, matrices with an empty line between.
    const auto next = [&] {
      if (inner == 0) return out.append("  "), void();
      out.append(static_cast<std::size_t>(inner), '\n');
      out.append(static_cast<std::size_t>(axis) + 1, ' ');
    };
    out += '[';
    for (Index i = 0; i < n; ++i) {
      if (hidden(i, n)) {
        if (i > 3) continue;
        next();
        out += "...";
        continue;
      }
      if (i > 0) next();
      put(out, axis + 1, at * n + i);
    }
    out += ']';
  }

  const Shape& shape_;
  const void* elements_;
  Word word_;
  bool elided_;
  std::size_t width_ = 0;
};

}  // namespace detail

/// The type, the shape and the elements, to six digits, in brackets a dimension: "float (2, 3)" and below it
/// [[1  2  3]
///  [4  5  6]]. Above 1,000 elements of each axis longer than 6 the first and the last three.
template <class T>
std::string to_string(const Tensor<T>& x) {
  if (!x.defined()) return figment::format("{} undefined", detail::type_text<T>());
  std::string out = figment::format("{} {}\n", detail::type_text<T>(), x.shape());
  const auto word = [](std::string& to, const void* elements, Index i) {
    detail::put(to, static_cast<const T*>(elements)[i]);
  };
  detail::ElementText(x.shape(), x.data(), word).put(out);
  return out;
}

/// Writes to_string(x).
template <class Traits, class T>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const Tensor<T>& x) {
  return out << to_string(x);
}
/// Writes to_string(shape): (2, 3).
template <class Traits>
std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out, const Shape& shape) {
  return out << to_string(shape);
}

}  // namespace figment

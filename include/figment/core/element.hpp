// An element of a tensor, as x(i, j) is.
#pragma once

#include <string>

#include "figment/core/error.hpp"
#include "figment/core/shape.hpp"

namespace figment {

template <class T>
class Tensor;

namespace detail {

/// An element of a tensor that may be written: a number to whom reads it.
template <class T>
class Element {
 public:
  Element(Tensor<T>& x, Index at) : x_(x), at_(at) {}
  Element(const Element&) = default;
  operator T() const { return x_.data()[at_]; }  // NOLINT(google-explicit-constructor): it is one

  template <class N>
  requires std::is_arithmetic_v<N>
  const Element& operator=(N v) const {
    x_.mutable_data()[at_] = static_cast<T>(v);
    return *this;
  }
  const Element& operator=(const Element& e) const { return *this = static_cast<T>(e); }
  const Element& operator+=(T v) const { return *this = static_cast<T>(*this) + v; }
  const Element& operator-=(T v) const { return *this = static_cast<T>(*this) - v; }
  const Element& operator*=(T v) const { return *this = static_cast<T>(*this) * v; }
  const Element& operator/=(T v) const { return *this = static_cast<T>(*this) / v; }
  friend void put(std::string& s, const Element& e) { detail::put(s, static_cast<T>(e)); }

 private:
  Tensor<T>& x_;
  Index at_;
};

}  // namespace detail

}  // namespace figment

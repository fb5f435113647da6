// Other libraries' expressions, of which tensors are made.
#pragma once

#include <type_traits>

namespace figment::detail {

/// What makes tensors of another library's expressions of type E, where it is specialised: core/eigen.hpp and
/// core/eigen_tensor.hpp do so.
template <class E>
struct Foreign;
template <class E>
concept Expression = requires {
  typename Foreign<std::remove_cvref_t<E>>::Value;
};
/// What a tensor of its values has for elements.
template <class E>
using ValueOf = typename Foreign<std::remove_cvref_t<E>>::Value;

}  // namespace figment::detail

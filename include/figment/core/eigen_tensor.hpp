// Tensors as Eigen::TensorMap of a fixed rank, and tensors of Eigen's. Apart from core/eigen.hpp because
// Eigen's tensor module is unsupported and slow to compile.
#pragma once

#include <array>
#include <unsupported/Eigen/CXX11/Tensor>

#include "figment/core/eigen.hpp"

namespace figment {

namespace detail {

template <int Rank, class T>
auto map_tensor(T* data, const Shape& shape) {
  ensure(shape.rank() == Rank, "eigen: rank {} asked of shape {}", Rank, shape);
  std::array<Index, Rank> dims;
  std::copy_n(shape.begin(), Rank, dims.begin());
  using Value = Eigen::Tensor<std::remove_const_t<T>, Rank, Eigen::RowMajor, Index>;
  return Eigen::TensorMap<std::conditional_t<std::is_const_v<T>, const Value, Value>>(data, dims);
}

/// The expression that a type is.
template <class D>
D* as_eigen_tensor(const Eigen::TensorBase<D, Eigen::ReadOnlyAccessors>&);
template <class E>
concept EigenTensorExpression = requires(const E& e) {
  as_eigen_tensor(e);
};

template <class E>
inline constexpr bool is_tensor_map = false;
template <class P, int options, template <class> class Pointer>
inline constexpr bool is_tensor_map<Eigen::TensorMap<P, options, Pointer>> = true;

template <EigenTensorExpression E>
struct Foreign<E> {
  using Derived = std::remove_pointer_t<decltype(as_eigen_tensor(std::declval<const E&>()))>;
  using Traits = Eigen::internal::traits<Derived>;
  using Scalar = std::remove_const_t<typename Traits::Scalar>;
  using Value = std::conditional_t<std::is_same_v<Scalar, bool>, std::uint8_t, Scalar>;
  static constexpr int rank = static_cast<int>(Traits::NumDimensions);
  static constexpr bool row_major = static_cast<int>(Traits::Layout) == static_cast<int>(Eigen::RowMajor);
  static constexpr bool owns = !is_tensor_map<Derived>;
  static_assert(rank <= max_rank, "figment: an Eigen tensor of more dimensions than figment's have");

  static Shape shape_of(const auto& dims) {
    Shape s;
    for (int i = 0; i < rank; ++i) s.push_back(static_cast<Index>(dims[static_cast<std::size_t>(i)]));
    return s;
  }
  static Shape shape(const E& e) { return shape_of(e.dimensions()); }
  template <class T>
  static Tensor<T> make(const E& e) {
    const Eigen::DefaultDevice device;
    const Eigen::TensorEvaluator<const Derived, Eigen::DefaultDevice> evaluator(e, device);
    Tensor<T> t(shape_of(evaluator.dimensions()));
    auto to = map_tensor<rank>(t.mutable_data(), t.shape());
    const auto assign = [&e](auto& rows) {
      if constexpr (row_major) {
        rows = e;
      } else {
        std::array<Index, rank> back;
        for (std::size_t i = 0; i < back.size(); ++i) back[i] = static_cast<Index>(back.size() - 1 - i);
        rows = e.swap_layout().shuffle(back);
      }
    };
    if constexpr (std::is_same_v<Scalar, T>) {
      assign(to);
    } else {  // first its values: Eigen 3.4 fails to convert while it shuffles
      Eigen::Tensor<Scalar, rank, Eigen::RowMajor, Index> rows(to.dimensions());
      assign(rows);
      to = rows.template cast<T>();
    }
    return t;
  }
  static Value* memory(auto& e) {
    static_assert(row_major, "figment: borrow takes Eigen tensors that are row-major: Tensor(e) copies");
    static_assert(
        requires { e.data(); },
        "figment: borrow takes what lies in memory, and this is computed: Tensor(e) copies it");
    static_assert(std::is_same_v<decltype(e.data()), Value*>,
                  "figment: borrow takes memory that may be written: Tensor(e) copies it");
    return e.data();
  }
};

}  // namespace detail

/// The memory as an Eigen tensor; `Rank` must be the tensor's.
template <class T>
template <int Rank>
auto Tensor<T>::eigen() const {
  return detail::map_tensor<Rank, const T>(data(), shape_);
}
template <class T>
template <int Rank>
auto Tensor<T>::eigen() {
  return detail::map_tensor<Rank, T>(mutable_data(), shape_);
}

}  // namespace figment

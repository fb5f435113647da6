// The one tensor type: a handle to contiguous row-major memory. Operations on it live in ops/.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "figment/core/element.hpp"
#include "figment/core/foreign.hpp"
#include "figment/core/shape.hpp"
#include "figment/core/storage.hpp"

namespace figment {

template <class T = float>
class Tensor;

/// A dense array of T, row-major and contiguous. It is a handle: copies are aliases of one memory,
/// clone() copies the values. float and double tensors can carry gradients; integer tensors hold labels,
/// indices and masks.
template <class T>
class Tensor {
  static_assert(std::is_arithmetic_v<T>, "figment: a Tensor holds numbers");

 public:
  using value_type = T;
  /// Numbers beside real tensors are doubles, beside integers what these are.
  using Number = std::conditional_t<std::is_floating_point_v<T>, double, T>;

  /// Undefined: no memory, shape (0,). Test with defined().
  Tensor() noexcept : shape_(Shape::none()) {}

  // Out of line: tensors are copied and dropped everywhere, and a program compiles each of those places.
  /// Another handle to the same memory, at the same place of the graph.
  [[gnu::noinline]] Tensor(const Tensor& other)
      : storage_(other.storage_), data_(other.data_), node_(other.node_), shape_(other.shape_) {}
  /// Leaves `other` undefined.
  [[gnu::noinline]] Tensor(Tensor&& other) noexcept : Tensor() { swap(other); }
  /// Points this handle at the other's memory; copy_from() overwrites values instead.
  [[gnu::noinline]] Tensor& operator=(Tensor other) noexcept {
    swap(other);
    return *this;
  }
  [[gnu::noinline]] ~Tensor() {}

  /// Uninitialised values. Throws when their bytes are more than can be counted.
  [[gnu::noinline]] explicit Tensor(const Shape& shape)
      : storage_(detail::Storage::make(bytes_of(shape))),
        data_(static_cast<T*>(storage_->data())),
        shape_(shape) {}

  /// The values in row-major order; as many as the shape has elements.
  Tensor(const Shape& shape, std::span<const T> values) : Tensor(shape) {
    ensure(static_cast<Index>(values.size()) == size(), "tensor: shape {} takes {} values, got {}", shape,
           size(), values.size());
    std::copy(values.begin(), values.end(), data_);
  }
  /// The same of a list: Tensor<float>({2, 2}, {1, 2, 3, 4}).
  Tensor(const Shape& shape, std::initializer_list<T> values)
      : Tensor(shape, std::span(values.begin(), values.size())) {}

  /// A vector of a std::vector's values.
  template <std::same_as<std::vector<T>> V>  // no template would take braces, which are a shape
  explicit Tensor(const V& values) : Tensor(Shape{static_cast<Index>(values.size())}, values) {}
  /// The values in another number type, outside any graph: Tensor<double>(x).
  template <class From>
  requires(!std::is_same_v<From, T>) explicit Tensor(const Tensor<From>& x) : Tensor(x.shape()) {
    std::transform(x.values().begin(), x.values().end(), data_, [](From v) { return static_cast<T>(v); });
  }

  /// The value of an expression of Eigen's, in memory of its own: of a matrix or array (rows, columns), of a
  /// vector (n,), of a tensor its dimensions; of comparisons a Mask. From other numbers when asked for:
  /// Tensor<double>(m) of floats. Include core/eigen.hpp, or core/eigen_tensor.hpp.
  template <detail::Expression E>
  explicit(!std::is_same_v<detail::ValueOf<E>, T>) Tensor(const E& expression)  // NOLINT: functions take them
      : Tensor(detail::Foreign<E>::template make<T>(expression)) {}

  /// A tensor in memory of yours, row-major, which it never frees: it has to live as long as any handle to
  /// it and any graph that needs it. What you change there yourself no graph notices.
  static Tensor borrow(T* data, const Shape& shape) {
    ensure(data || bytes_of(shape) == 0, "borrow: no memory for shape {}", shape);
    Tensor t(Shape{0});
    t.data_ = data;
    t.shape_ = shape;
    return t;
  }
  /// The same of an Eigen matrix, array, map, block or tensor, of whose elements none lie between those of
  /// the tensor: throws unless it is row-major and contiguous. Its shape is as of Tensor(m). A matrix that
  /// is a temporary, or may not be written, does not compile.
  template <detail::Expression E>
  static Tensor borrow(E&& memory) {
    using F = detail::Foreign<std::remove_cvref_t<E>>;
    static_assert(std::is_same_v<typename F::Value, T>, "figment: borrow takes memory of the same numbers");
    static_assert(!F::owns || std::is_lvalue_reference_v<E>,
                  "figment: borrow takes memory that lives on, and this is of a temporary");
    return borrow(F::memory(memory), F::shape(memory));
  }

  /// One value everywhere.
  [[gnu::noinline]] static Tensor full(const Shape& shape, Number value) {
    Tensor t(shape);
    std::fill_n(t.data_, t.size(), static_cast<T>(value));
    return t;
  }
  /// Zeros.
  static Tensor zeros(const Shape& shape) { return full(shape, T(0)); }
  /// Ones.
  static Tensor ones(const Shape& shape) { return full(shape, T(1)); }
  /// One value, of shape ().
  static Tensor scalar(Number value) { return full({}, value); }
  /// 0, 1, … n-1 as a vector (n,). Throws when these are integers that T does not hold.
  static Tensor arange(Index n) {
    if constexpr (std::is_integral_v<T> && sizeof(T) < sizeof(Index))
      ensure(n - 1 <= static_cast<Index>((std::numeric_limits<T>::max)()), "arange: {} is beyond the type",
             n - 1);
    Tensor t(Shape{n});
    for (Index i = 0; i < n; ++i) t.data_[i] = static_cast<T>(i);
    return t;
  }
  /// n values from the first to the last, evenly spaced; of 1 the first.
  static Tensor linspace(double first, double last, Index n) {
    static_assert(std::is_floating_point_v<T>, "figment: linspace gives float or double");
    Tensor t(Shape{n});
    const double step = n > 1 ? (last - first) / static_cast<double>(n - 1) : 0;
    for (Index i = 0; i < n; ++i) t.data_[i] = static_cast<T>(first + step * static_cast<double>(i));
    if (n > 1) t.data_[n - 1] = static_cast<T>(last);
    return t;
  }
  /// The identity matrix (n, n).
  static Tensor eye(Index n) {
    Tensor t = zeros({n, n});
    for (Index i = 0; i < n; ++i) t.data_[i * n + i] = T(1);
    return t;
  }

  /// It has memory, were it of 0 elements.
  bool defined() const { return static_cast<bool>(storage_); }
  /// The extents, outermost first.
  const Shape& shape() const { return shape_; }
  /// The number of dimensions.
  Index rank() const { return shape_.rank(); }
  /// The number of elements.
  Index size() const { return shape_.size(); }
  /// Extent i; negative counts from the last.
  Index dim(Index i) const { return shape_[i]; }

  /// The elements in row-major order; null if undefined.
  const T* data() const { return data_; }
  /// For writing. Graphs that saved this memory are invalid from here on, and say so.
  [[gnu::noinline]] T* mutable_data() {
    if (storage_) storage_->bump();
    return data_;
  }
  /// The elements in row-major order.
  std::span<const T> values() const { return {data_, static_cast<std::size_t>(size())}; }

  /// The single value of a one-element tensor.
  [[gnu::noinline]] T item() const {
    ensure(size() == 1, "item: expected one element, found shape {}", shape_);
    return *data_;
  }
  /// The same by a conversion: double(loss).
  template <class N>
  requires(std::is_arithmetic_v<N> && !std::is_same_v<N, bool>) explicit operator N() const {
    return static_cast<N>(item());
  }
  /// The value at one position, an index for each dimension, negative ones from the end.
  template <std::integral... At>
  T operator()(At... index) const& {
    return data_[offset({static_cast<Index>(index)...})];
  }
  /// The same, to read or to write: x(0, 1) = 3 is a change, as by mutable_data().
  template <std::integral... At>
  detail::Element<T> operator()(At... index) & {
    return {*this, offset({static_cast<Index>(index)...})};
  }
  /// Writes the value at one position.
  void set(std::initializer_list<Index> index, Number value) {
    const Index at = offset(index);
    mutable_data()[at] = static_cast<T>(value);
  }

  /// Overwrites every element.
  void fill(Number value) { std::fill_n(mutable_data(), size(), static_cast<T>(value)); }
  /// Overwrites the values with those of a tensor of the same shape.
  void copy_from(const Tensor& other) {
    ensure(shape_ == other.shape_, "copy_from: shape {} expected, found {}", shape_, other.shape_);
    std::copy_n(other.data_, size(), mutable_data());
  }
  /// The same values in memory of their own, outside any graph.
  Tensor clone() const { return defined() ? Tensor(shape_, values()) : Tensor(); }
  /// The same memory, outside any graph.
  Tensor detach() const {
    Tensor t = *this;
    t.node_ = {};
    return t;
  }
  /// The same memory under another shape of equal size, outside any graph; ops/shape.hpp has the recorded
  /// one.
  Tensor view_as(const Shape& shape) const {
    const std::size_t bytes = bytes_of(shape);  // throws where shape.size() would overflow
    ensure(bytes == bytes_of(shape_), "reshape: {} has {} elements, {} has {}", shape_, size(), shape,
           shape.size());
    Tensor t = detach();
    t.shape_ = shape;
    return t;
  }

  /// The memory: for operations and tests.
  const detail::Ref<detail::Storage>& storage() const { return storage_; }
  /// Both are handles to one memory.
  bool shares_memory_with(const Tensor& other) const { return storage_.get() == other.storage_.get(); }
  /// No other handle sees this memory, and it is not borrowed.
  bool unique() const { return storage_ && storage_->use_count() == 1 && data_ == storage_->data(); }
  /// Rises whenever the memory is given out for writing: how graphs notice.
  std::uint32_t version() const { return storage_ ? storage_->version() : 0; }

  /// Part of a graph: a parameter or computed from one.
  bool tracked() const { return static_cast<bool>(node_); }
  /// The place in the graph: for the engine.
  const detail::Ref<detail::Counted>& node() const { return node_; }
  /// Gives it a place in the graph: for the engine. parameter() and record() are for you.
  void set_node(detail::Ref<detail::Counted> node) { node_ = std::move(node); }

  /// The shape and the place in the graph, without the memory.
  Tensor forget() const {
    Tensor t;
    t.shape_ = shape_;
    t.node_ = node_;
    return t;
  }

  // What is typed as a member as often as not. To call these include ops/members.hpp, or figment.hpp.
  /// Position i of the first dimension: select(x, 0, i).
  auto operator[](Index i) const;
  /// sum(x, …).
  template <class... How>
  auto sum(const How&... how) const;
  /// mean(x, …).
  template <class... How>
  auto mean(const How&... how) const;
  /// reshape(x, shape); one extent may be -1.
  auto reshape(std::initializer_list<Index> dims) const;
  /// reshape(x, shape).
  auto reshape(const Shape& shape) const;
  /// The last two dimensions exchanged: transpose(x).
  auto t() const;
  /// Writes a tensor, or a number, at one index of an axis, as x[:, index] = values: of (2, 3, 4) and axis 1
  /// what broadcasts to (2, 4). A change, as by mutable_data(), and without gradients.
  template <class V>
  auto assign(Index axis, Index index, const V& values);

  // Eigen maps of the memory. To call them include core/eigen.hpp, for eigen<Rank>() core/eigen_tensor.hpp.
  // Those to write count as a change, as mutable_data() does: read a tensor that is not const, and that a
  // graph may need, by std::as_const(x).matrix().
  /// The memory as an Eigen matrix of rows, which are all dimensions but the last.
  auto matrix() const;
  /// The same, to write.
  auto matrix();
  /// All elements as one Eigen array.
  auto array() const;
  /// The same, to write.
  auto array();
  /// The memory as an Eigen tensor; throws unless its rank is `Rank`.
  template <int Rank>
  auto eigen() const;
  /// The same, to write.
  template <int Rank>
  auto eigen();

 private:
  static std::size_t bytes_of(const Shape& shape) {
    const Index bytes = detail::byte_count(shape, sizeof(T));
    ensure(bytes >= 0, "tensor: shape {} has too many elements", shape);
    return static_cast<std::size_t>(bytes);
  }

  void swap(Tensor& other) noexcept {
    std::swap(storage_, other.storage_);
    std::swap(data_, other.data_);
    std::swap(node_, other.node_);
    std::swap(shape_, other.shape_);
  }

  Index offset(std::initializer_list<Index> index) const {
    ensure(static_cast<Index>(index.size()) == rank(), "index: {} positions for shape {}", index.size(),
           shape_);
    Index at = 0, axis = 0;
    for (Index i : index) {
      const Index n = shape_.begin()[axis++];
      ensure(i >= -n && i < n, "index: {} is out of range for axis {} of shape {}", i, axis - 1, shape_);
      at = at * n + (i < 0 ? i + n : i);
    }
    return at;
  }

  detail::Ref<detail::Storage> storage_;
  T* data_ = nullptr;
  detail::Ref<detail::Counted> node_;
  Shape shape_;
};

/// Labels, class numbers and positions.
using Indices = Tensor<std::int32_t>;
/// The result of a comparison: 0 or 1.
using Mask = Tensor<std::uint8_t>;

/// A vector's values make a tensor of their type.
template <class T>
Tensor(std::vector<T>) -> Tensor<T>;
/// And so do an expression's: Tensor(m), of Eigen's m.
template <detail::Expression E>
Tensor(const E&) -> Tensor<detail::ValueOf<E>>;

namespace detail {

template <class M>
inline constexpr bool is_tensor = false;
template <class T>
inline constexpr bool is_tensor<Tensor<T>> = true;

template <class V>
using RecycledVector = std::vector<V, RecycledAllocator<V>>;

}  // namespace detail

/// Tensors in recycled memory, so that lists of gradients cost a training step no allocation.
template <class T>
using TensorList = detail::RecycledVector<Tensor<T>>;

namespace detail {

/// The place in the list of the first tensor that has t's memory, or the list's size.
template <class T>
std::size_t find_tied(const TensorList<T>& list, const Tensor<T>& t) {
  std::size_t i = 0;
  while (i < list.size() && !(t.defined() && list[i].data() == t.data())) ++i;
  return i;
}

/// Out of line: each kind of list is made at several places, and may have to grow at each.
template <class T>
[[gnu::noinline]] void append(TensorList<T>& list, Tensor<T> t) {
  list.push_back(std::move(t));
}

/// Throws unless each tensor of the list has memory of its own.
template <class T>
void check_apart(const char* who, const char* what, const TensorList<T>& list) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::size_t first = find_tied(list, list[i]);
    ensure(first >= i || list[i].size() == 0, "{}: {} {} and {} are one memory: list it once", who, what,
           first, i);
  }
}

}  // namespace detail

/// The tensor's values in another number type, outside any graph.
template <class To, class From>
Tensor<To> cast(const Tensor<From>& x) {
  if constexpr (std::is_same_v<To, From>)
    return Tensor<To>(x.shape(), x.values());
  else
    return Tensor<To>(x);
}

}  // namespace figment

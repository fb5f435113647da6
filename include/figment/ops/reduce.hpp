// Reductions over any axes.
#pragma once

#include "figment/ops/math.hpp"
#include "figment/ops/shape.hpp"

namespace figment {

/// The dimensions a reduction runs over, negative ones from the end; none given means all.
class Axes {
 public:
  Axes() = default;
  Axes(Index axis) : axes_{axis}, all_(false) {}  // NOLINT(google-explicit-constructor): sum(x, 0)
  Axes(std::initializer_list<Index> axes) : all_(false) {
    for (Index a : axes) axes_.push_back(a);
  }

  /// x's shape with the reduced extents 1.
  Shape kept(const Shape& shape) const {
    Shape out = shape;
    for (Index i = 0; i < out.rank(); ++i)
      if (all_) out[i] = 1;
    for (Index a : axes_) out[shape.axis(a)] = 1;
    return out;
  }
  /// x's shape without the reduced dimensions.
  Shape dropped(const Shape& shape) const {
    bool gone[max_rank] = {};
    for (Index a : axes_) gone[shape.axis(a)] = true;
    Shape out;
    for (Index i = 0; i < shape.rank(); ++i)
      if (!all_ && !gone[i]) out.push_back(shape[i]);
    return out;
  }

 private:
  struct List {
    Index values[max_rank] = {};
    Index count = 0;
    List() = default;
    List(std::initializer_list<Index> v) {
      for (Index a : v) push_back(a);
    }
    void push_back(Index a) {
      check(count < max_rank, "axes: more than {}", max_rank);
      values[count++] = a;
    }
    const Index* begin() const { return values; }
    const Index* end() const { return values + count; }
  } axes_;
  bool all_ = true;
};

/// Whether reduced dimensions stay with extent 1, so that the result broadcasts against the input.
enum class Dims { drop, keep };

namespace detail {

template <class T>
Tensor<T> drop(const Tensor<T>& y, const Shape& from, const Axes& axes, Dims dims) {
  return dims == Dims::keep ? y : reshape(y, axes.dropped(from));
}

/// How many elements each result of the reduction is made of.
inline Index reduced_count(const Shape& from, const Shape& kept) {
  Index n = 1;
  for (Index i = 0; i < from.rank(); ++i)
    if (kept[i] != from[i]) n *= from[i];
  return n;
}

/// Folds x into a tensor of shape `kept` with y = f(y, x), beginning with `first`.
template <class T, class F>
Tensor<T> fold(const Tensor<T>& x, const Shape& kept, T first, F f) {
  Tensor<T> y = Tensor<T>::full(kept, first);
  if (x.size() == 0) return y;
  T* out = y.mutable_data();
  const BroadcastLoops loops(x.shape(), x.shape(), kept);
  const Index inner = loops.extent[0], step = loops.b_step[0];
  loops.each_row(0, x.size() / inner, [&](Index, Index at, Index to) {
    for (Index i = 0; i < inner; ++i) out[to + i * step] = f(out[to + i * step], x.data()[at + i]);
  });
  return y;
}

/// max and min; equal elements share the gradient.
template <class T, class F>
Tensor<T> fold_extremum(const char* name, const Tensor<T>& x, const Axes& axes, Dims dims, T first, F f) {
  const Shape kept = axes.kept(x.shape());
  check(x.size() > 0 || kept.size() == 0, "{}: no elements in shape {}", name, x.shape());
  auto y = record(name, {x}, fold(x, kept, first, f), [kept](auto& s, auto& dy, auto& dx) {
    dx(0, [&] {
      const auto hit = transform<T>(s.in(0), s.out(), "", [](T u, T v) { return T(u == v); });
      return dy / reduce_to(hit, kept) * hit;
    });
  });
  return drop(y, x.shape(), axes, dims);
}

template <class T, class F>
Indices arg_extremum(const Tensor<T>& x, Index axis, const char* name, F better) {
  const Index at = x.shape().axis(axis);
  const AxisView v(x.shape(), at);
  check(v.extent > 0, "{}: no elements along axis {} of shape {}", name, axis, x.shape());
  Indices y(Axes(at).dropped(x.shape()));
  std::int32_t* out = y.mutable_data();
  for (Index o = 0; o < v.outer; ++o)
    for (Index i = 0; i < v.inner; ++i) {
      const T* p = x.data() + o * v.extent * v.inner + i;
      Index best = 0;
      for (Index e = 1; e < v.extent; ++e)
        if (better(p[e * v.inner], p[best * v.inner])) best = e;
      out[o * v.inner + i] = static_cast<std::int32_t>(best);
    }
  return y;
}

}  // namespace detail

/// sum(x), sum(x, axis), sum(x, {axes}). dx = dy broadcast back.
template <class T>
Tensor<T> sum(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  return detail::drop(sum_to(x, axes.kept(x.shape())), x.shape(), axes, dims);
}

/// The arithmetic mean; NaN of no elements.
template <class T>
Tensor<T> mean(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  const Index n = detail::reduced_count(x.shape(), axes.kept(x.shape()));
  return sum(x, axes, dims) / static_cast<T>(n);
}

/// The mean squared distance from the mean: biased, or unbiased (divided by n - 1).
enum class Variance { biased, unbiased };
template <class T>
Tensor<T> var(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop,
              Variance variance = Variance::biased) {
  const Index n = detail::reduced_count(x.shape(), axes.kept(x.shape()));
  const Index count = variance == Variance::biased ? n : n - 1;
  return sum(square(x - mean(x, axes, Dims::keep)), axes, dims) / static_cast<T>(count);
}

/// The largest element; NaN if there is one. Equal elements share the gradient.
template <class T>
Tensor<T> max(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  return detail::fold_extremum("max", x, axes, dims, -std::numeric_limits<T>::infinity(),
                               [](T a, T b) { return b > a || b != b ? b : a; });
}
/// The smallest element; NaN if there is one. Equal elements share the gradient.
template <class T>
Tensor<T> min(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  return detail::fold_extremum("min", x, axes, dims, std::numeric_limits<T>::infinity(),
                               [](T a, T b) { return b < a || b != b ? b : a; });
}

/// The position of the largest element along an axis, the first of equals; the axis goes away.
template <class T>
Indices argmax(const Tensor<T>& x, Index axis) {
  return detail::arg_extremum(x, axis, "argmax", [](T a, T b) { return a > b; });
}
template <class T>
Indices argmin(const Tensor<T>& x, Index axis) {
  return detail::arg_extremum(x, axis, "argmin", [](T a, T b) { return a < b; });
}
/// The position of the largest element of all, in row-major order.
template <class T>
Index argmax(const Tensor<T>& x) {
  return argmax(x.view_as({x.size()}), 0).item();
}

/// log(sum(e^x)) without overflow. dx = softmax(x) dy.
template <class T>
Tensor<T> logsumexp(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  // The shift is a constant to the gradient: it cancels. Infinite ones would give inf - inf.
  const auto largest = no_grad([&] { return max(x, axes, Dims::keep); });
  const auto shift = detail::transform<T>(largest, [](T v) { return v - v == T(0) ? v : T(0); });
  return detail::drop(log(sum(exp(x - shift), axes, Dims::keep)) + shift, x.shape(), axes, dims);
}

/// e^x / sum(e^x) along an axis. dx = y (dy - sum(y dy)).
template <class T>
Tensor<T> softmax(const Tensor<T>& x, Index axis = -1) {
  const auto value = no_grad([&] {
    const auto e = exp(x - max(x, axis, Dims::keep));
    return e / sum(e, axis, Dims::keep);
  });
  return record(
      "softmax", {x}, value,
      [axis](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto y = s.out();
          return y * (dy - sum(y * dy, axis, Dims::keep));
        });
      },
      Keep::output);
}

/// log(softmax(x)) without losing small probabilities. dx = dy - e^y sum(dy).
template <class T>
Tensor<T> log_softmax(const Tensor<T>& x, Index axis = -1) {
  const auto value = no_grad([&] { return x - logsumexp(x, axis, Dims::keep); });
  return record(
      "log_softmax", {x}, value,
      [axis](auto& s, auto& dy, auto& dx) {
        dx(0, [&] { return dy - exp(s.out()) * sum(dy, axis, Dims::keep); });
      },
      Keep::output);
}

}  // namespace figment

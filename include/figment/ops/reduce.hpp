// Reductions over any axes.
#pragma once

#include "figment/core/finite.hpp"
#include "figment/ops/axes.hpp"
#include "figment/ops/integer_reduce.hpp"
#include "figment/ops/math.hpp"

namespace figment {

namespace detail {

/// Folds x into a tensor of shape `kept` with f, beginning with `start`.
template <class Op, class T>
Tensor<T> fold(Op f, const Tensor<T>& x, const Shape& kept, T start) {
  Tensor<T> y = Tensor<T>::full(kept, start);
  if (x.size() == 0) return y;
  T* out = y.mutable_data();
  const T* in = x.data();
  const BroadcastLoops loops(x.shape(), x.shape(), kept);
  const Index inner = loops.extent[0], rows = x.size() / inner;
  const Index next_in = loops.a_step[1], next_out = loops.b_step[1];
  if (loops.b_step[0]) {  // rows are folded into rows: columns are split
    parallel_for(inner, elementwise_grain / rows + 16, [&](Index begin, Index end) {
      loops.each_run(0, rows, [&](Index, Index n, Index at, Index to) {
        if (next_out != 0)
          for (; n > 1; --n, at += next_in, to += next_out)
            kernels::fold_rows(f, in + at + begin, 0, out + to + begin, 1, end - begin);
        kernels::fold_rows(f, in + at + begin, next_in, out + to + begin, n, end - begin);
      });
    });
  } else {
    const auto each = [&](Index first, Index last) {
      loops.each_run(first, last, [&](Index, Index n, Index at, Index to) {
        if (next_in == inner && next_out == 1)
          kernels::fold_each(f, in + at, out + to, n, inner);
        else
          for (; n > 0; --n, at += next_in, to += next_out)
            out[to] = kernels::fold(f, out[to], in + at, inner);
      });
    };
    bool own_place = true;  // each row has one of its own
    for (Index d = 1; d < loops.rank; ++d) own_place &= loops.b_step[d] != 0;
    if (own_place)
      parallel_for(rows, elementwise_grain / inner + 1, each);
    else
      each(0, rows);
  }
  return y;
}

/// Calls f(first row, rows) over parts of the rows of a matrix, for kernels that take e^x of each element.
template <class F>
void parallel_rows(Index rows, Index columns, F f) {
  if (columns > 0)
    parallel_for(rows, elementwise_grain / 4 / columns + 1,
                 [&](Index begin, Index end) { f(begin, end - begin); });
}

/// The largest elements, in shape `kept`; -inf of none. Not recorded.
template <class T>
Tensor<T> largest(const Tensor<T>& x, const Shape& kept) {
  return fold(kernels::op::Maximum{}, x, kept, -std::numeric_limits<T>::infinity());
}

/// x, and 0 in place of what is infinite or NaN, from which differences would be NaN.
template <class T>
Tensor<T> finite_or_zero(const Tensor<T>& x) {
  return transform<T>(x, [](T v) { return is_finite(v) ? v : T(0); });
}

/// max and min; equal elements share the gradient, and so do NaNs.
template <class Op, class T>
Tensor<T> fold_extremum(const char* name, const char* gradient_name, Op f, const Tensor<T>& x,
                        const Axes& axes, Dims dims, T start) {
  const Shape kept = axes.kept(x.shape(), name);
  ensure(x.size() > 0 || kept.size() == 0, "{}: no elements in shape {}", name, x.shape());
  auto y = record(name, {x}, fold(f, x, kept, start), [gradient_name, kept](auto& s, auto& dy, auto& dx) {
    dx(0, [&] {
      const auto hit = map(kernels::op::Equal{}, s.constant_in(0), s.constant_out(), "equal");
      return piecewise(gradient_name, kernels::op::Share{}, dy / reduce_to(hit, kept), hit);
    });
  });
  return drop(y, x.shape(), axes, dims);
}

/// `f` is maximum or minimum, better(a, b) says that a wins.
template <class Op, class T, class F>
Indices arg_extremum(const char* name, Op f, const Tensor<T>& x, Index axis, T start, F better) {
  const Index at = x.shape().axis(axis, name);
  const AxisView v(x.shape(), at);
  ensure(v.extent > 0, "{}: no elements along axis {} of shape {}", name, axis, x.shape());
  ensure(v.extent <= (std::numeric_limits<std::int32_t>::max)(),
         "{}: more positions along axis {} of {} than 32 bits count", name, axis, x.shape());
  Indices y(Axes(at).dropped(x.shape()));
  std::int32_t* out = y.mutable_data();
  const T* in = x.data();
  if (v.inner == 1) {  // the value by vectors, then its place
    parallel_rows(v.outer, v.extent, [&](Index begin, Index rows) {
      for (Index o = begin; o < begin + rows; ++o) {
        const T* p = in + o * v.extent;
        const T best = kernels::fold(f, start, p, v.extent);
        const T* found =
            std::find_if(p, p + v.extent, [best](T e) { return e == best || (is_nan(best) && is_nan(e)); });
        out[o] = static_cast<std::int32_t>(found - p);
      }
    });
    return y;
  }
  Tensor<T> best(Shape{v.inner});
  T* value = best.mutable_data();
  for (Index o = 0; o < v.outer; ++o, out += v.inner) {
    const T* p = in + o * v.extent * v.inner;
    std::copy_n(p, v.inner, value);
    std::fill_n(out, v.inner, 0);
    for (Index e = 1; e < v.extent; ++e) {
      p += v.inner;
      for (Index i = 0; i < v.inner; ++i)
        if (better(p[i], value[i]) || (is_nan(p[i]) && !is_nan(value[i])))
          value[i] = p[i], out[i] = static_cast<std::int32_t>(e);
    }
  }
  return y;
}

/// x as (outer, extent, inner), what is reduced in the middle: outer * inner lines of `extent` elements.
struct Lines {
  Index count = 1, extent = 1, inner = 1;
  bool whole = true;  ///< or there is no such view: dimensions that stay lie between those reduced

  [[gnu::noinline]] Lines(const Shape& shape, const Shape& kept) {
    Index d = shape.rank();
    for (; d > 0 && kept[d - 1] == shape[d - 1]; --d) inner *= shape[d - 1];
    for (; d > 0 && kept[d - 1] == 1; --d) extent *= shape[d - 1];
    for (; d > 0; --d) whole &= kept[d - 1] == shape[d - 1];
    count = kept.size();
  }
  /// kernel(f, pointers…, extent, inner, begin, end) over all lines.
  template <class F, class... P>
  void run(F kernel, kernels::Softmax f, P*... pointers) const {
    if (extent > 0)
      parallel_for(count, elementwise_grain / 4 / extent + 1,
                   [&](Index begin, Index end) { kernel(f, pointers..., extent, inner, begin, end); });
  }
};

/// softmax and log_softmax. rule(y, dy) gives dx where that is recorded itself.
template <class T, class F>
Tensor<T> softmax_of(const char* name, kernels::Softmax f, const Tensor<T>& x, Index axis, F rule) {
  const Lines lines(x.shape(), Axes(axis).kept(x.shape(), name));
  Tensor<T> value(x.shape());
  lines.run(kernels::softmax<T>, f, x.data(), value.mutable_data());
  return record(
      name, {x}, value,
      [=](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const auto y = s.out();
          if (recording(y, dy)) return rule(y, dy);
          Tensor<T> d(y.shape());
          lines.run(kernels::softmax_gradient<T>, f, y.data(), dy.data(), d.mutable_data());
          return d;
        });
      },
      Keep::output);
}

/// The sum over the dimensions that are 1 in `kept`, divided before it is rounded. dx = dy / divisor.
template <class T>
Tensor<T> divided_sum(const char* name, const Tensor<T>& x, const Shape& kept, double divisor) {
  return record(
      name, {x}, reduce_as<T>(x, kept, divisor),
      [divisor](auto& s, auto& dy, auto& dx) {
        dx(0, [&] { return broadcast_to(affine(dy, 1 / divisor, 0), s.in_shape(0)); });
      },
      Keep::nothing);
}

}  // namespace detail

/// sum(x), sum(x, axis), sum(x, {axes}). dx = dy broadcast back.
template <class T>
Tensor<T> sum(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  return detail::drop(sum_to(x, axes.kept(x.shape(), "sum")), x.shape(), axes, dims);
}

/// The arithmetic mean; NaN of no elements.
template <class T>
Tensor<T> mean(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  const Shape kept = axes.kept(x.shape(), "mean");
  const auto n = static_cast<double>(detail::reduced_count(x.shape(), kept));
  return detail::drop(detail::divided_sum("mean", x, kept, n), x.shape(), axes, dims);
}

/// The mean squared distance from the mean: biased, or unbiased (divided by n - 1).
enum class Variance { biased, unbiased };
/// The variance over the axes; NaN of no elements, or if unbiased of one. dx = 2/n (x - mean) dy.
template <detail::Real T>
Tensor<T> var(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop,
              Variance variance = Variance::biased) {
  const Shape kept = axes.kept(x.shape(), "var");
  const Index n = detail::reduced_count(x.shape(), kept);
  const auto count = static_cast<double>(variance == Variance::biased ? n : std::max<Index>(n - 1, 0));
  const auto value =
      no_grad([&] { return detail::divided_sum("var", square(x - mean(x, axes, Dims::keep)), kept, count); });
  // The mean moves as well, but the distances from it sum to 0.
  const auto y = record(
      "var", {x}, value,
      [axes, scale = 2 / count](auto& s, auto& dy, auto& dx) {
        dx(0, [&] { return (s.in(0) - mean(s.in(0), axes, Dims::keep)) * affine(dy, scale, 0); });
      },
      Keep::inputs);
  return detail::drop(y, x.shape(), axes, dims);
}

/// The standard deviation, the root of var, biased like it; PyTorch's std is unbiased. Its name is not std:
/// beside the namespace of that name a call would be ambiguous to who is `using namespace figment`. dx =
/// (x - mean) dy / (n y), 0 where y is 0.
template <detail::Real T>
Tensor<T> std_dev(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop,
                  Variance variance = Variance::biased) {
  axes.kept(x.shape(), "std_dev");
  const Tensor<T> squares = var(x, axes, dims, variance);
  return record(
      "std_dev", {squares}, detail::map(kernels::op::Sqrt{}, squares),
      [](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          const Mask none = equal(s.constant_out(), 0);
          const Tensor<T> zero = Tensor<T>::zeros({}), one = Tensor<T>::ones({});
          return where(none, zero, affine(dy, 0.5, 0)) / where(none, one, s.out());
        });
      },
      Keep::output);
}

/// The largest element; NaN if there is one. Equal elements share the gradient.
template <class T>
Tensor<T>(max)(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  return detail::fold_extremum("max", "max's gradient", kernels::op::Maximum{}, x, axes, dims,
                               -std::numeric_limits<T>::infinity());
}
/// The smallest element; NaN if there is one. Equal elements share the gradient.
template <class T>
Tensor<T>(min)(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  return detail::fold_extremum("min", "min's gradient", kernels::op::Minimum{}, x, axes, dims,
                               std::numeric_limits<T>::infinity());
}

/// The position of the largest element along an axis, the first of equals; a NaN is larger than all others.
/// The axis goes away.
template <class T>
Indices argmax(const Tensor<T>& x, Index axis) {
  return detail::arg_extremum("argmax", kernels::op::Maximum{}, x, axis, -std::numeric_limits<T>::infinity(),
                              [](T a, T b) { return a > b; });
}
/// As argmax, of the smallest; a NaN is smaller than all others.
template <class T>
Indices argmin(const Tensor<T>& x, Index axis) {
  return detail::arg_extremum("argmin", kernels::op::Minimum{}, x, axis, std::numeric_limits<T>::infinity(),
                              [](T a, T b) { return a < b; });
}
/// The position of the largest element of all, in row-major order.
template <class T>
Index argmax(const Tensor<T>& x) {
  ensure(x.size() > 0, "argmax: no elements in shape {}", x.shape());
  return argmax(x.view_as({x.size()}), 0).item();
}

/// log(sum(e^x)) without overflow; -inf of no elements, or of -inf alone. dx = softmax(x) dy, which sums to
/// dy; 0 where the result is -inf.
template <detail::Real T>
Tensor<T> logsumexp(const Tensor<T>& x, const Axes& axes = {}, Dims dims = Dims::drop) {
  const Shape kept = axes.kept(x.shape(), "logsumexp");
  const auto value = no_grad([&] {
    const detail::Lines lines(x.shape(), kept);
    if (!lines.whole || lines.extent == 0) {
      const auto shift = detail::finite_or_zero(detail::largest(x, kept));
      return log(sum_to(exp(x - shift), kept)) + shift;
    }
    Tensor<T> y(kept);
    lines.run(kernels::softmax<T>, kernels::Softmax::log_sum_exp, x.data(), y.mutable_data());
    return y;
  });
  const auto y = record("logsumexp", {x}, value, [kept](auto& s, auto& dy, auto& dx) {
    dx(0, [&] {
      // The result is rounded at its own size, and so would be the logarithm of each share: they are divided
      // by their sum instead, which is near 1, or 0 of -inf alone.
      const auto e = exp(s.in(0) - detail::finite_or_zero(s.constant_out()));
      const auto total = sum_to(e, kept);
      return e * (dy / where(equal(total, T(0)), Tensor<T>::ones({}), total));
    });
  });
  return detail::drop(y, x.shape(), axes, dims);
}

/// e^x / sum(e^x) along an axis; NaN where the largest is infinite. dx = y (dy - sum(y dy)).
template <detail::Real T>
Tensor<T> softmax(const Tensor<T>& x, Index axis = -1) {
  return detail::softmax_of("softmax", kernels::Softmax::softmax, x, axis,
                            [axis](auto& y, auto& dy) { return y * (dy - sum(y * dy, axis, Dims::keep)); });
}

/// log(softmax(x)) without losing small probabilities, or large x; NaN where the largest is infinite.
/// dx = dy - e^y sum(dy).
template <detail::Real T>
Tensor<T> log_softmax(const Tensor<T>& x, Index axis = -1) {
  return detail::softmax_of("log_softmax", kernels::Softmax::log_softmax, x, axis,
                            [axis](auto& y, auto& dy) { return dy - exp(y) * sum(dy, axis, Dims::keep); });
}

}  // namespace figment

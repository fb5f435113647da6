// Comparisons, and choosing by them.
#pragma once

#include <cstring>

#include "figment/core/finite.hpp"
#include "figment/ops/arithmetic.hpp"

namespace figment {

namespace detail {

/// Integers are compared as such, of any two types, and with what is real in double.
template <class Op, class A, class B, class F>
Mask compare(const char* name, Op by_kernel, const Tensor<A>& a, const Tensor<B>& b, F f) {
  constexpr bool whole = std::is_integral_v<A> && std::is_integral_v<B>;
  using C = std::conditional_t<whole, std::int64_t, double>;
  if constexpr (std::is_same_v<A, B> && std::is_floating_point_v<A>)
    return map_to<std::uint8_t>(by_kernel, a, b, name);
  else
    return transform<std::uint8_t>(a, b, name,
                                   [f](A u, B v) { return f(static_cast<C>(u), static_cast<C>(v)); });
}
/// A number as what it is, beside a real tensor as one of its own.
template <class T, class N>
auto compared(N c) {
  using C = std::conditional_t<std::is_floating_point_v<T>, T,
                               std::conditional_t<std::is_integral_v<N>, std::int64_t, double>>;
  return Tensor<C>::scalar(static_cast<C>(c));
}

}  // namespace detail

/// 1 where a > b, else 0; with broadcasting. Comparisons have no gradient.
template <class A, class B>
Mask greater(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::compare("greater", kernels::op::Greater{}, a, b, [](auto u, auto v) { return u > v; });
}
/// 1 where a is greater than a number.
template <class T, detail::Number N>
Mask greater(const Tensor<T>& a, N b) {
  return greater(a, detail::compared<T>(b));
}
/// 1 where a < b, else 0; with broadcasting.
template <class A, class B>
Mask less(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::compare("less", kernels::op::Less{}, a, b, [](auto u, auto v) { return u < v; });
}
/// 1 where a is less than a number.
template <class T, detail::Number N>
Mask less(const Tensor<T>& a, N b) {
  return less(a, detail::compared<T>(b));
}
/// 1 where a == b, else 0; with broadcasting.
template <class A, class B>
Mask equal(const Tensor<A>& a, const Tensor<B>& b) {
  return detail::compare("equal", kernels::op::Same{}, a, b, [](auto u, auto v) { return u == v; });
}
/// 1 where a equals a number.
template <class T, detail::Number N>
Mask equal(const Tensor<T>& a, N b) {
  return equal(a, detail::compared<T>(b));
}

namespace detail {

/// f of two masks with broadcasting; f(bool, bool).
template <class F>
Mask of_masks(const char* name, const Mask& a, const Mask& b, F f) {
  Mask y(broadcast(a.shape(), b.shape(), name));
  if (y.size() == 0) return y;
  const BroadcastLoops loops(y.shape(), a.shape(), b.shape());
  const Index inner = loops.extent[0], sa = loops.a_step[0], sb = loops.b_step[0];
  std::uint8_t* const out = y.mutable_data();
  loops.each_row(0, y.size() / inner, [&](Index row, Index ia, Index ib) {
    const std::uint8_t *pa = a.data() + ia, *pb = b.data() + ib;
    std::uint8_t* const to = out + row * inner;
    // So many at once, in memory that no pointer reaches, as compilers make vectors of by themselves.
    constexpr Index block = 32;
    std::uint8_t u[block] = {}, v[block] = {}, w[block];
    const auto load = [](std::uint8_t* block_of, const std::uint8_t* from, Index step, Index n) {
      if (step == 1 && n == block)
        std::memcpy(block_of, from, block);
      else if (step == 1)
        std::memcpy(block_of, from, static_cast<std::size_t>(n));
      else
        std::memset(block_of, *from, block);
    };
    for (Index i = 0; i < inner; i += block) {
      const Index n = (std::min)(inner - i, block);
      load(u, pa + i * sa, sa, n);
      load(v, pb + i * sb, sb, n);
      for (Index k = 0; k < block; ++k) w[k] = static_cast<std::uint8_t>(f(u[k] != 0, v[k] != 0));
      if (n == block)
        std::memcpy(to + i, w, block);
      else
        std::memcpy(to + i, w, static_cast<std::size_t>(n));
    }
  });
  return y;
}

}  // namespace detail

/// 1 where both masks are set; with broadcasting.
template <std::same_as<std::uint8_t> T>
Mask operator&(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::of_masks("and", a, b, [](bool u, bool v) { return u & v; });
}
/// 1 where one of two masks is set, or both; with broadcasting.
template <std::same_as<std::uint8_t> T>
Mask operator|(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::of_masks("or", a, b, [](bool u, bool v) { return u | v; });
}
/// 1 where one of two masks is set and the other is not; with broadcasting.
template <std::same_as<std::uint8_t> T>
Mask operator^(const Tensor<T>& a, const Tensor<T>& b) {
  return detail::of_masks("xor", a, b, [](bool u, bool v) { return u != v; });
}
/// 1 where a mask is not set.
template <std::same_as<std::uint8_t> T>
Mask operator!(const Tensor<T>& mask) {
  return mask ^ Mask::ones({});
}

/// 1 where x is neither infinite nor NaN.
template <detail::Real T>
Mask is_finite(const Tensor<T>& x) {
  return detail::transform<std::uint8_t>(x, [](T v) { return detail::is_finite(v); });
}
/// 1 where x is NaN.
template <detail::Real T>
Mask is_nan(const Tensor<T>& x) {
  return detail::transform<std::uint8_t>(x, [](T v) { return detail::is_nan(v); });
}
/// 1 where x is infinite, of either sign.
template <detail::Real T>
Mask is_inf(const Tensor<T>& x) {
  return detail::transform<std::uint8_t>(x, [](T v) { return !detail::is_finite(v) && !detail::is_nan(v); });
}

namespace detail {

/// BroadcastLoops of three operands: a mask, and what it chooses from.
struct ChoiceLoops {
  Index rank = 0, extent[max_rank] = {1}, step[3][max_rank] = {};

  [[gnu::noinline]] ChoiceLoops(const Shape& out, const Shape& mask, const Shape& a, const Shape& b) {
    const Shape* const shapes[] = {&mask, &a, &b};
    Index strides[] = {1, 1, 1}, steps[3];
    for (Index i = 1; i <= out.rank(); ++i) {
      const Index outer = rank > 0 ? rank - 1 : 0;
      bool joins = rank > 0;
      for (int k = 0; k < 3; ++k) {
        const Index n = i <= shapes[k]->rank() ? (*shapes[k])[-i] : 1;
        steps[k] = n == 1 ? 0 : strides[k];
        strides[k] *= n;
        joins = joins && steps[k] == step[k][outer] * extent[outer];
      }
      if (out[-i] == 1) continue;
      if (joins) {
        extent[outer] *= out[-i];
        continue;
      }
      extent[rank] = out[-i];
      for (int k = 0; k < 3; ++k) step[k][rank] = steps[k];
      ++rank;
    }
  }

  /// Calls f(row, mask offset, a offset, b offset) for the innermost runs in [begin, end).
  [[gnu::noinline]] void each_row(Index begin, Index end, RunFunction f) const {
    Index at[max_rank] = {}, offset[3] = {}, rest = begin;
    for (Index d = 1; d < rank; ++d) {
      at[d] = rest % extent[d];
      rest /= extent[d];
      for (int k = 0; k < 3; ++k) offset[k] += at[d] * step[k][d];
    }
    for (Index row = begin; row < end; ++row) {
      f(row, offset[0], offset[1], offset[2]);
      for (Index d = 1; d < rank; ++d) {
        for (int k = 0; k < 3; ++k) offset[k] += step[k][d];
        if (++at[d] < extent[d]) break;
        for (int k = 0; k < 3; ++k) offset[k] -= extent[d] * step[k][d];
        at[d] = 0;
      }
    }
  }
};

/// where of `shape`, which the three broadcast to; not recorded.
template <class T>
Tensor<T> chosen(const Shape& shape, const Mask& mask, const Tensor<T>& a, const Tensor<T>& b) {
  const ChoiceLoops loops(shape, mask.shape(), a.shape(), b.shape());
  const Index inner = loops.extent[0];
  if (loops.rank > 1 && inner < shortest_row) {  // written out, they are one run
    const auto spread = [&](const auto& x) { return x.size() == 1 ? x : broadcast_to(x, shape); };
    return chosen(shape, spread(mask), spread(a), spread(b));
  }
  Tensor<T> y(shape);
  if (y.size() == 0) return y;
  T* const out = y.mutable_data();
  const Index by_mask = loops.step[0][0], by_a = loops.step[1][0], by_b = loops.step[2][0];
  const auto run = [&](Index at, Index mask_at, Index a_at, Index b_at, Index n) {
    const std::uint8_t* const bits = mask.data() + mask_at;
    const T *const from_a = a.data() + a_at, *const from_b = b.data() + b_at;
    if constexpr (std::is_floating_point_v<T>)
      kernels::choose(bits, by_mask, from_a, by_a, from_b, by_b, out + at, n);
    else
      for (Index i = 0; i < n; ++i) out[at + i] = bits[i * by_mask] ? from_a[i * by_a] : from_b[i * by_b];
  };
  if (loops.rank <= 1)
    parallel_for(inner, elementwise_grain, [&](Index begin, Index end) {
      run(begin, begin * by_mask, begin * by_a, begin * by_b, end - begin);
    });
  else
    parallel_for(y.size() / inner, elementwise_grain / inner + 1, [&](Index begin, Index end) {
      loops.each_row(begin, end, [&](Index row, Index mask_at, Index a_at, Index b_at) {
        run(row * inner, mask_at, a_at, b_at, inner);
      });
    });
  return y;
}

}  // namespace detail

/// a where the mask is set, else b; with broadcasting. da = dy where set, db = dy elsewhere.
template <class T>
Tensor<T> where(const Mask& mask, const Tensor<T>& a, const Tensor<T>& b) {
  const Shape shape = broadcast(broadcast(mask.shape(), a.shape(), "where"), b.shape(), "where");
  return record(
      "where", {a, b}, no_grad([&] { return detail::chosen(shape, mask, a, b); }),
      [kept = detail::Kept(mask)](auto&, auto& dy, auto& dx) {
        kept.confirm("where", "the mask");
        const Tensor<T> zero = Tensor<T>::zeros({});
        dx(0, [&] { return where(kept.tensor, dy, zero); });
        dx(1, [&] { return where(kept.tensor, zero, dy); });
      },
      Keep::nothing);
}

/// where of tensors of two types.
template <class A, detail::OtherThan<A> B>
auto where(const Mask& mask, const Tensor<A>& a, const Tensor<B>& b) {
  using T = detail::Common<A, B>;
  if constexpr (detail::one_real_type<A, B>())
    return where(mask, detail::in_type<T>(a), detail::in_type<T>(b));
  else
    return a;
}
/// a where the mask is set, else a number.
template <class T, detail::Number N>
auto where(const Mask& mask, const Tensor<T>& a, N b) {
  return where(mask, a, detail::number_beside<T>("where", b));
}
/// A number where the mask is set, else b.
template <class T, detail::Number N>
auto where(const Mask& mask, N a, const Tensor<T>& b) {
  return where(mask, detail::number_beside<T>("where", a), b);
}
/// One of two numbers: Indices of whole ones, else float.
template <detail::Number A, detail::Number B>
auto where(const Mask& mask, A a, B b) {
  using T = std::conditional_t<std::is_integral_v<A> && std::is_integral_v<B>, std::int32_t, float>;
  return where(mask, detail::number_beside<T>("where", a), detail::number_beside<T>("where", b));
}

}  // namespace figment

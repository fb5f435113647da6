// Elementwise computation over whole tensors, with broadcasting; not recorded.
#pragma once

#include "figment/core/parallel.hpp"
#include "figment/core/tensor.hpp"
#include "figment/kernels/kernels.hpp"

namespace figment::detail {

/// The fewest elements that a thread is given: a loop over less than twice as many stays on one.
inline constexpr Index elementwise_grain = 32768;

/// A loop over fewer elements is not worth vectors of its own.
inline constexpr Index shortest_row = 16;

/// A view of a callable f(row, rows, a offset, b offset), so that what walks over runs is compiled once.
class RunFunction {
 public:
  template <class F>
  // NOLINTNEXTLINE(google-explicit-constructor,bugprone-forwarding-reference-overload): lambdas convert
  RunFunction(F&& f) : object_(&f), call_(&call<std::remove_reference_t<F>>) {}
  void operator()(Index row, Index rows, Index a, Index b) const { call_(object_, row, rows, a, b); }

 private:
  template <class F>
  static void call(void* f, Index row, Index rows, Index a, Index b) {
    (*static_cast<F*>(f))(row, rows, a, b);
  }

  void* object_;
  void (*call_)(void*, Index, Index, Index, Index);
};

/// Two operands over a common shape, as few loops as possible: neighbouring dimensions that step alike are
/// one. Steps are in elements, 0 where an operand repeats; the innermost steps are 0 or 1.
struct BroadcastLoops {
  Index rank = 0;
  Index extent[max_rank] = {1}, a_step[max_rank] = {}, b_step[max_rank] = {};

  BroadcastLoops() = default;
  [[gnu::noinline]] BroadcastLoops(const Shape& out, const Shape& a, const Shape& b) {
    Index a_stride = 1, b_stride = 1;
    for (Index i = 1; i <= out.rank(); ++i) {
      const Index an = i <= a.rank() ? a[-i] : 1, bn = i <= b.rank() ? b[-i] : 1;
      add(out[-i], an == 1 ? 0 : a_stride, bn == 1 ? 0 : b_stride);
      a_stride *= an, b_stride *= bn;
    }
  }

  /// One more loop around the others.
  [[gnu::noinline]] void add(Index n, Index sa, Index sb) {
    if (n == 1) return;
    Index& p = extent[rank > 0 ? rank - 1 : 0];
    if (rank > 0 && sa == a_step[rank - 1] * p && sb == b_step[rank - 1] * p) {
      p *= n;
      return;
    }
    extent[rank] = n, a_step[rank] = sa, b_step[rank] = sb;
    ++rank;
  }

  /// The same with the operands exchanged.
  [[gnu::noinline]] BroadcastLoops inverse() const {
    BroadcastLoops loops = *this;
    std::swap(loops.a_step, loops.b_step);
    return loops;
  }

  /// How many innermost runs there are; 0 if one has no elements.
  Index rows() const {
    Index n = extent[0] > 0;
    for (Index d = 1; d < rank; ++d) n *= extent[d];
    return n;
  }

  /// Calls f(row, rows, a offset, b offset) for the innermost runs in [begin, end), as many at once as the
  /// loop around them has: their offsets are a_step[1] and b_step[1] apart.
  [[gnu::noinline]] void each_run(Index begin, Index end, RunFunction f) const {
    if (begin >= end) return;  // also where an extent is 0
    Index at[max_rank + 1] = {}, a = 0, b = 0, rest = begin;
    for (Index d = 1; d < rank; ++d) {
      at[d] = rest % extent[d];
      rest /= extent[d];
      a += at[d] * a_step[d], b += at[d] * b_step[d];
    }
    for (Index row = begin; row < end;) {
      const Index n = rank > 1 ? (std::min)(extent[1] - at[1], end - row) : 1;
      f(row, n, a, b);
      row += n, at[1] += n, a += n * a_step[1], b += n * b_step[1];
      for (Index d = 1; d + 1 < rank && at[d] == extent[d]; ++d) {
        at[d] = 0, ++at[d + 1];
        a += a_step[d + 1] - extent[d] * a_step[d], b += b_step[d + 1] - extent[d] * b_step[d];
      }
    }
  }
  /// Calls f(row, a offset, b offset) for each of them.
  template <class F>
  void each_row(Index begin, Index end, F&& f) const {
    each_run(begin, end, [&](Index row, Index n, Index a, Index b) {
      for (; n > 0; --n, ++row, a += a_step[1], b += b_step[1]) f(row, a, b);
    });
  }
};

/// A kernel with its formula's settings, its type erased: what walks over tensors is compiled once, not for
/// each formula.
template <class T>
struct ErasedUnary {
  const void* f;
  void (*run)(const void* f, const T* x, T* y, Index n);
};
template <class T, class To = T>
struct ErasedBinary {
  const void* f;
  void (*run)(const void* f, const kernels::RowsOf<T>& a, const kernels::RowsOf<T>& b, To* y, Index rows,
              Index columns);
};

template <class Op, class T>
void run_unary(const void* f, const T* x, T* y, Index n) {
  kernels::unary(*static_cast<const Op*>(f), x, y, n);
}
template <class Op, class T, class To>
void run_binary(const void* f, const kernels::RowsOf<T>& a, const kernels::RowsOf<T>& b, To* y, Index rows,
                Index columns) {
  kernels::binary_rows(*static_cast<const Op*>(f), a, b, y, rows, columns);
}

/// An operand of short rows, written out so that many of them are one run.
template <class T>
struct SpreadRows {
  static constexpr Index room = 512;
  T values[room];
  const T* from = nullptr;  // what is written out
  Index rows = 0;

  /// n rows of `columns` elements from p on, contiguous.
  [[gnu::noinline]] const T* of(const T* p, Index step, Index row, Index n, Index columns) {
    if (step == 1 && row == columns) return p;
    if (row == 0 && p == from && n <= rows) return values;
    for (Index r = 0; r < n; ++r)
      for (Index c = 0; c < columns; ++c) values[r * columns + c] = p[r * row + c * step];
    from = p, rows = n;
    return values;
  }
};

template <class T, class To>
Tensor<To> map_erased(ErasedBinary<T, To> f, const Tensor<T>& a, const Tensor<T>& b, std::string_view name) {
  Tensor<To> y(broadcast(a.shape(), b.shape(), name));
  const T *pa = a.data(), *pb = b.data();
  To* py = y.mutable_data();
  const Index n = y.size();
  if (n == 0) return y;
  const BroadcastLoops loops(y.shape(), a.shape(), b.shape());
  const Index inner = loops.extent[0], sa = loops.a_step[0], sb = loops.b_step[0];
  if (loops.rank <= 1) {
    parallel_for(n, elementwise_grain, [&](Index begin, Index end) {
      f.run(f.f, {pa + begin * sa, sa, 0}, {pb + begin * sb, sb, 0}, py + begin, 1, end - begin);
    });
    return y;
  }
  const Index next_a = loops.a_step[1], next_b = loops.b_step[1];
  parallel_for(n / inner, elementwise_grain / inner + 1, [&](Index begin, Index end) {
    if (inner >= shortest_row) {
      loops.each_run(begin, end, [&](Index row, Index rows, Index ia, Index ib) {
        f.run(f.f, {pa + ia, sa, next_a}, {pb + ib, sb, next_b}, py + row * inner, rows, inner);
      });
      return;
    }
    SpreadRows<T> spread_a, spread_b;
    loops.each_run(begin, end, [&](Index row, Index rows, Index ia, Index ib) {
      while (rows > 0) {
        const Index part = (std::min)(rows, SpreadRows<T>::room / inner);
        f.run(f.f, {spread_a.of(pa + ia, sa, next_a, part, inner), 1, 0},
              {spread_b.of(pb + ib, sb, next_b, part, inner), 1, 0}, py + row * inner, 1, part * inner);
        row += part, rows -= part, ia += part * next_a, ib += part * next_b;
      }
    });
  });
  return y;
}

template <class T>
Tensor<T> map_erased(ErasedUnary<T> f, const Tensor<T>& x) {
  Tensor<T> y(x.shape());
  const T* px = x.data();
  T* py = y.mutable_data();
  parallel_for(x.size(), elementwise_grain,
               [&](Index begin, Index end) { f.run(f.f, px + begin, py + begin, end - begin); });
  return y;
}

/// Of float and double; otherwise one line that says so, in the place of those that kernels would give.
template <class T>
constexpr bool real_only() {
  static_assert(std::is_floating_point_v<T>,
                "figment: this operation is of real numbers; cast<float>(x) makes them of integers");
  return std::is_floating_point_v<T>;
}
/// What public operations without a meaning for integers take.
template <class T>
concept Real = real_only<T>();

/// y = f(a, b) with broadcasting, not recorded; of a mask's type for the formulas that give one.
template <class To, class Op, class T>
Tensor<To> map_to(Op f, const Tensor<T>& a, const Tensor<T>& b, std::string_view name) {
  return map_erased<T, To>({&f, &run_binary<Op, T, To>}, a, b, name);
}
template <class Op, class T>
Tensor<T> map(Op f, const Tensor<T>& a, const Tensor<T>& b, std::string_view name) {
  if constexpr (!real_only<T>())
    return a;
  else
    return map_to<T>(f, a, b, name);
}

/// y = f(x), not recorded.
template <class Op, class T>
Tensor<T> map(Op f, const Tensor<T>& x) {
  if constexpr (!real_only<T>())
    return x;
  else
    return map_erased<T>({&f, &run_unary<Op, T>}, x);
}

/// y = f(x) for functions without a kernel, one value at a time; To is float, double or a mask's type.
template <class To, class T, class F>
Tensor<To> transform(const Tensor<T>& x, F f) {
  if constexpr (std::is_same_v<To, T>) real_only<T>();  // no sines of whole numbers
  Tensor<To> y(x.shape());
  const T* px = x.data();
  To* py = y.mutable_data();
  parallel_for(x.size(), elementwise_grain, [&](Index begin, Index end) {
    Index i = begin;
    // Of a mask by blocks in memory that no pointer reaches, of which compilers make vectors.
    constexpr Index block = sizeof(To) == 1 ? 16 : 1;
    for (; block > 1 && i + block <= end; i += block) {
      T u[block];
      To v[block];
      std::copy_n(px + i, block, u);
      for (Index k = 0; k < block; ++k) v[k] = static_cast<To>(f(u[k]));
      std::copy_n(v, block, py + i);
    }
    for (; i < end; ++i) py[i] = static_cast<To>(f(px[i]));
  });
  return y;
}

/// y = f(a, b) for functions without a kernel, with broadcasting.
template <class To, class A, class B, class F>
Tensor<To> transform(const Tensor<A>& a, const Tensor<B>& b, std::string_view name, F f) {
  Tensor<To> y(broadcast(a.shape(), b.shape(), name));
  if (y.size() == 0) return y;
  const BroadcastLoops loops(y.shape(), a.shape(), b.shape());
  const Index inner = loops.extent[0], sa = loops.a_step[0], sb = loops.b_step[0];
  To* py = y.mutable_data();
  loops.each_row(0, y.size() / inner, [&](Index row, Index ia, Index ib) {
    // By value: a mask's bytes may be written over anything that is behind a reference.
    const A* pa = a.data() + ia;
    const B* pb = b.data() + ib;
    To* const to = py + row * inner;
    const Index n = inner, step_a = sa, step_b = sb;
    const F g = f;
    for (Index i = 0; i < n; ++i) to[i] = static_cast<To>(g(pa[i * step_a], pb[i * step_b]));
  });
  return y;
}

}  // namespace figment::detail

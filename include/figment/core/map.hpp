// Elementwise computation over whole tensors, with broadcasting; not recorded.
#pragma once

#include "figment/core/parallel.hpp"
#include "figment/core/tensor.hpp"
#include "figment/kernels/kernels.hpp"

namespace figment::detail {

/// The fewest elements that a thread is given: a loop over less than twice as many stays on one.
inline constexpr Index elementwise_grain = 32768;

/// Two operands over a common shape, as few loops as possible: neighbouring dimensions that step alike are
/// one. Steps are in elements, 0 where an operand repeats; the innermost steps are 0 or 1.
struct BroadcastLoops {
  Index rank = 0;
  Index extent[max_rank] = {}, a_step[max_rank] = {}, b_step[max_rank] = {};

  BroadcastLoops(const Shape& out, const Shape& a, const Shape& b) {
    Index a_stride = 1, b_stride = 1;
    for (Index i = 1; i <= out.rank(); ++i) {  // from the last dimension outwards
      const Index n = out[-i];
      const Index an = i <= a.rank() ? a[-i] : 1, bn = i <= b.rank() ? b[-i] : 1;
      if (n == 1) continue;
      const Index sa = an == 1 ? 0 : a_stride, sb = bn == 1 ? 0 : b_stride;
      a_stride *= an, b_stride *= bn;
      const Index p = rank - 1;
      const bool joins = p >= 0 && sa == a_step[p] * extent[p] && sb == b_step[p] * extent[p];
      if (joins) {
        extent[p] *= n;
      } else {
        extent[rank] = n, a_step[rank] = sa, b_step[rank] = sb;
        ++rank;
      }
    }
    if (rank == 0) extent[rank++] = 1;
  }

  /// Calls f(row, a offset, b offset) for each innermost run in [begin, end).
  template <class F>
  void each_row(Index begin, Index end, F&& f) const {
    for (Index row = begin; row < end; ++row) {
      Index rest = row, a = 0, b = 0;
      for (Index d = 1; d < rank; ++d) {
        const Index i = rest % extent[d];
        rest /= extent[d];
        a += i * a_step[d], b += i * b_step[d];
      }
      f(row, a, b);
    }
  }
};

/// A kernel with its formula's settings, its type erased: what walks over tensors is compiled once, not for
/// each formula.
template <class T>
struct ErasedUnary {
  const void* f;
  void (*run)(const void* f, const T* x, T* y, Index n);
};
template <class T>
struct ErasedBinary {
  const void* f;
  void (*run)(const void* f, const T* a, Index a_step, const T* b, Index b_step, T* y, Index n);
};

template <class T>
Tensor<T> map_erased(ErasedBinary<T> f, const Tensor<T>& a, const Tensor<T>& b, std::string_view name) {
  Tensor<T> y(broadcast(a.shape(), b.shape(), name));
  const T *pa = a.data(), *pb = b.data();
  T* py = y.mutable_data();
  const Index n = y.size();
  if (n == 0) return y;
  const BroadcastLoops loops(y.shape(), a.shape(), b.shape());
  const Index inner = loops.extent[0], sa = loops.a_step[0], sb = loops.b_step[0];
  if (loops.rank == 1) {
    parallel_for(n, elementwise_grain, [&](Index begin, Index end) {
      f.run(f.f, pa + begin * sa, sa, pb + begin * sb, sb, py + begin, end - begin);
    });
  } else {
    parallel_for(n / inner, elementwise_grain / inner + 1, [&](Index begin, Index end) {
      loops.each_row(begin, end, [&](Index row, Index ia, Index ib) {
        f.run(f.f, pa + ia, sa, pb + ib, sb, py + row * inner, inner);
      });
    });
  }
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

/// y = f(a, b) with broadcasting, not recorded.
template <class Op, class T>
Tensor<T> map(Op f, const Tensor<T>& a, const Tensor<T>& b, std::string_view name) {
  return map_erased<T>(
      {&f, [](const void* op, const T* pa, Index sa, const T* pb, Index sb, T* y,
              Index n) { kernels::binary(*static_cast<const Op*>(op), pa, sa, pb, sb, y, n); }},
      a, b, name);
}

/// y = f(x), not recorded.
template <class Op, class T>
Tensor<T> map(Op f, const Tensor<T>& x) {
  return map_erased<T>({&f, [](const void* op, const T* in, T* y,
                               Index n) { kernels::unary(*static_cast<const Op*>(op), in, y, n); }},
                       x);
}

/// y = f(x) for functions without a kernel, one value at a time; To is float, double or a mask's type.
template <class To, class T, class F>
Tensor<To> transform(const Tensor<T>& x, F f) {
  Tensor<To> y(x.shape());
  const T* px = x.data();
  To* py = y.mutable_data();
  parallel_for(x.size(), elementwise_grain, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) py[i] = static_cast<To>(f(px[i]));
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
    const A* pa = a.data() + ia;
    const B* pb = b.data() + ib;
    for (Index i = 0; i < inner; ++i) py[row * inner + i] = static_cast<To>(f(pa[i * sa], pb[i * sb]));
  });
  return y;
}

}  // namespace figment::detail

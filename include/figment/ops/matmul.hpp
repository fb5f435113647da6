// Matrix products.
#pragma once

#include "figment/ops/activation.hpp"
#include "figment/ops/shape.hpp"

namespace figment {

/// Which operands of a product are transposed; their memory stays as it is.
struct Transpose {
  bool a = false, b = false;  ///< the first, the second operand
};

namespace detail {

/// Calls f(begin, end, scratch) over [0, n) in at most num_threads() parts of at least `grain`, each with
/// scratch for products no larger than `largest`. The caller takes all of it: blocks taken by the threads
/// themselves would be as many as happen to meet, and now and then one more than ever before, from the heap.
template <class T, class F>
void parallel_products(Index n, Index grain, const kernels::MatmulArgs<T>& largest, F&& f) {
  const Index parts = std::clamp<Index>(n / grain, 1, num_threads());
  const Index room = (kernels::matmul_scratch(largest) + 15) / 16 * 16;  // whole cache lines
  Tensor<T> scratch(Shape{parts * room});
  T* const data = scratch.mutable_data();
  parallel_for(parts, 1, [&](Index first, Index last) {
    for (Index p = first; p < last; ++p) f(n * p / parts, n * (p + 1) / parts, data + p * room);
  });
}

/// c = act(a b + bias), split over threads by rows or columns of c, whichever are more.
template <class T>
void run_matmul(const kernels::MatmulArgs<T>& args) {
  // About a hundred microseconds of one core: less is not worth waking another.
  constexpr double work_a_thread = 2e6;
  const double work = static_cast<double>(args.m) * static_cast<double>(args.n) * static_cast<double>(args.k);
  const bool by_rows = args.m > args.n;
  const Index extent = by_rows ? args.m : args.n;
  // Whole tiles for each thread. The last takes what is over too: so few columns by themselves would be
  // computed another way, and the result must not show how many threads there are.
  const Index block = 16, blocks = std::max<Index>(1, extent / block);
  const Index grain =
      static_cast<Index>(work_a_thread / (std::max)(work, 1.0) * static_cast<double>(blocks)) + 1;
  parallel_products(blocks, grain, args, [&](Index begin, Index end, T* scratch) {
    kernels::MatmulArgs<T> part = args;
    const Index from = begin * block, to = end == blocks ? extent : end * block;
    if (by_rows) {
      part.m = to - from;
      part.a += from * args.a_row;
      part.c += from * args.c_row;
    } else {
      part.n = to - from;
      part.b += from * args.b_col;
      part.c += from;
      if (part.bias) part.bias += from;
    }
    part.scratch = scratch;
    kernels::matmul(part);
  });
}

template <class T>
kernels::MatmulArgs<T> matmul_args(const Tensor<T>& a, const Tensor<T>& b, Tensor<T>& c, Transpose t) {
  kernels::MatmulArgs<T> args{};
  args.m = c.dim(0), args.n = c.dim(1), args.k = a.dim(t.a ? 0 : 1);
  args.a = a.data(), args.a_row = t.a ? 1 : a.dim(1), args.a_col = t.a ? a.dim(1) : 1;
  args.b = b.data(), args.b_row = t.b ? 1 : b.dim(1), args.b_col = t.b ? b.dim(1) : 1;
  args.c = c.mutable_data(), args.c_row = args.n;
  return args;
}

}  // namespace detail

/// a b for matrices: (m, k) and (k, n) to (m, n), either operand transposed if asked.
/// da = dy b^T, db = a^T dy.
template <detail::Real T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b, Transpose t = {}) {
  ensure(a.rank() == 2 && b.rank() == 2 && a.dim(t.a ? 0 : 1) == b.dim(t.b ? 1 : 0),
         "matmul: {}{} and {}{} do not multiply", a.shape(), t.a ? "^T" : "", b.shape(), t.b ? "^T" : "");
  Tensor<T> c(Shape{a.dim(t.a ? 1 : 0), b.dim(t.b ? 0 : 1)});
  detail::run_matmul(detail::matmul_args(a, b, c, t));
  return record(
      "matmul", {a, b}, std::move(c),
      [t](auto& s, auto& dy, auto& dx) {
        dx(0, [&] { return t.a ? matmul(s.in(1), dy, {t.b, true}) : matmul(dy, s.in(1), {false, !t.b}); });
        dx(1, [&] { return t.b ? matmul(dy, s.in(0), {true, t.a}) : matmul(s.in(0), dy, {!t.a, false}); });
      },
      Keep::inputs);
}

/// Of two types there is none, which this says in one line.
template <detail::Real A, detail::OtherThan<A> B>
auto matmul(const Tensor<A>& a, const Tensor<B>&, Transpose = {}) {
  detail::one_real_type<A, B>();
  return a;
}

using kernels::Activation;

namespace detail {

/// dz from dy for y = act(z), by the saved y alone.
template <class T>
Tensor<T> activation_gradient(Activation activation, double slope, const Tensor<T>& dy, const Saved<T>& s) {
  switch (activation) {
    case Activation::relu:
      return relu_gradient(dy, s.constant_out());
    case Activation::leaky_relu:
      return leaky_relu_gradient(dy, s.constant_out(), slope);
    case Activation::sigmoid:
      return sigmoid_gradient(dy, s.out());
    case Activation::tanh:
      return tanh_gradient(dy, s.out());
    default:
      return dy;
  }
}

}  // namespace detail

/// act(x w + bias) in one pass along the last axis of x: x (…, in), w (in, out), bias (out,) or undefined, to
/// (…, out); of one sample or a batch (N, in) as of rows in images. `slope` is leaky_relu's.
template <detail::Real T>
Tensor<T> linear(const Tensor<T>& x, const Tensor<T>& w, const Tensor<T>& bias,
                 Activation activation = Activation::none, double slope = 0.3) {
  ensure(w.rank() == 2, "linear: expected a weight (in, out), found {}", w.shape());
  ensure(x.rank() >= 1, "linear: expected x (…, {}), found a scalar", w.dim(0));
  ensure(x.dim(-1) == w.dim(0), "linear: x {} needs {} features{} (weight {})", x.shape(), w.dim(0),
         x.rank() == 2 ? "" : " in its last axis", w.shape());
  if (x.rank() != 2) {  // a matrix of rows, without a copy
    const Index rows = Shape(std::span(x.shape().begin(), x.shape().end() - 1)).size();
    return reshape(linear(reshape(x, Shape{rows, w.dim(0)}), w, bias, activation, slope),
                   detail::with_extent(x.shape(), x.rank() - 1, w.dim(1)));
  }
  ensure(!bias.defined() || bias.shape() == Shape{w.dim(1)}, "linear: bias {} for weight {}", bias.shape(),
         w.shape());
  ensure(activation != Activation::leaky_relu || slope > 0, "linear: expected a positive slope, found {}",
         slope);
  Tensor<T> y(Shape{x.dim(0), w.dim(1)});
  auto args = detail::matmul_args(x, w, y, {});
  args.bias = bias.defined() ? bias.data() : nullptr;
  args.activation = activation, args.slope = slope;
  detail::run_matmul(args);
  return record("linear", {x, w, bias}, std::move(y), [activation, slope](auto& s, auto& dy, auto& dx) {
    const auto dz = detail::activation_gradient(activation, slope, dy, s);
    dx(0, [&] { return matmul(dz, s.in(1), {.b = true}); });
    dx(1, [&] { return matmul(s.in(0), dz, {.a = true}); });
    dx(2, [&] { return dz; });  // summed over the batch by the engine
  });
}

}  // namespace figment

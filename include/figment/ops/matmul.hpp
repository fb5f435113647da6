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

/// About a hundred microseconds of one core: less is not worth waking another.
inline constexpr double work_a_thread = 2e6;

/// c = act(a b + bias), split over threads by rows or columns of c, whichever are more.
template <class T>
void run_matmul(const kernels::MatmulArgs<T>& args) {
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
  args.m = c.dim(-2), args.n = c.dim(-1), args.k = a.dim(t.a ? -2 : -1);
  args.a = a.data(), args.a_row = t.a ? 1 : a.dim(-1), args.a_col = t.a ? a.dim(-1) : 1;
  args.b = b.data(), args.b_row = t.b ? 1 : b.dim(-1), args.b_col = t.b ? b.dim(-1) : 1;
  args.c = c.mutable_data(), args.c_row = args.n;
  return args;
}

/// The extents before a matrix's own.
[[gnu::noinline]] inline Shape batch_of(const Shape& shape) {
  return Shape(std::span(shape.begin(), shape.end() - 2));
}

/// The product of two matrices whose shapes fit. Apart from matmul: layers need no batches of matrices.
template <class T>
Tensor<T> matrix_product(const Tensor<T>& a, const Tensor<T>& b, Transpose t) {
  Tensor<T> c(Shape{a.dim(t.a ? 1 : 0), b.dim(t.b ? 0 : 1)});
  run_matmul(matmul_args(a, b, c, t));
  return record(
      "matmul", {a, b}, std::move(c),
      [t](auto& s, auto& dy, auto& dx) {
        dx(0, [&] {
          return t.a ? matrix_product(s.in(1), dy, {t.b, true}) : matrix_product(dy, s.in(1), {false, !t.b});
        });
        dx(1, [&] {
          return t.b ? matrix_product(dy, s.in(0), {true, t.a}) : matrix_product(s.in(0), dy, {!t.a, false});
        });
      },
      Keep::inputs);
}

/// The shape (batch…, rows, columns).
[[gnu::noinline]] inline Shape batched(Shape batch, Index rows, Index columns) {
  batch.push_back(rows), batch.push_back(columns);
  return batch;
}

/// The product's shape. Throws unless a and b multiply: in a batch extents that differ are 1.
[[gnu::noinline]] inline Shape product_shape(const Shape& a, const Shape& b, Transpose t) {
  ensure(a.rank() >= 2 && b.rank() >= 2 && a[t.a ? -2 : -1] == b[t.b ? -1 : -2],
         "matmul: {}{} and {}{} do not multiply", a, t.a ? "^T" : "", b, t.b ? "^T" : "");
  const Index m = a[t.a ? -1 : -2], n = b[t.b ? -2 : -1];
  if (a.rank() == 2 && b.rank() == 2) return Shape{m, n};
  for (Index i = -(std::min)(a.rank(), b.rank()); i < -2; ++i)
    ensure(a[i] == b[i] || a[i] == 1 || b[i] == 1,
           "matmul: {} and {} do not multiply: their batches {} and {} do not broadcast", a, b, batch_of(a),
           batch_of(b));
  return batched(broadcast(batch_of(a), batch_of(b), "matmul"), m, n);
}

/// Each matrix of c. Many are shared out among the threads; of few, each is.
template <class T>
void run_matmuls(const Tensor<T>& a, const Tensor<T>& b, Tensor<T>& c, Transpose t) {
  if (c.size() == 0) return;
  const kernels::MatmulArgs<T> first = matmul_args(a, b, c, t);
  const BroadcastLoops loops(batch_of(c.shape()), batch_of(a.shape()), batch_of(b.shape()));
  const Index count = batch_of(c.shape()).size(), a_size = a.dim(-2) * a.dim(-1),
              b_size = b.dim(-2) * b.dim(-1);
  const auto each = [&](Index begin, Index end, T* scratch) {
    for (Index i = begin; i < end; ++i) {
      kernels::MatmulArgs<T> args = first;
      args.c += i * args.m * args.n;
      Index rest = i;
      for (Index d = 0; d < loops.rank; rest /= loops.extent[d++]) {
        args.a += rest % loops.extent[d] * loops.a_step[d] * a_size;
        args.b += rest % loops.extent[d] * loops.b_step[d] * b_size;
      }
      args.scratch = scratch;
      if (scratch)
        kernels::matmul(args);
      else
        run_matmul(args);
    }
  };
  if (count < num_threads()) {
    each(0, count, nullptr);
    return;
  }
  const double work =
      static_cast<double>(first.m) * static_cast<double>(first.n) * static_cast<double>(first.k);
  parallel_products(count, static_cast<Index>(work_a_thread / (std::max)(work, 1.0)) + 1, first, each);
}

/// x (batch…, rows, columns) as the matrix (rows, batch… columns), the matrices beside each other.
template <class T>
Tensor<T> beside(const Tensor<T>& x) {
  Shape order{x.rank() - 2};
  for (Index i = 0; i < x.rank(); ++i)
    if (i != x.rank() - 2) order.push_back(i);
  return reshape(permute(x, order), Shape{x.dim(-2), batch_of(x.shape()).size() * x.dim(-1)});
}

/// The same as the matrix (batch… rows, columns), one below the other, without a copy.
template <class T>
Tensor<T> stacked(const Tensor<T>& x) {
  return reshape(x, Shape{batch_of(x.shape()).size() * x.dim(-2), x.dim(-1)});
}

}  // namespace detail

/// a b for matrices: (…, m, k) and (…, k, n) to (…, m, n), either operand's last two dimensions exchanged if
/// asked. The leading ones, if any, broadcast. da = dy b^T, db = a^T dy.
template <detail::Real T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b, Transpose t = {}) {
  const Shape shape = detail::product_shape(a.shape(), b.shape(), t);
  if (shape.rank() == 2) return detail::matrix_product(a, b, t);
  const bool one_a = a.rank() == 2 || detail::batch_of(a.shape()).size() == 1,
             one_b = b.rank() == 2 || detail::batch_of(b.shape()).size() == 1;
  if (one_b && !t.a)  // one product of all rows
    return reshape(matmul(detail::stacked(a), detail::stacked(b), t), shape);
  Tensor<T> c(shape);
  detail::run_matmuls(a, b, c, t);
  return record(
      "matmul", {a, b}, std::move(c),
      [t, one_a, one_b](auto& s, auto& dy, auto& dx) {
        // Of one matrix for all, the gradient is one product too: a sum over the batch within it.
        dx(0, [&] {
          if (one_a) {
            const auto d = matmul(detail::beside(dy),
                                  t.b ? detail::stacked(s.in(1)) : detail::beside(s.in(1)), {false, !t.b});
            return reshape(t.a ? transpose(d) : d, s.in_shape(0));
          }
          return t.a ? matmul(s.in(1), dy, {t.b, true}) : matmul(dy, s.in(1), {false, !t.b});
        });
        dx(1, [&] {
          if (one_b) {  // t.a, or there would be no batch
            const auto d = matmul(detail::beside(s.in(0)), detail::stacked(dy));
            return reshape(t.b ? transpose(d) : d, s.in_shape(1));
          }
          return t.b ? matmul(dy, s.in(0), {true, t.a}) : matmul(s.in(0), dy, {!t.a, false});
        });
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
    dx(0, [&] { return detail::matrix_product(dz, s.in(1), {.b = true}); });
    dx(1, [&] { return detail::matrix_product(s.in(0), dz, {.a = true}); });
    dx(2, [&] { return dz; });  // summed over the batch by the engine
  });
}

}  // namespace figment

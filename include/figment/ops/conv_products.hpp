// The three products of a convolution, as sums of matrix products over strided memory: no copy of the image's
// windows is made, and no product with a zero of the padding is taken. Not recorded.
//
// For one output position the taps inside the image are the same for every sample, and along a row of the
// window both the image's values and the weights are contiguous. So one position of all samples is a matrix
// product with a row for each sample, a segment for each row of the window, and (taps x channels) deep.
#pragma once

#include "figment/ops/conv_geometry.hpp"
#include "figment/ops/matmul.hpp"

namespace figment {

namespace detail {

/// The number of positions a thread should have at least, if each takes `work` multiply-adds.
inline Index positions_a_thread(Index work) { return Index{1'000'000} / std::max<Index>(work, 1) + 1; }

/// Several positions of one row at once, or all samples of one position: whichever makes longer columns.
inline bool rows_are_samples(const ConvGeometry& g) {
  return g.batch >= std::min<Index>(g.columns.output, 16);
}

/// y = act(x * w + bias).
template <class T>
void conv_forward(const ConvGeometry& g, const T* x, const T* w, T* y, const T* bias, Activation activation,
                  double slope) {
  const ConvAxis &h = g.rows, &v = g.columns;
  const Index in = g.in / g.groups, out = g.out / g.groups;
  const Index x_row = v.input * g.in, x_image = h.input * x_row, y_row = v.output * g.out,
              y_image = h.output * y_row;
  const bool samples = rows_are_samples(g), joined = v.dilation == 1 && g.groups == 1;
  const Index lines = samples ? h.output * v.output : g.batch * h.output;
  const Index work = (samples ? g.batch : v.output) * h.window * v.window * in * g.out;
  kernels::MatmulArgs<T> largest{};
  largest.m = samples ? g.batch : v.output, largest.n = out, largest.k = joined ? v.window * in : in;
  largest.segments = h.window, largest.a_col = 1;
  parallel_products(lines, positions_a_thread(work), largest, [&](Index begin, Index end, T* scratch) {
    for (Index line = begin; line < end; ++line) {
      const Index r = samples ? line / v.output : line % h.output, image = samples ? 0 : line / h.output;
      const Index first_row = h.first_tap(r), rows = h.last_tap(r) - first_row;
      // Neighbouring positions with the same taps are done together if rows of the product are positions.
      for (Index c = samples ? line % v.output : 0, next; c < v.output; c = samples ? v.output : next) {
        const Index first = v.first_tap(c), last = v.last_tap(c);
        next = c + 1;
        while (!samples && next < v.output && v.first_tap(next) == first && v.last_tap(next) == last) ++next;
        kernels::MatmulArgs<T> args{};
        args.scratch = scratch;
        args.m = samples ? g.batch : next - c, args.n = out;
        args.a_row = samples ? x_image : v.stride * g.in, args.a_col = 1;
        args.b_row = g.out, args.b_col = 1;
        args.c_row = samples ? y_image : g.out;
        args.segments = rows, args.a_segment = h.dilation * x_row, args.b_segment = v.window * in * g.out;
        for (Index group = 0; group < g.groups; ++group) {
          const Index step = joined ? std::max<Index>(1, last - first) : 1;
          for (Index tap = first; tap == first || tap < last; tap += step) {
            const bool none = rows == 0 || first == last, closing = tap + step >= last;
            args.k = none ? 0 : step * in;
            args.a = x + image * x_image + (none ? 0 : h.at(r, first_row) * x_row + v.at(c, tap) * g.in) +
                     group * in;
            args.b = w + (first_row * v.window + tap) * in * g.out + group * out;
            args.c = y + image * y_image + r * y_row + c * g.out + group * out;
            args.accumulate = tap > first;
            args.bias = bias && closing ? bias + group * out : nullptr;
            args.activation = closing ? activation : Activation::none, args.slope = slope;
            kernels::matmul(args);
          }
        }
      }
    }
  });
}

/// The weights as conv_input_gradient reads them: (kh, kw', groups, out / groups, in / groups), where taps of
/// one remainder by the stride are neighbours, from the last to the first.
template <class T>
Tensor<T> flipped_weights(const ConvGeometry& g, const T* w) {
  const Index in = g.in / g.groups, out = g.out / g.groups, s = g.columns.stride, taps = g.columns.window;
  Tensor<T> flipped(Shape{g.rows.window, taps, g.groups, out, in});
  T* to = flipped.mutable_data();
  for (Index kh = 0; kh < g.rows.window; ++kh)
    for (Index r = 0; r < std::min(s, taps); ++r)
      for (Index kw = r + (taps - 1 - r) / s * s; kw >= 0; kw -= s)
        for (Index group = 0; group < g.groups; ++group)
          for (Index o = 0; o < out; ++o)
            for (Index i = 0; i < in; ++i) *to++ = w[((kh * taps + kw) * in + i) * g.out + group * out + o];
  return flipped;
}

/// One input position's taps along an axis: tap first + j * stride reads output position - j, for j < count.
struct ReachingTaps {
  Index first, output, count, of_remainder,
      before;  // …, taps with the same remainder, taps of smaller remainders

  ReachingTaps(const ConvAxis& a, Index i) {
    const Index shifted = i + a.pad, remainder = shifted % a.stride;
    of_remainder = remainder < a.window ? (a.window - 1 - remainder) / a.stride + 1 : 0;
    before = 0;
    for (Index r = 0; r < std::min(remainder, a.window); ++r) before += (a.window - 1 - r) / a.stride + 1;
    output = shifted / a.stride;
    const Index skip = std::max<Index>(0, output - (a.output - 1));
    first = remainder + skip * a.stride, output -= skip;
    count = std::max<Index>(0, std::min(of_remainder - skip, output + 1));
  }
};

/// dx from dy: the adjoint of the convolution by x, and the forward pass of the transposed one.
template <class T>
void conv_input_gradient(const ConvGeometry& g, const T* dy, const T* w, T* dx, const T* bias = nullptr,
                         Activation activation = Activation::none, double slope = 0) {
  const ConvAxis &h = g.rows, &v = g.columns;
  const Index in = g.in / g.groups, out = g.out / g.groups;
  const Index x_row = v.input * g.in, x_image = h.input * x_row, y_row = v.output * g.out,
              y_image = h.output * y_row;
  const Tensor<T> flipped = flipped_weights(g, w);
  const Index tap_size = g.groups * out * in, flipped_row = v.window * tap_size;
  const bool joined = h.dilation == 1 && v.dilation == 1 && g.groups == 1;
  const Index work = g.batch * h.window * v.window * in * g.out / (h.stride * v.stride);
  kernels::MatmulArgs<T> largest{};
  largest.m = g.batch, largest.n = in, largest.k = joined ? v.window * out : out;
  largest.segments = h.window, largest.a_col = 1;
  parallel_products(
      h.input * v.input, positions_a_thread(work), largest, [&](Index begin, Index end, T* scratch) {
        for (Index position = begin; position < end; ++position) {
          const Index r = position / v.input, c = position % v.input;
          kernels::MatmulArgs<T> args{};
          args.scratch = scratch;
          args.m = g.batch, args.n = in;
          args.a_row = y_image, args.a_col = 1, args.b_row = in, args.b_col = 1, args.c_row = x_image;
          for (Index group = 0; group < g.groups; ++group) {
            args.c = dx + r * x_row + c * g.in + group * in;
            args.accumulate = false, args.k = 0, args.segments = 0;
            args.bias = nullptr, args.activation = Activation::none;  // the last product's alone
            if (joined) {
              const ReachingTaps rows(h, r), columns(v, c);
              // j falls as the output's position rises: the last of the taps comes first in both.
              const Index place =
                  columns.before + columns.of_remainder - (columns.first / v.stride + columns.count);
              args.k = columns.count * out, args.segments = columns.count > 0 ? rows.count : 0;
              args.a = dy + rows.output * y_row + (columns.output - columns.count + 1) * g.out;
              args.a_segment = -y_row;
              args.b = flipped.data() + rows.first * flipped_row + place * tap_size;
              args.b_segment = h.stride * flipped_row;
            } else {
              for (Index kh = 0; kh < h.window; ++kh)
                for (Index kw = 0; kw < v.window; ++kw) {
                  const Index row = r + h.pad - kh * h.dilation, column = c + v.pad - kw * v.dilation;
                  if (row < 0 || row % h.stride || row / h.stride >= h.output) continue;
                  if (column < 0 || column % v.stride || column / v.stride >= v.output) continue;
                  if (args.segments) {  // the tap before this one
                    kernels::matmul(args);
                    args.accumulate = true;
                  }
                  const Index remainder = kw % v.stride;
                  Index place = (v.window - 1 - remainder) / v.stride - kw / v.stride;
                  for (Index s = 0; s < remainder; ++s) place += (v.window - 1 - s) / v.stride + 1;
                  args.k = out, args.segments = 1;
                  args.a = dy + row / h.stride * y_row + column / v.stride * g.out + group * out;
                  args.b = flipped.data() + kh * flipped_row + place * tap_size + group * out * in;
                }
            }
            args.bias = bias ? bias + group * in : nullptr;
            args.activation = activation, args.slope = slope;
            kernels::matmul(args);
          }
        }
      });
}

/// dw from x and dy. Threads have rows (kh, kw, in) of it; each element's sum runs over positions in order.
template <class T>
void conv_weight_gradient(const ConvGeometry& g, const T* x, const T* dy, T* dw) {
  const ConvAxis &h = g.rows, &v = g.columns;
  const Index in = g.in / g.groups, out = g.out / g.groups;
  const Index x_row = v.input * g.in, x_image = h.input * x_row, y_row = v.output * g.out,
              y_image = h.output * y_row;
  const Index all = h.window * v.window * in;
  const bool joined = v.dilation == 1 && g.groups == 1;
  std::fill_n(dw, all * g.out, T(0));
  kernels::MatmulArgs<T> largest{};
  largest.m = all, largest.n = out, largest.k = g.batch, largest.a_col = x_image;
  const Index grain = positions_a_thread(g.batch * h.output * v.output * g.out);
  parallel_products(all, grain, largest, [&](Index begin, Index end, T* scratch) {
    kernels::MatmulArgs<T> args{};
    args.scratch = scratch;
    args.n = out, args.k = g.batch;
    args.a_row = 1, args.a_col = x_image, args.b_row = y_image, args.b_col = 1, args.c_row = g.out;
    args.accumulate = true;
    for (Index r = 0; r < h.output; ++r)
      for (Index c = 0; c < v.output; ++c)
        for (Index kh = h.first_tap(r); kh < h.last_tap(r); ++kh) {
          const Index first = v.first_tap(c), last = v.last_tap(c), step = joined ? last - first : 1;
          for (Index kw = first; kw < last; kw += step) {
            // This thread's part of the taps' rows.
            const Index from = std::max(begin, (kh * v.window + kw) * in);
            const Index to = std::min(end, (kh * v.window + kw + step) * in);
            if (from >= to) continue;
            const Index inside = from - (kh * v.window + kw) * in;
            args.m = to - from;
            for (Index group = 0; group < g.groups; ++group) {
              args.a = x + h.at(r, kh) * x_row + v.at(c, kw) * g.in + group * in + inside;
              args.b = dy + r * y_row + c * g.out + group * out;
              args.c = dw + from * g.out + group * out;
              kernels::matmul(args);
            }
          }
        }
  });
}

}  // namespace detail

}  // namespace figment

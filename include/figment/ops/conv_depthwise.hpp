// Convolutions of each channel by itself, forward, backward to the input and to the weights. Not recorded.
#pragma once

#include "figment/core/map.hpp"
#include "figment/ops/conv_reach.hpp"
#include "figment/ops/matmul.hpp"

namespace figment::detail {

/// As many groups as channels, in and out: a product of channels would be of one number by one.
inline bool depthwise(const ConvGeometry& g) { return g.groups > 1 && g.groups == g.in && g.in == g.out; }

/// result = act(source * w + bias), or of the adjoint. Rows of results are split over threads.
template <class T>
void depthwise_product(const ConvGeometry& g, bool backward, const T* source, const T* w, T* result,
                       const T* bias, Activation activation, double slope) {
  const ReachAxis rows(g.rows, backward), columns(g.columns, backward);
  RecycledVector<kernels::TapRun> runs;
  for (Index o = 0; o < columns.results; ++o) {
    const Reach r = columns(o);
    runs.push_back({r.tap, r.count, r.source});
  }
  const Index channels = g.in, taps = columns.window * channels;
  const Index line = columns.results * channels, source_line = columns.sources * channels;
  const Index work = line * rows.window * columns.window;
  parallel_for(g.batch * rows.results, Index{200'000} / std::max<Index>(work, 1) + 1,
               [&](Index begin, Index end) {
                 for (Index i = begin; i < end; ++i) {
                   const Reach r = rows(i % rows.results);
                   kernels::DepthwiseRow<T> row{};
                   row.x = source + (i / rows.results * rows.sources + r.source) * source_line;
                   row.w = w + r.tap * taps, row.bias = bias;
                   row.rows = r.count;
                   row.x_row = rows.source_step * source_line, row.w_row = rows.tap_step * taps;
                   row.columns = runs.data(), row.results = columns.results, row.channels = channels;
                   row.x_step = columns.source_step * channels, row.w_step = columns.tap_step * channels;
                   row.period = backward ? g.columns.stride : 1;
                   row.y = result + i * line;
                   kernels::depthwise(row);
                   kernels::apply_activation(activation, slope, row.y, line);
                 }
               });
}

/// dw from x and dy: each of some runs of images by itself, then these sums in their order, which does not
/// depend on the threads.
template <class T>
void depthwise_weight_gradient(const ConvGeometry& g, const T* x, const T* dy, T* dw) {
  const ConvAxis &rows = g.rows, &columns = g.columns;
  const Index channels = g.in, taps = columns.window * channels, all = rows.window * taps;
  RecycledVector<kernels::TapRun> runs;  // by tap: the outputs that have it, and what the first of them reads
  for (Index k = 0; k < columns.window; ++k) {
    Index first = 0, last = columns.output;
    while (first < last && columns.at(first, k) < 0) ++first;
    while (last > first && columns.at(last - 1, k) >= columns.input) --last;
    runs.push_back({first, last - first, first < last ? columns.at(first, k) : 0});
  }
  const Index chunks = std::clamp<Index>(g.batch, 1, 16);
  Tensor<T> parts = Tensor<T>::zeros({chunks, all});
  T* const sums = parts.mutable_data();
  parallel_for(chunks, 1, [&](Index begin, Index end) {
    for (Index chunk = begin; chunk < end; ++chunk)
      for (Index n = g.batch * chunk / chunks; n < g.batch * (chunk + 1) / chunks; ++n)
        for (Index o = 0; o < rows.output; ++o)
          for (Index k = rows.first_tap(o); k < rows.last_tap(o); ++k) {
            kernels::DepthwiseSums<T> row{};
            row.x = x + (n * rows.input + rows.at(o, k)) * columns.input * channels;
            row.dy = dy + (n * rows.output + o) * columns.output * channels;
            row.columns = runs.data(), row.taps = columns.window, row.channels = channels;
            row.stride = columns.stride;
            row.dw = sums + chunk * all + k * taps;
            kernels::depthwise_sums(row);
          }
  });
  std::copy_n(sums, all, dw);
  for (Index chunk = 1; chunk < chunks; ++chunk)
    kernels::binary(kernels::op::Add{}, dw, 1, sums + chunk * all, 1, dw, all);
}

}  // namespace figment::detail

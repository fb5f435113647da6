// Depthwise convolutions: the channels are the lanes. Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/window.inl"  // opened alone
#endif

// Results o, o + period, …, which take the same taps, at some vectors of channels from j on: weights are
// loaded once for all of them.
template <Index results, Index vectors, bool whole, class T>
FIGMENT_INLINE inline void depthwise_block(const DepthwiseRow<T>& p, Index o, Index j, Index n) noexcept {
  using V = Vec<T>;
  const TapRun run = p.columns[o];
  const T* x[results];
  V acc[results][vectors];
  FIGMENT_UNROLL for (Index i = 0; i < results; ++i) x[i] =
      p.x + p.columns[o + i * p.period].source * p.channels + j;
  FIGMENT_UNROLL for (Index v = 0; v < vectors; ++v) {
    const V start = p.bias ? load_channels<V, whole>(p.bias + j + v * V::width, n) : V(T(0));
    FIGMENT_UNROLL for (Index i = 0; i < results; ++i) acc[i][v] = start;
  }
  const T* const line = p.w + run.tap * p.channels + j;
  for (Index r = 0; r < p.rows; ++r) {
    const T* w = line + r * p.w_row;
    Index at = r * p.x_row;
    for (Index k = 0; k < run.count; ++k, w += p.w_step, at += p.x_step)
      FIGMENT_UNROLL for (Index v = 0; v < vectors; ++v) {
        const V weight = load_channels<V, whole>(w + v * V::width, n);
        FIGMENT_UNROLL for (Index i = 0; i < results; ++i) acc[i][v] =
            fma(load_channels<V, whole>(x[i] + at + v * V::width, n), weight, acc[i][v]);
      }
  }
  T* const y = p.y + o * p.channels + j;
  FIGMENT_UNROLL for (Index i = 0; i < results; ++i) FIGMENT_UNROLL for (Index v = 0; v < vectors; ++v)
      store_channels<whole>(acc[i][v], y + i * p.period * p.channels + v * V::width, n);
}

template <Index results, class T>
void depthwise_results(const DepthwiseRow<T>& p, Index o) noexcept {
  constexpr Index width = Vec<T>::width;
  Index j = 0;
  for (; j + 2 * width <= p.channels; j += 2 * width) depthwise_block<results, 2, true>(p, o, j, width);
  for (; j < p.channels; j += width)
    depthwise_block<results, 1, false>(p, o, j, p.channels - j < width ? p.channels - j : width);
}

template <class T>
void depthwise(const DepthwiseRow<T>& row) noexcept {
  const DepthwiseRow<T> p = row;
  const auto alike = [&p](Index a, Index b) {
    return p.columns[a].tap == p.columns[b].tap && p.columns[a].count == p.columns[b].count;
  };
  for (Index phase = 0; phase < p.period; ++phase)
    for (Index o = phase; o < p.results;) {
      const Index last = o + 3 * p.period;
      // Between two that take the same taps all do: borders are at the ends.
      if (last < p.results && alike(o, last)) {
        depthwise_results<4>(p, o);
        o += 4 * p.period;
      } else {
        depthwise_results<1>(p, o);
        o += p.period;
      }
    }
}

// Sums along positions, of some vectors of channels and in some parts, as additions wait for each other.
template <Index vectors, Index parts, bool whole, class T>
FIGMENT_INLINE inline void depthwise_sum(const T* x, const T* dy, Index count, Index x_step, Index channels,
                                         T* dw, Index n) noexcept {
  using V = Vec<T>;
  V acc[parts][vectors];
  FIGMENT_UNROLL for (Index i = 0; i < parts; ++i) FIGMENT_UNROLL for (Index v = 0; v < vectors; ++v)
      acc[i][v] = V(T(0));
  const auto add = [&](Index i) FIGMENT_INLINE {
    FIGMENT_UNROLL for (Index v = 0; v < vectors; ++v) acc[i][v] =
        fma(load_channels<V, whole>(x + v * V::width, n), load_channels<V, whole>(dy + v * V::width, n),
            acc[i][v]);
    x += x_step, dy += channels;
  };
  for (; count >= parts; count -= parts) FIGMENT_UNROLL for (Index i = 0; i < parts; ++i) add(i);
  for (; count > 0; --count) add(0);
  FIGMENT_UNROLL for (Index v = 0; v < vectors; ++v) {
    V sum = acc[0][v];
    FIGMENT_UNROLL for (Index i = 1; i < parts; ++i) sum = sum + acc[i][v];
    store_channels<whole>(load_channels<V, whole>(dw + v * V::width, n) + sum, dw + v * V::width, n);
  }
}

template <class T>
void depthwise_sums(const DepthwiseSums<T>& p) noexcept {
  constexpr Index width = Vec<T>::width;
  for (Index k = 0; k < p.taps; ++k) {
    const TapRun run = p.columns[k];
    const T *x = p.x + run.source * p.channels, *dy = p.dy + run.tap * p.channels;
    T* const dw = p.dw + k * p.channels;
    const Index step = p.stride * p.channels;
    Index j = 0;
    for (; j + 4 * width <= p.channels; j += 4 * width)
      depthwise_sum<4, 1, true>(x + j, dy + j, run.count, step, p.channels, dw + j, width);
    for (; j < p.channels; j += width)
      depthwise_sum<1, 4, false>(x + j, dy + j, run.count, step, p.channels, dw + j,
                                 p.channels - j < width ? p.channels - j : width);
  }
}

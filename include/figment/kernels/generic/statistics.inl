// Batch norm: sums over the rows of a matrix whose columns are channels, and what is made of them. Sums are
// over a chunk of rows small enough to stay in the cache. Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/softmax.inl"  // opened alone
#endif

// Narrow matrices are seen as wide ones, several rows side by side, or most lanes would be idle.
inline constexpr Index widest_group = 32;
inline Index rows_side_by_side(Index channels) noexcept {
  return channels <= widest_group / 2 ? widest_group / channels : 1;
}

/// A channel's parameter, repeated for each row of a group; without groups it is not copied.
template <class T>
struct Repeated {
  T values[widest_group];
  const T* p;

  Repeated(const T* x, Index channels, Index group) noexcept : p(group > 1 ? values : x) {
    for (Index j = 0; group > 1 && j < group * channels; ++j) values[j] = x[j % channels];
  }
  Repeated(const Repeated&) = delete;
  Repeated& operator=(const Repeated&) = delete;
};

/// Two sums over the rows of each of the columns from j on: f(element, column, lanes, a, b) adds to both. Of
/// some rows first, then of these sums: what a float has of hundreds would lose the same of each that is
/// added.
template <int vectors, class T, class F>
void sum_columns_block(const F& f, Index rows, Index columns, Index j, Index lanes, T* a, T* b) noexcept {
  using V = Vec<T>;
  constexpr Index stretch = 32;
  V sa[vectors], sb[vectors];
  for (int v = 0; v < vectors; ++v) sa[v] = sb[v] = V(T(0));
  for (Index i = 0; i < rows;) {
    V part_a[vectors], part_b[vectors];
    for (int v = 0; v < vectors; ++v) part_a[v] = part_b[v] = V(T(0));
    for (const Index end = rows - i < stretch ? rows : i + stretch; i < end; ++i)
      FIGMENT_UNROLL for (int v = 0; v < vectors; ++v) {
        const Index column = j + v * V::width;
        f(i * columns + column, column, lanes, part_a[v], part_b[v]);
      }
    for (int v = 0; v < vectors; ++v) sa[v] = sa[v] + part_a[v], sb[v] = sb[v] + part_b[v];
  }
  for (int v = 0; v < vectors; ++v) {
    store_lanes(sa[v], a + j + v * V::width, lanes);
    store_lanes(sb[v], b + j + v * V::width, lanes);
  }
}

/// The same for all columns and, of one row more, the first `tail`.
template <class T, class F>
void sum_columns(const F& f, Index rows, Index columns, Index tail, T* a, T* b) noexcept {
  using V = Vec<T>;
  Index j = 0;
  for (; j + 4 * V::width <= columns; j += 4 * V::width)
    sum_columns_block<4>(f, rows, columns, j, V::width, a, b);
  for (; j < columns; j += V::width)
    sum_columns_block<1>(f, rows, columns, j, columns - j < V::width ? columns - j : V::width, a, b);
  each_vector<T>(tail, [&](Index i, Index lanes) {
    V sa = load_lanes(a + i, lanes), sb = load_lanes(b + i, lanes);
    f(rows * columns + i, i, lanes, sa, sb);
    store_lanes(sa, a + i, lanes), store_lanes(sb, b + i, lanes);
  });
}

/// Two sums over the rows of each channel. Where only the second is wanted, a is b.
template <class T, class F>
void sum_channels(const F& f, Index rows, Index channels, T* a, T* b) noexcept {
  const Index group = rows_side_by_side(channels), columns = group * channels;
  if (group == 1) return sum_columns(f, rows, channels, 0, a, b);
  T wide_a[widest_group], wide_b[widest_group];
  sum_columns(f, rows / group, columns, rows % group * channels, wide_a, wide_b);
  for (Index c = 0; c < channels; ++c) {
    T sum_a = wide_a[c], sum_b = wide_b[c];
    for (Index j = c + channels; j < columns; j += channels) sum_a += wide_a[j], sum_b += wide_b[j];
    a[c] = sum_a, b[c] = sum_b;
  }
}

/// Of a chunk's channels the means, and the sums of squared distances from them: two passes, so that nothing
/// cancels. `drift` is the sum of the distances, 0 but for the mean's rounding, which the caller takes off
/// again.
template <class T>
void moments(const T* x, Index rows, Index channels, T* mean, T* drift, T* squares) noexcept {
  using V = Vec<T>;
  const auto add = [x](Index at, Index, Index lanes, V&, V& s)
                       FIGMENT_INLINE { s = s + load_lanes(x + at, lanes); };
  sum_channels(add, rows, channels, mean, mean);
  for (Index c = 0; c < channels; ++c) mean[c] /= static_cast<T>(rows);
  const Repeated<T> means(mean, channels, rows_side_by_side(channels));
  const auto add_square = [x, m = means.p](Index at, Index j, Index lanes, V& s, V& ss) FIGMENT_INLINE {
    const V d = load_lanes(x + at, lanes) - load_lanes(m + j, lanes);
    s = s + d;
    ss = fma(d, d, ss);
  };
  sum_channels(add_square, rows, channels, drift, squares);
}

/// NormArgs' parameters, for groups of rows.
template <class T>
struct NormParameters {
  Repeated<T> mean, scale, shift;
  NormParameters(const NormArgs<T>& p, Index group) noexcept
      : mean(p.mean, p.channels, group),
        scale(p.scale, p.channels, group),
        shift(p.shift, p.channels, group) {}
};

/// What a loop reads, by value: a store to y may change anything that is behind a reference.
template <class T>
struct Normaliser {
  const T *x, *mean, *scale, *shift;
  Activation activation;
  Vec<T> slope;
  Normaliser(const NormArgs<T>& p, const NormParameters<T>& channel) noexcept
      : x(p.x),
        mean(channel.mean.p),
        scale(channel.scale.p),
        shift(channel.shift.p),
        activation(p.activation),
        slope(static_cast<T>(p.slope)) {}

  Vec<T> distance(Index at, Index j, Index lanes) const noexcept {
    return load_lanes(x + at, lanes) - load_lanes(mean + j, lanes);
  }
  /// (x - mean) * scale + shift.
  Vec<T> value(Vec<T> d, Index j, Index lanes) const noexcept {
    return fma(d, load_lanes(scale + j, lanes), load_lanes(shift + j, lanes));
  }
  Vec<T> close(Vec<T> z) const noexcept {
    const Vec<T> zero(T(0));
    return activation == Activation::none   ? z
           : activation == Activation::relu ? (max)(z, zero)
                                            : select(z < zero, z * slope, z);
  }
  /// dz of dy, by the distance that z is made of.
  Vec<T> reopen(Vec<T> dy, Vec<T> d, Index j, Index lanes) const noexcept {
    if (activation == Activation::none) return dy;
    const Vec<T> zero(T(0)), below = activation == Activation::relu ? zero : dy * slope;
    return select(zero < value(d, j, lanes), dy, below);
  }
};

/// Calls f(position, column, lanes) for every element of the rows, in groups of rows side by side.
template <class T, class F>
void each_row_vector(Index rows, Index channels, F f) noexcept {
  const Index group = rows_side_by_side(channels), columns = group * channels;
  for (Index i = 0; i < rows; i += group) {
    const Index here = rows - i < group ? (rows - i) * channels : columns;
    each_vector<T>(here, [=](Index j, Index lanes) FIGMENT_INLINE { f(i * channels + j, j, lanes); });
  }
}

/// y = act((x - mean) * scale + shift).
template <class T>
void normalise(const NormArgs<T>& p, T* y) noexcept {
  const NormParameters<T> channel(p, rows_side_by_side(p.channels));
  const Normaliser<T> norm(p, channel);
  each_row_vector<T>(p.rows, p.channels, [=](Index at, Index j, Index lanes) FIGMENT_INLINE {
    store_lanes(norm.close(norm.value(norm.distance(at, j, lanes), j, lanes)), y + at, lanes);
  });
}

/// Of a chunk's channels the sums of dz, and of dz (x - mean), where z = (x - mean) * scale + shift.
template <class T>
void normalise_sums(const NormArgs<T>& p, const T* dy, T* sum_dz, T* sum_dz_x) noexcept {
  using V = Vec<T>;
  const NormParameters<T> channel(p, rows_side_by_side(p.channels));
  const Normaliser<T> norm(p, channel);
  const auto add = [=](Index at, Index j, Index lanes, V& s, V& sx) FIGMENT_INLINE {
    const V d = norm.distance(at, j, lanes), dz = norm.reopen(load_lanes(dy + at, lanes), d, j, lanes);
    s = s + dz;
    sx = fma(dz, d, sx);
  };
  sum_channels(add, p.rows, p.channels, sum_dz, sum_dz_x);
}

/// dx = scale * (dz - mean_dz - (x - mean) * along).
template <class T>
void normalise_gradient(const NormArgs<T>& p, const T* dy, const T* mean_dz, const T* along, T* dx) noexcept {
  using V = Vec<T>;
  const Index group = rows_side_by_side(p.channels);
  const NormParameters<T> channel(p, group);
  const Repeated<T> means(mean_dz, p.channels, group), slopes(along, p.channels, group);
  const Normaliser<T> norm(p, channel);
  each_row_vector<T>(
      p.rows, p.channels, [=, m = means.p, a = slopes.p](Index at, Index j, Index lanes) FIGMENT_INLINE {
        const V d = norm.distance(at, j, lanes), dz = norm.reopen(load_lanes(dy + at, lanes), d, j, lanes);
        const V rest = dz - load_lanes(m + j, lanes) - d * load_lanes(a + j, lanes);
        store_lanes(load_lanes(norm.scale + j, lanes) * rest, dx + at, lanes);
      });
}

// Products whose rows lie anywhere: convolutions, where a row is an image's position and a segment is one of
// the window's taps. Included inside an instruction set's namespace, after matmul.inl.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/matmul.inl"  // opened alone
#endif

/// How many columns a panel of b should have. Few are taken one by one, as dot products, if `dots` is true.
template <class T>
Index gather_width(Index n, bool dots) noexcept {
  constexpr Index width = Vec<T>::width;
  return dots && n <= width / 2 ? 1 : n <= width ? width : Tile<T>::columns;
}

template <class T>
void gather_pack(const PackArgs<T>& p) noexcept {
  for (Index j = 0; j < p.n; j += p.width) {
    const T* from = p.b + j * p.across;
    T* to = p.packed + j / p.width * p.panel;
    const Index n = smaller(p.n - j, p.width);
    if (p.width == 1)
      for (Index l = 0; l < p.k; ++l) to[l] = from[l * p.along];
    else if (p.across == 1)
      pack_panel(from, p.along, n, p.k, p.width, to);
    else if (p.along == 1 && p.width == Tile<T>::columns)
      pack_columns(from, p.across, n, p.k, p.width, to);
    else
      for (Index l = 0; l < p.k; ++l)
        for (Index i = 0; i < p.width; ++i) *to++ = i < n ? from[l * p.along + i * p.across] : T(0);
  }
}

// Some rows of c, in registers, times one panel of n columns.
template <Index rows, Index vecs, class T>
void gather_tile(const GatherArgs<T>& p, Index i0, const T* panel, T* c, Index n) noexcept {
  using V = Vec<T>;
  constexpr Index columns = vecs * V::width;
  const T* row[rows];
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) row[i] = p.a + p.a_rows[i0 + i];
  V acc[rows][vecs];
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < vecs; ++j) acc[i][j] =
      V(T(0));
  const Index along = p.a_along, k = p.k;
  for (Index s = 0; s < p.segments; ++s) {
    const T* b = panel + p.b_segments[s] * columns;
    Index at = p.a_segments[s];
    for (Index l = 0; l < k; ++l, at += along, b += columns) {
      V y[vecs];
      FIGMENT_UNROLL for (Index j = 0; j < vecs; ++j) y[j] = V::load(b + j * V::width);
      FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) {
        const V x(row[i][at]);
        FIGMENT_UNROLL for (Index j = 0; j < vecs; ++j) acc[i][j] = fma(x, y[j], acc[i][j]);
      }
    }
  }
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < vecs; ++j) {
    T* to = c + p.c_rows[i0 + i] + j * V::width;
    const Index lanes = n - j * V::width;
    if (lanes >= V::width)
      (p.accumulate ? acc[i][j] + V::load(to) : acc[i][j]).store(to);
    else if (lanes > 0)
      (p.accumulate ? acc[i][j] + V::load(to, lanes) : acc[i][j]).store(to, lanes);
  }
}

template <Index rows, Index vecs, class T>
void gather_tiles(const GatherArgs<T>& p) noexcept {
  constexpr Index columns = vecs * Vec<T>::width;
  // A block of rows stays in L2 while the panels go by.
  const Index block = 16 * rows;
  for (Index i0 = 0; i0 < p.m; i0 += block) {
    const Index end = smaller(p.m, i0 + block);
    const T* panel = p.b;
    for (Index j = 0; j < p.n; j += columns, panel += p.b_panel) {
      const Index n = smaller(p.n - j, columns);
      Index i = i0;
      for (; i + rows <= end; i += rows) gather_tile<rows, vecs>(p, i, panel, p.c + j, n);
      for (; i + 2 <= end; i += 2) gather_tile<2, vecs>(p, i, panel, p.c + j, n);
      if (i < end) gather_tile<1, vecs>(p, i, panel, p.c + j, n);
    }
  }
}

// Some rows of one column of c, summed along contiguous segments in vectors.
template <Index rows, class T>
void gather_column(const GatherArgs<T>& p, Index i0, const T* b, T* c) noexcept {
  using V = Vec<T>;
  const T* row[rows];
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) row[i] = p.a + p.a_rows[i0 + i];
  V acc[rows];
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) acc[i] = V(T(0));
  for (Index s = 0; s < p.segments; ++s) {
    const T* y = b + p.b_segments[s];
    const Index at = p.a_segments[s];
    Index l = 0;
    for (; l + V::width <= p.k; l += V::width)
      FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) acc[i] =
          fma(V::load(row[i] + at + l), V::load(y + l), acc[i]);
    if (l < p.k)
      FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) acc[i] =
          fma(V::load(row[i] + at + l, p.k - l), V::load(y + l, p.k - l), acc[i]);
  }
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) {
    T& to = c[p.c_rows[i0 + i]];
    to = (p.accumulate ? to : T(0)) + sum(acc[i]);
  }
}

template <class T>
void gather(const GatherArgs<T>& p) noexcept {
  if (p.width == Tile<T>::columns) return gather_tiles<Tile<T>::rows, Tile<T>::vecs>(p);
  if (p.width == Vec<T>::width) return gather_tiles<8, 1>(p);  // as many sums as hide an addition's latency
  Index i = 0;
  for (; i + 8 <= p.m; i += 8)
    for (Index j = 0; j < p.n; ++j) gather_column<8>(p, i, p.b + j * p.b_panel, p.c + j);
  for (; i < p.m; ++i)
    for (Index j = 0; j < p.n; ++j) gather_column<1>(p, i, p.b + j * p.b_panel, p.c + j);
}

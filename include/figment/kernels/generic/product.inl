// What products are made of, whatever their tile. Included inside an instruction set's namespace.

inline Index smaller(Index a, Index b) { return a < b ? a : b; }
inline Index round_up(Index n, Index multiple) { return (n + multiple - 1) / multiple * multiple; }

// Copies x (k x count, neighbours across one apart) into slices of `width`, each k deep and `slice` from the
// next, absent elements as 0.
template <Index width, class T>
void pack_rows(const T* x, Index along, Index count, Index k, Index slice, T* out) noexcept {
  for (Index l = 0; l < k; ++l, x += along, out += width) {
    Index i = 0;
    for (T* to = out; i + width <= count; i += width, to += slice)
      for (Index j = 0; j < width; ++j) to[j] = x[i + j];
    for (Index j = 0; i < count && j < width; ++j)
      out[i / width * slice + j] = i + j < count ? x[i + j] : T(0);
  }
}

// The same, one slice of a width that is whole vectors.
template <class T>
void pack_panel(const T* x, Index along, Index count, Index k, Index width, T* out) noexcept {
  using V = Vec<T>;
  for (Index l = 0; l < k; ++l, x += along)
    for (Index i = 0; i < width; i += V::width, out += V::width)
      (count - i >= V::width ? V::load(x + i) : count > i ? V::load(x + i, count - i) : V(T(0))).store(out);
}

// The same, one slice, for neighbours `across` apart and a unit step along k: squares are transposed in
// registers.
template <Index width, class T>
void pack_columns(const T* x, Index across, Index count, Index k, T* out) noexcept {
  using V = Vec<T>;
  for (Index i = 0; i < count; i += V::width) {
    T* to = out + i;
    const Index n = smaller(count - i, V::width);
    for (Index l = 0; l < k; l += V::width) {
      const Index depth = smaller(k - l, V::width);
      V square[V::width];
      for (Index j = 0; j < V::width; ++j)
        square[j] = j < n ? V::load(x + (i + j) * across + l, depth) : V(T(0));
      transpose(square);
      for (Index d = 0; d < depth; ++d) square[d].store(to + (l + d) * width);
    }
  }
}

// One column of c: a row's products with a contiguous column of b, summed along the depth in vectors.
template <Index rows, class T>
void column(const MatmulArgs<T>& p, const T* a, const T* b, T* c) noexcept {
  using V = Vec<T>;
  V acc[rows];
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) acc[i] = V(T(0));
  Index l = 0;
  for (; l + V::width <= p.k; l += V::width) {
    const V y = V::load(b + l);
    FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) acc[i] = fma(V::load(a + i * p.a_row + l), y, acc[i]);
  }
  if (l < p.k) {
    const V y = V::load(b + l, p.k - l);
    FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) acc[i] =
        fma(V::load(a + i * p.a_row + l, p.k - l), y, acc[i]);
  }
  for (Index i = 0; i < rows; ++i) c[i * p.c_row] = (p.accumulate ? c[i * p.c_row] : T(0)) + sum(acc[i]);
}

// So few columns that tiles would be nearly empty, and rows of a contiguous: column by column. The scratch
// that tiles would use has room for a column of b.
template <class T>
bool is_narrow(const MatmulArgs<T>& p) noexcept {
  constexpr Index columns = tile_vecs * Vec<T>::width;
  return p.n <= columns / 4 && p.a_col == 1 && p.k <= DepthBlocks::held * DepthBlocks::most;
}

template <class T>
void narrow_matmul(const MatmulArgs<T>& p) noexcept {
  for (Index j = 0; j < p.n; ++j) {
    for (Index l = 0; l < p.k; ++l) p.scratch[l] = p.b[l * p.b_row + j * p.b_col];
    Index i = 0;
    for (; i + 4 <= p.m; i += 4) column<4>(p, p.a + i * p.a_row, p.scratch, p.c + i * p.c_row + j);
    for (; i < p.m; ++i) column<1>(p, p.a + i * p.a_row, p.scratch, p.c + i * p.c_row + j);
  }
}

// The packed, register-blocked matrix product (Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008). Included inside an instruction set's namespace.

// The tile of c held in registers: tile_rows x tile_vecs accumulators, plus tile_vecs of b and one of a.
template <class T>
struct Tile {
  static constexpr Index rows = 6, vecs = 2, columns = vecs * Vec<T>::width;
  // A panel of b (depth x columns) stays in L1, a block of a (block_rows x depth) in L2.
  static constexpr Index depth = 256, block_rows = 96, block_columns = 1024;
};

inline Index round_up(Index n, Index multiple) { return (n + multiple - 1) / multiple * multiple; }

/// Elements of scratch that matmul needs for these sizes.
template <class T>
Index matmul_scratch(const MatmulArgs<T>& p) noexcept {
  using B = Tile<T>;
  const Index k = p.k < B::depth ? p.k : B::depth;
  const Index m = p.m < B::block_rows ? round_up(p.m, B::rows) : B::block_rows;
  const Index n = p.n < B::block_columns ? round_up(p.n, B::columns) : B::block_columns;
  return k * (m + n);
}

// Copies a (count x k) into slices of `width` rows, each slice ordered by k, absent rows as 0.
template <Index width, class T>
void pack(const T* x, Index across, Index along, Index count, Index k, T* out) noexcept {
  for (Index i = 0; i < count; i += width, out += width * k) {
    const Index n = count - i < width ? count - i : width;
    const T* slice = x + i * across;
    if (across == 1 && n == width) {
      for (Index l = 0; l < k; ++l)
        for (Index j = 0; j < width; ++j) out[l * width + j] = slice[l * along + j];
      continue;
    }
    for (Index j = 0; j < width; ++j)
      for (Index l = 0; l < k; ++l) out[l * width + j] = j < n ? slice[j * across + l * along] : T(0);
  }
}

// One tile: c = or += a_panel b_panel over k, then the epilogue when `last`.
template <class T>
void tile(const T* a, const T* b, Index k, T* c, Index c_row, Index m, Index n, bool add) noexcept {
  using B = Tile<T>;
  using V = Vec<T>;
  V acc[B::rows][B::vecs];
  FIGMENT_UNROLL for (Index i = 0; i < B::rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j)
      acc[i][j] = V(T(0));
  for (Index l = 0; l < k; ++l, a += B::rows, b += B::columns) {
    V row[B::vecs];
    FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) row[j] = V::load(b + j * V::width);
    FIGMENT_UNROLL for (Index i = 0; i < B::rows; ++i) {
      const V x(a[i]);
      FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) acc[i][j] = fma(x, row[j], acc[i][j]);
    }
  }
  FIGMENT_UNROLL for (Index i = 0; i < B::rows; ++i) {
    FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) {
      T* at = c + i * c_row + j * V::width;
      const Index lanes = i < m ? n - j * V::width : 0;
      if (lanes >= V::width)
        (add ? acc[i][j] + V::load(at) : acc[i][j]).store(at);
      else if (lanes > 0)
        (add ? acc[i][j] + V::load(at, lanes) : acc[i][j]).store(at, lanes);
    }
  }
}

template <class T>
void matmul(const MatmulArgs<T>& p) noexcept {
  using B = Tile<T>;
  for (Index j0 = 0; j0 < p.n; j0 += B::block_columns) {
    const Index n = p.n - j0 < B::block_columns ? p.n - j0 : B::block_columns;
    for (Index l0 = 0; l0 < p.k; l0 += B::depth) {
      const Index k = p.k - l0 < B::depth ? p.k - l0 : B::depth;
      T* const packed_b = p.scratch;
      T* const packed_a = p.scratch + k * round_up(n, B::columns);
      pack<B::columns>(p.b + l0 * p.b_row + j0 * p.b_col, p.b_col, p.b_row, n, k, packed_b);
      for (Index i0 = 0; i0 < p.m; i0 += B::block_rows) {
        const Index m = p.m - i0 < B::block_rows ? p.m - i0 : B::block_rows;
        pack<B::rows>(p.a + i0 * p.a_row + l0 * p.a_col, p.a_row, p.a_col, m, k, packed_a);
        for (Index j = 0; j < n; j += B::columns)
          for (Index i = 0; i < m; i += B::rows)
            tile(packed_a + i * k, packed_b + j * k, k, p.c + (i0 + i) * p.c_row + j0 + j, p.c_row, m - i,
                 n - j, l0 > 0);
      }
    }
  }
  for (Index i = 0; i < p.m; ++i) {
    T* c = p.c + i * p.c_row;
    if (p.k == 0)  // no tile wrote c; 0 * c would keep a NaN that the memory held
      for (Index j = 0; j < p.n; ++j) c[j] = T(0);
    if (p.bias) binary(op::Add{}, c, 1, p.bias, 1, c, p.n);
    activate(p.activation, p.slope, c, p.n);
  }
}

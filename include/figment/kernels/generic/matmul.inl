// The register-blocked matrix product (Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008). Included inside an instruction set's namespace.

// The tile of c held in registers: tile rows x vecs accumulators, plus vecs of b and one of a.
template <class T>
struct Tile {
  static constexpr Index rows = 6, vecs = 2, columns = vecs * Vec<T>::width;
  // A panel of b (depth x columns) stays in L1, a block of a (block_rows x depth) and what it adds to
  // (block_rows x block_columns) in L2.
  static constexpr Index depth = 256, block_rows = 96, block_columns = 256, block_depth = 16 * depth;
};

inline Index smaller(Index a, Index b) { return a < b ? a : b; }
inline Index round_up(Index n, Index multiple) { return (n + multiple - 1) / multiple * multiple; }

/// Elements of scratch that matmul needs for these sizes.
template <class T>
Index matmul_scratch(const MatmulArgs<T>& p) noexcept {
  using B = Tile<T>;
  const Index b = smaller(p.k, B::block_depth) * round_up(smaller(p.n, B::block_columns), B::columns);
  const Index a = smaller(p.k, B::depth) * round_up(smaller(p.m, B::block_rows), B::rows);
  return b + (p.a_col == 1 ? 0 : a);
}

// Copies x (k x count, neighbours across one apart) into slices of `width`, absent elements as 0.
template <Index width, class T>
void pack_rows(const T* x, Index along, Index count, Index k, T* out) noexcept {
  for (Index i = 0; i < count; i += width, out += width * k) {
    const Index n = smaller(count - i, width);
    for (Index l = 0; l < k; ++l) {
      const T* from = x + l * along + i;
      for (Index j = 0; j < width; ++j) out[l * width + j] = j < n ? from[j] : T(0);
    }
  }
}

// The same for neighbours `across` apart and a unit step along k: squares are transposed in registers.
template <class T>
void pack_columns(const T* x, Index across, Index count, Index k, T* out) noexcept {
  using V = Vec<T>;
  constexpr Index width = Tile<T>::columns;
  for (Index i = 0; i < count; i += V::width) {
    T* to = out + i / width * width * k + i % width;
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

// c (rows x n) = or += a b over k. With `copy`, b is read where it lies and left there packed for the next
// tile.
template <Index rows, bool copying, class T>
void tile(const T* a, Index a_row, Index a_col, const T* b, Index b_row, T* copy, Index k, T* c, Index c_row,
          Index n, bool add) noexcept {
  using B = Tile<T>;
  using V = Vec<T>;
  V acc[rows][B::vecs];
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j)
      acc[i][j] = V(T(0));
  for (Index l = 0; l < k; ++l, a += a_col, b += b_row) {
    V row[B::vecs];
    FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) {
      row[j] = V::load(b + j * V::width);
      if constexpr (copying) row[j].store(copy + l * B::columns + j * V::width);
    }
    FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) {
      const V x(a[i * a_row]);
      FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) acc[i][j] = fma(x, row[j], acc[i][j]);
    }
  }
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) {
    FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) {
      T* at = c + i * c_row + j * V::width;
      const Index lanes = n - j * V::width;
      if (lanes >= V::width)
        (add ? acc[i][j] + V::load(at) : acc[i][j]).store(at);
      else if (lanes > 0)
        (add ? acc[i][j] + V::load(at, lanes) : acc[i][j]).store(at, lanes);
    }
  }
}

// One panel of b (k x n, n <= columns) times a block of a (m x k).
template <class T>
void panel(const T* a, Index a_row, Index a_col, Index a_slice, const T* b, Index b_row, T* packed, Index m,
           Index n, Index k, T* c, Index c_row, bool add) noexcept {
  constexpr Index rows = Tile<T>::rows, columns = Tile<T>::columns;
  Index i = 0;
  if (b != packed && m > rows) {
    tile<rows, true>(a, a_row, a_col, b, b_row, packed, k, c, c_row, n, add);
    b = packed, b_row = columns;
    i = rows;
  }
  for (; i + rows <= m; i += rows)
    tile<rows, false>(a + i / rows * a_slice, a_row, a_col, b, b_row, packed, k, c + i * c_row, c_row, n,
                      add);
  a += i / rows * a_slice;
  // What is left of the rows, in tiles of 4, 2 and 1.
  for (Index r = 4; i < m; r /= 2)
    if (m - i >= r) {
      const auto f = r == 4 ? tile<4, false, T> : r == 2 ? tile<2, false, T> : tile<1, false, T>;
      f(a, a_row, a_col, b, b_row, packed, k, c + i * c_row, c_row, n, add);
      a += r * a_row;
      i += r;
    }
}

template <class T>
void matmul(const MatmulArgs<T>& p) noexcept {
  using B = Tile<T>;
  const bool pack_a = p.a_col != 1;
  T* const packed_a =
      p.scratch + smaller(p.k, B::block_depth) * round_up(smaller(p.n, B::block_columns), B::columns);
  for (Index j0 = 0; j0 < p.n; j0 += B::block_columns)
    for (Index deep = 0; deep < p.k; deep += B::block_depth)
      for (Index i0 = 0; i0 < p.m; i0 += B::block_rows)
        for (Index l0 = deep; l0 < smaller(p.k, deep + B::block_depth); l0 += B::depth) {
          const Index m = smaller(p.m - i0, B::block_rows), k = smaller(p.k - l0, B::depth);
          const Index columns = smaller(p.n - j0, B::block_columns);
          const T* a = p.a + i0 * p.a_row + l0 * p.a_col;
          if (pack_a) {
            pack_rows<B::rows>(a, p.a_col, m, k, packed_a);
            a = packed_a;
          }
          T* packed = p.scratch + (l0 - deep) * round_up(columns, B::columns);
          for (Index j = 0; j < columns; j += B::columns, packed += k * B::columns) {
            const Index n = smaller(columns - j, B::columns);
            const T* b = packed;
            if (i0 == 0) {  // the first block of rows leaves b packed for the others
              const T* from = p.b + l0 * p.b_row + (j0 + j) * p.b_col;
              if (p.b_col != 1)
                pack_columns(from, p.b_col, n, k, packed);
              else if (n < B::columns)
                pack_rows<B::columns>(from, p.b_row, n, k, packed);
              else
                b = from;
            }
            panel(a, pack_a ? 1 : p.a_row, pack_a ? B::rows : 1, pack_a ? B::rows * k : B::rows * p.a_row, b,
                  b == packed ? B::columns : p.b_row, packed, m, n, k, p.c + i0 * p.c_row + j0 + j, p.c_row,
                  l0 > 0);
          }
        }
  for (Index i = 0; i < p.m; ++i) {
    T* c = p.c + i * p.c_row;
    for (Index j = 0; p.k == 0 && j < p.n; ++j) c[j] = T(0);
    if (p.bias) binary(op::Add{}, c, 1, p.bias, 1, c, p.n);
    activate(p.activation, p.slope, c, p.n);
  }
}

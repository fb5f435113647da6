// The register-blocked matrix product (Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008). Included inside an instruction set's namespace.

// The tile of c held in registers: rows x vecs accumulators, plus vecs of b and one of a.
template <class T>
struct Tile {
  static constexpr Index rows = tile_rows, vecs = tile_vecs, columns = vecs * Vec<T>::width;
  // A panel of b (depth x columns) stays in L1, a block of a (block_rows x depth) and what it adds to
  // (block_rows x block_columns) in L2.
  static constexpr Index block_columns = 256;
  static constexpr Index block_rows = (96 + rows - 1) / rows * rows;
};

/// Elements of scratch that matmul needs for these sizes; never fewer as m or n rises.
template <class T>
Index matmul_scratch(const MatmulArgs<T>& p) noexcept {
  using B = Tile<T>;
  const DepthBlocks blocks(p.k);
  const Index b = smaller(blocks.count, DepthBlocks::held) * blocks.k *
                  round_up(smaller(p.n, B::block_columns), B::columns);
  return b + (p.a_col == 1 ? 0 : blocks.k * round_up(smaller(p.m, B::block_rows), B::rows));
}

// An operand of a block, and its steps along rows (or columns) and depth.
template <class T>
struct Steps {
  const T* at;
  Index across, along;
};

// c (rows x n) = or += a b, k deep. Unless `copy` is null, b is read where it lies, and left packed there for
// the next tile. Never inlined: amid the loops around it g++ reads b from memory again for each multiply-add,
// and is bound by that.
template <Index rows, class T>
[[gnu::noinline]] void tile(const Steps<T>& a, const Steps<T>& b, T* copy, Index k, T* c, Index c_row,
                            Index n, bool add) noexcept {
  using B = Tile<T>;
  using V = Vec<T>;
  V acc[rows][B::vecs];
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j)
      acc[i][j] = V(T(0));
  const Index a_row = a.across, a_col = a.along, b_row = b.along;
  const T *pa = a.at, *pb = b.at;
  for (Index l = 0; l < k; ++l, pa += a_col, pb += b_row) {
    V row[B::vecs];
    FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) row[j] = V::load(pb + j * V::width);
    if (copy) {
      FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) row[j].store(copy + j * V::width);
      copy += B::columns;
    }
    FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) {
      const V x(pa[i * a_row]);
      FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) acc[i][j] = fma(x, row[j], acc[i][j]);
    }
  }
  if (n == B::columns) {
    if (add)
      FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j)
          acc[i][j] = acc[i][j] + V::load(c + i * c_row + j * V::width);
    FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j)
        acc[i][j]
            .store(c + i * c_row + j * V::width);
    return;
  }
  // The last columns by way of memory: this loop need not be unrolled, which would cost more to compile than
  // all of the above.
  T sums[rows * B::columns];
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) acc[i][j]
      .store(sums + i * B::columns + j * V::width);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < n; j += V::width) {
      T* at = c + i * c_row + j;
      const V sum = V::load(sums + i * B::columns + j);
      const Index lanes = smaller(n - j, V::width);
      (add ? sum + V::load(at, lanes) : sum).store(at, lanes);
    }
}

// One panel of b (n <= columns) times a block of a. a_slice is the step from one tile's rows to the next's.
template <class T>
void panel(Steps<T> a, Index a_slice, Steps<T> b, T* packed, Index k, Index m, Index n, T* c, Index c_row,
           bool add) noexcept {
  constexpr Index rows = Tile<T>::rows, few = rows > 8 ? 4 : 2, columns = Tile<T>::columns;
  T* copy = b.at != packed && m > rows ? packed : nullptr;
  Index i = 0;
  for (; i + rows <= m; i += rows, a.at += a_slice) {
    tile<rows>(a, b, copy, k, c + i * c_row, c_row, n, add);
    if (copy) b = {packed, 1, columns};
    copy = nullptr;
  }
  // What is left of the rows: more kinds of tile would save little and cost to compile.
  for (; i + few <= m; i += few, a.at += few * a.across)
    tile<few>(a, b, copy, k, c + i * c_row, c_row, n, add);
  for (; i < m; ++i, a.at += a.across) tile<1>(a, b, copy, k, c + i * c_row, c_row, n, add);
}

template <class T>
void tiled_matmul(const MatmulArgs<T>& p) noexcept {
  using B = Tile<T>;
  const DepthBlocks blocks(p.k);
  const Index block_size = blocks.k * round_up(smaller(p.n, B::block_columns), B::columns);
  T* const packed_a = p.scratch + smaller(blocks.count, DepthBlocks::held) * block_size;
  for (Index j0 = 0; j0 < p.n; j0 += B::block_columns)
    for (Index held = 0; held < blocks.count; held += DepthBlocks::held)
      for (Index i0 = 0; i0 < p.m; i0 += B::block_rows)
        for (Index block = held; block < smaller(blocks.count, held + DepthBlocks::held); ++block) {
          const Index l0 = block * blocks.k, k = smaller(p.k - l0, blocks.k);
          const Index m = smaller(p.m - i0, B::block_rows), columns = smaller(p.n - j0, B::block_columns);
          Steps<T> a{p.a + i0 * p.a_row + l0 * p.a_col, p.a_row, p.a_col};
          Index a_slice = B::rows * p.a_row;
          if (p.a_col != 1) {
            a_slice = k * B::rows;
            pack_rows<B::rows>(a.at, a.along, m, k, a_slice, packed_a);
            a = {packed_a, 1, B::rows};
          }
          T* packed = p.scratch + (block - held) * block_size;
          for (Index j = 0; j < columns; j += B::columns, packed += k * B::columns) {
            const Index n = smaller(columns - j, B::columns);
            Steps<T> b{packed, 1, B::columns};
            if (i0 == 0) {  // the first block of rows leaves b packed for the others
              const T* const from = p.b + l0 * p.b_row + (j0 + j) * p.b_col;
              if (p.b_col != 1)
                pack_columns<B::columns>(from, p.b_col, n, k, packed);
              else if (n < B::columns)
                pack_panel(from, p.b_row, n, k, B::columns, packed);
              else
                b = {from, 1, p.b_row};
            }
            panel(a, a_slice, b, packed, k, m, n, p.c + i0 * p.c_row + j0 + j, p.c_row,
                  block > 0 || p.accumulate);
          }
        }
}

template <class T>
void matmul(const MatmulArgs<T>& p) noexcept {
  if (is_narrow(p))
    narrow_matmul(p);
  else
    tiled_matmul(p);
  for (Index i = 0; i < p.m; ++i) {
    T* c = p.c + i * p.c_row;
    for (Index j = 0; p.k == 0 && !p.accumulate && j < p.n; ++j) c[j] = T(0);
    if (p.bias) binary(op::Add{}, c, 1, p.bias, 1, c, p.n);
    activate(p.activation, p.slope, c, p.n);
  }
}

// The register-blocked matrix product (Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008). Included inside an instruction set's namespace.

// The tile of c held in registers: rows x vecs accumulators, plus vecs of b and one of a.
template <class T>
struct Tile {
  static constexpr Index rows = tile_rows, vecs = tile_vecs, columns = vecs * Vec<T>::width;
  // A panel of b (depth x columns) stays in L1, a block of a (block_rows x depth) and what it adds to
  // (block_rows x block_columns) in L2.
  static constexpr Index depth = DepthBlocks::depth, block_columns = 256;
  static constexpr Index block_rows = (96 + rows - 1) / rows * rows;
};

/// Elements of scratch that matmul needs for these sizes. It never falls as a size rises, so that the scratch
/// of the largest of several products serves all.
template <class T>
Index matmul_scratch(const MatmulArgs<T>& p) noexcept {
  using B = Tile<T>;
  const Index per_segment = (p.k + B::depth - 1) / B::depth;
  const Index one = smaller(p.segments * p.k, B::depth);  // the depth of a block
  const Index held = smaller(p.segments * per_segment, DepthBlocks::held) * smaller(p.k, B::depth);
  const Index b = (one > held ? one : held) * round_up(smaller(p.n, B::block_columns), B::columns);
  const Index a = one * round_up(smaller(p.m, B::block_rows), B::rows);
  return b + (p.a_col == 1 ? 0 : a);
}

// An operand of a block: its steps along rows, depth and segments.
template <class T>
struct Steps {
  const T* at;
  Index across, along, segment;
};

// c (rows x n) = or += a b over the block's depth. Unless `copy` is null, b is read where it lies, and left
// packed there for the next tile. Never inlined: amid the loops around it g++ reads b from memory again for
// each multiply-add, and is bound by that.
template <Index rows, class T>
[[gnu::noinline]] void tile(Steps<T> a, Steps<T> b, T* copy, const DepthBlocks& depth, T* c, Index c_row,
                            Index n, bool add) noexcept {
  using B = Tile<T>;
  using V = Vec<T>;
  V acc[rows][B::vecs];
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j)
      acc[i][j] = V(T(0));
  const Index k = depth.k, a_row = a.across, a_col = a.along, b_row = b.along;
  for (Index s = 0; s < depth.segments; ++s) {
    const T *pa = a.at + s * a.segment, *pb = b.at + s * b.segment;
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
void panel(Steps<T> a, Index a_slice, Steps<T> b, T* packed, const DepthBlocks& depth, Index m, Index n, T* c,
           Index c_row, bool add) noexcept {
  constexpr Index rows = Tile<T>::rows, few = rows > 8 ? 4 : 2, columns = Tile<T>::columns;
  T* copy = b.at != packed && m > rows ? packed : nullptr;
  Index i = 0;
  for (; i + rows <= m; i += rows, a.at += a_slice) {
    tile<rows>(a, b, copy, depth, c + i * c_row, c_row, n, add);
    if (copy) b = {packed, 1, columns, depth.k * columns};
    copy = nullptr;
  }
  // What is left of the rows: more kinds of tile would save little and cost to compile.
  for (; i + few <= m; i += few, a.at += few * a.across)
    tile<few>(a, b, copy, depth, c + i * c_row, c_row, n, add);
  for (; i < m; ++i, a.at += a.across) tile<1>(a, b, copy, depth, c + i * c_row, c_row, n, add);
}

template <class T>
void tiled_matmul(const MatmulArgs<T>& p, const DepthBlocks& blocks) noexcept {
  using B = Tile<T>;
  const Index most = blocks.segments * blocks.k;  // of a block's depth
  T* const packed_a = p.scratch + smaller(blocks.count, DepthBlocks::held) * most *
                                      round_up(smaller(p.n, B::block_columns), B::columns);
  for (Index j0 = 0; j0 < p.n; j0 += B::block_columns)
    for (Index held = 0; held < blocks.count; held += DepthBlocks::held)
      for (Index i0 = 0; i0 < p.m; i0 += B::block_rows)
        for (Index block = held; block < smaller(blocks.count, held + DepthBlocks::held); ++block) {
          const Index segment = block / blocks.per_segment, l0 = block % blocks.per_segment * B::depth;
          const Index m = smaller(p.m - i0, B::block_rows), columns = smaller(p.n - j0, B::block_columns);
          DepthBlocks depth = blocks;
          depth.k = smaller(p.k - l0, B::depth);
          const Index total = depth.segments * depth.k;

          Steps<T> a{p.a + segment * p.a_segment + i0 * p.a_row + l0 * p.a_col, p.a_row, p.a_col,
                     p.a_segment};
          Index a_slice = B::rows * p.a_row;
          if (p.a_col != 1) {
            a_slice = total * B::rows;
            for (Index s = 0; s < depth.segments; ++s)
              pack_rows<B::rows>(a.at + s * a.segment, a.along, m, depth.k, a_slice,
                                 packed_a + s * depth.k * B::rows);
            a = {packed_a, 1, B::rows, depth.k * B::rows};
          }
          T* packed = p.scratch + (block - held) * most * round_up(columns, B::columns);
          for (Index j = 0; j < columns; j += B::columns, packed += total * B::columns) {
            const Index n = smaller(columns - j, B::columns);
            const Steps<T> ready{packed, 1, B::columns, depth.k * B::columns};
            Steps<T> b = ready;
            if (i0 == 0) {  // the first block of rows leaves b packed for the others
              const Steps<T> from{p.b + segment * p.b_segment + l0 * p.b_row + (j0 + j) * p.b_col, p.b_col,
                                  p.b_row, p.b_segment};
              for (Index s = 0; s < depth.segments && (p.b_col != 1 || n < B::columns); ++s) {
                T* to = packed + s * depth.k * B::columns;
                if (p.b_col != 1)
                  pack_columns<B::columns>(from.at + s * from.segment, p.b_col, n, depth.k, to);
                else
                  pack_rows<B::columns>(from.at + s * from.segment, p.b_row, n, depth.k, 0, to);
              }
              if (p.b_col == 1 && n == B::columns) b = from;
            }
            panel(a, a_slice, b, packed, depth, m, n, p.c + i0 * p.c_row + j0 + j, p.c_row,
                  block > 0 || p.accumulate);
          }
        }
}

template <class T>
void matmul(const MatmulArgs<T>& p) noexcept {
  const DepthBlocks blocks(p);
  if (is_narrow(p, blocks))
    narrow_matmul(p);
  else
    tiled_matmul(p, blocks);
  for (Index i = 0; i < p.m; ++i) {
    T* c = p.c + i * p.c_row;
    for (Index j = 0; (p.k == 0 || p.segments == 0) && !p.accumulate && j < p.n; ++j) c[j] = T(0);
    if (p.bias) binary(op::Add{}, c, 1, p.bias, 1, c, p.n);
    activate(p.activation, p.slope, c, p.n);
  }
}

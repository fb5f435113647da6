// The register-blocked matrix product (Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008). Included inside an instruction set's namespace.

// The tile of c held in registers: tile rows x vecs accumulators, plus vecs of b and one of a.
template <class T>
struct Tile {
  static constexpr Index rows = 6, vecs = 2, columns = vecs * Vec<T>::width;
  // A panel of b (depth x columns) stays in L1, a block of a (block_rows x depth) and what it adds to
  // (block_rows x block_columns) in L2.
  static constexpr Index depth = 256, block_rows = 96, block_columns = 256;
  // How many packed blocks of b are held, for the next block of rows to use.
  static constexpr Index blocks_held = 16;
};

inline Index smaller(Index a, Index b) { return a < b ? a : b; }
inline Index round_up(Index n, Index multiple) { return (n + multiple - 1) / multiple * multiple; }

// How a product's depth, segments times k, is cut into blocks: all of it in one if that is short, else each
// segment by itself.
struct DepthBlocks {
  Index segments, k, count;  // of one block; and how many blocks
  Index per_segment;

  template <class T>
  explicit DepthBlocks(const MatmulArgs<T>& p) noexcept {
    constexpr Index depth = Tile<T>::depth;
    const bool whole = p.segments * p.k <= depth;
    segments = whole ? p.segments : 1;
    k = smaller(p.k, depth);
    per_segment = whole ? 1 : (p.k + depth - 1) / depth;
    count = whole ? 1 : p.segments * per_segment;
  }
};

/// Elements of scratch that matmul needs for these sizes. It never falls as a size rises, so that the scratch
/// of the largest of several products serves all.
template <class T>
Index matmul_scratch(const MatmulArgs<T>& p) noexcept {
  using B = Tile<T>;
  const Index per_segment = (p.k + B::depth - 1) / B::depth;
  const Index one = smaller(p.segments * p.k, B::depth);  // the depth of a block
  const Index held = smaller(p.segments * per_segment, B::blocks_held) * smaller(p.k, B::depth);
  const Index b = (one > held ? one : held) * round_up(smaller(p.n, B::block_columns), B::columns);
  const Index a = one * round_up(smaller(p.m, B::block_rows), B::rows);
  return b + (p.a_col == 1 ? 0 : a);
}

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

// The same, one slice, for neighbours `across` apart and a unit step along k: squares are transposed in
// registers.
template <class T>
void pack_columns(const T* x, Index across, Index count, Index k, T* out) noexcept {
  using V = Vec<T>;
  constexpr Index width = Tile<T>::columns;
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

// An operand of a block: its steps along rows, depth and segments.
template <class T>
struct Steps {
  const T* at;
  Index across, along, segment;
};

// c (rows x n) = or += a b over the block's depth. With `copying`, b is read where it lies, and left packed
// in `copy` for the next tile.
template <Index rows, bool copying, class T>
void tile(Steps<T> a, Steps<T> b, T* copy, const DepthBlocks& depth, T* c, Index c_row, Index n,
          bool add) noexcept {
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
      FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) {
        row[j] = V::load(pb + j * V::width);
        if constexpr (copying) row[j].store(copy + j * V::width);
      }
      if constexpr (copying) copy += B::columns;
      FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) {
        const V x(pa[i * a_row]);
        FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) acc[i][j] = fma(x, row[j], acc[i][j]);
      }
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

// One panel of b (n <= columns) times a block of a. a_slice is the step from one tile's rows to the next's.
template <class T>
void panel(Steps<T> a, Index a_slice, Steps<T> b, T* packed, const DepthBlocks& depth, Index m, Index n, T* c,
           Index c_row, bool add) noexcept {
  constexpr Index rows = Tile<T>::rows, columns = Tile<T>::columns;
  Index i = 0;
  if (b.at != packed && m > rows) {
    tile<rows, true>(a, b, packed, depth, c, c_row, n, add);
    b = {packed, 1, columns, depth.k * columns};
    i = rows, a.at += a_slice;
  }
  for (; i + rows <= m; i += rows, a.at += a_slice)
    tile<rows, false>(a, b, packed, depth, c + i * c_row, c_row, n, add);
  // What is left of the rows, in tiles of 2 and 1: more kinds of tile would save little and cost to compile.
  for (; i + 2 <= m; i += 2, a.at += 2 * a.across)
    tile<2, false>(a, b, packed, depth, c + i * c_row, c_row, n, add);
  if (i < m) tile<1, false>(a, b, packed, depth, c + i * c_row, c_row, n, add);
}

// One column of c: a row's products with a contiguous column of b, summed along the depth in vectors.
template <Index rows, class T>
void column(const MatmulArgs<T>& p, const T* a, const T* b, T* c) noexcept {
  using V = Vec<T>;
  V acc[rows];
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) acc[i] = V(T(0));
  for (Index s = 0; s < p.segments; ++s, a += p.a_segment, b += p.k) {
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
  }
  for (Index i = 0; i < rows; ++i) c[i * p.c_row] = (p.accumulate ? c[i * p.c_row] : T(0)) + sum(acc[i]);
}

// So few columns that tiles would be nearly empty, and rows of a contiguous: column by column. The scratch
// that tiles would use has room for a column of b.
template <class T>
bool is_narrow(const MatmulArgs<T>& p, const DepthBlocks& blocks) noexcept {
  using B = Tile<T>;
  return p.n <= B::columns / 4 && p.a_col == 1 && blocks.count <= B::blocks_held * B::columns;
}

template <class T>
void narrow_matmul(const MatmulArgs<T>& p) noexcept {
  for (Index j = 0; j < p.n; ++j) {
    T* b = p.scratch;
    for (Index s = 0; s < p.segments; ++s)
      for (Index l = 0; l < p.k; ++l) *b++ = p.b[s * p.b_segment + l * p.b_row + j * p.b_col];
    Index i = 0;
    for (; i + 4 <= p.m; i += 4) column<4>(p, p.a + i * p.a_row, p.scratch, p.c + i * p.c_row + j);
    for (; i < p.m; ++i) column<1>(p, p.a + i * p.a_row, p.scratch, p.c + i * p.c_row + j);
  }
}

template <class T>
void tiled_matmul(const MatmulArgs<T>& p, const DepthBlocks& blocks) noexcept {
  using B = Tile<T>;
  const Index most = blocks.segments * blocks.k;  // of a block's depth
  T* const packed_a = p.scratch + smaller(blocks.count, B::blocks_held) * most *
                                      round_up(smaller(p.n, B::block_columns), B::columns);
  for (Index j0 = 0; j0 < p.n; j0 += B::block_columns)
    for (Index held = 0; held < blocks.count; held += B::blocks_held)
      for (Index i0 = 0; i0 < p.m; i0 += B::block_rows)
        for (Index block = held; block < smaller(blocks.count, held + B::blocks_held); ++block) {
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
                  pack_columns(from.at + s * from.segment, p.b_col, n, depth.k, to);
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

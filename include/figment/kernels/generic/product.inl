// What products are made of, whatever their tile. Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/activation.inl"  // opened alone
#endif

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
[[gnu::noinline]] void pack_panel(const T* x, Index along, Index count, Index k, Index width,
                                  T* out) noexcept {
  using V = Vec<T>;
  for (Index l = 0; l < k; ++l, x += along)
    for (Index i = 0; i < width; i += V::width, out += V::width)
      (count - i >= V::width ? V::load(x + i) : count > i ? V::load(x + i, count - i) : V(T(0))).store(out);
}

// The same, one slice, for neighbours `across` apart and a unit step along k: squares are transposed in
// registers.
template <class T>
[[gnu::noinline]] void pack_columns(const T* x, Index across, Index count, Index k, Index width,
                                    T* out) noexcept {
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
  for (Index i = 0; i < rows; ++i) c[i * p.c_row] = sum(acc[i]);
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

// An operand of a block, and its steps along rows (or columns) and depth.
template <class T>
struct Steps {
  const T* at;
  Index across, along;
};

// c (rows x n) = or += the first columns of a tile.
template <class T>
[[gnu::noinline]] void put_part(const T* sums, Index columns, T* c, Index c_row, Index rows, Index n,
                                bool add) noexcept {
  using V = Vec<T>;
  for (Index i = 0; i < rows; ++i, sums += columns, c += c_row)
    for (Index j = 0; j < n; j += V::width) {
      const V sum = V::load(sums + j);
      const Index lanes = smaller(n - j, V::width);
      (add ? sum + V::load(c + j, lanes) : sum).store(c + j, lanes);
    }
}

// What a product by tiles is made of in one instruction set; the loops around them are compiled once for all
// that share this file. Tiles are `rows`, `few` or 1 high and all `columns` wide; pack is pack_rows<rows>.
template <class T>
struct Tiles {
  using Run = void (*)(const Steps<T>& a, const Steps<T>& b, T* copy, Index k, T* c, Index c_row, Index n,
                       bool add) noexcept;
  Index rows, columns, few;
  Run whole, part, one;
  void (*pack)(const T* x, Index along, Index count, Index k, Index slice, T* out) noexcept;
};

// A panel of b (depth x columns) stays in L1, a block of a (block_rows x depth) and what it adds to
// (block_rows x block_columns) in L2.
inline constexpr Index block_columns = 256;
inline Index block_rows(Index rows) { return round_up(96, rows); }

/// Elements of scratch that matmul needs for these sizes; never fewer as m or n rises.
template <class T>
[[gnu::noinline]] Index tiled_scratch(const MatmulArgs<T>& p, Index rows, Index columns) noexcept {
  const DepthBlocks blocks(p.k);
  const Index b =
      smaller(blocks.count, DepthBlocks::held) * blocks.k * round_up(smaller(p.n, block_columns), columns);
  return b + (p.a_col == 1 ? 0 : blocks.k * round_up(smaller(p.m, block_rows(rows)), rows));
}

// One panel of b (n <= columns) times a block of a. a_slice is the step from one tile's rows to the next's.
template <class T>
void panel(const Tiles<T>& t, Steps<T> a, Index a_slice, Steps<T> b, T* packed, Index k, Index m, Index n,
           T* c, Index c_row, bool add) noexcept {
  T* copy = b.at != packed && m > t.rows ? packed : nullptr;
  Index i = 0;
  for (; i + t.rows <= m; i += t.rows, a.at += a_slice) {
    t.whole(a, b, copy, k, c + i * c_row, c_row, n, add);
    if (copy) b = {packed, 1, t.columns};
    copy = nullptr;
  }
  for (; i + t.few <= m; i += t.few, a.at += t.few * a.across)
    t.part(a, b, copy, k, c + i * c_row, c_row, n, add);
  for (; i < m; ++i, a.at += a.across) t.one(a, b, copy, k, c + i * c_row, c_row, n, add);
}

template <class T>
[[gnu::noinline]] void tiled_matmul(const MatmulArgs<T>& p, const Tiles<T>& t) noexcept {
  const DepthBlocks blocks(p.k);
  const Index block_size = blocks.k * round_up(smaller(p.n, block_columns), t.columns);
  const Index a_rows = block_rows(t.rows);
  T* const packed_a = p.scratch + smaller(blocks.count, DepthBlocks::held) * block_size;
  for (Index j0 = 0; j0 < p.n; j0 += block_columns)
    for (Index held = 0; held < blocks.count; held += DepthBlocks::held)
      for (Index i0 = 0; i0 < p.m; i0 += a_rows)
        for (Index block = held; block < smaller(blocks.count, held + DepthBlocks::held); ++block) {
          const Index l0 = block * blocks.k, k = smaller(p.k - l0, blocks.k);
          const Index m = smaller(p.m - i0, a_rows), columns = smaller(p.n - j0, block_columns);
          Steps<T> a{p.a + i0 * p.a_row + l0 * p.a_col, p.a_row, p.a_col};
          Index a_slice = t.rows * p.a_row;
          if (p.a_col != 1) {
            a_slice = k * t.rows;
            t.pack(a.at, a.along, m, k, a_slice, packed_a);
            a = {packed_a, 1, t.rows};
          }
          T* packed = p.scratch + (block - held) * block_size;
          for (Index j = 0; j < columns; j += t.columns, packed += k * t.columns) {
            const Index n = smaller(columns - j, t.columns);
            Steps<T> b{packed, 1, t.columns};
            if (i0 == 0) {  // the first block of rows leaves b packed for the others
              const T* const from = p.b + l0 * p.b_row + (j0 + j) * p.b_col;
              if (p.b_col != 1)
                pack_columns(from, p.b_col, n, k, t.columns, packed);
              else if (n < t.columns)
                pack_panel(from, p.b_row, n, k, t.columns, packed);
              else
                b = {from, 1, p.b_row};
            }
            panel(t, a, a_slice, b, packed, k, m, n, p.c + i0 * p.c_row + j0 + j, p.c_row, block > 0);
          }
        }
}

// What comes after the sums: the bias and the activation.
template <class T>
[[gnu::noinline]] void finish_matmul(const MatmulArgs<T>& p) noexcept {
  for (Index i = 0; i < p.m; ++i) {
    T* c = p.c + i * p.c_row;
    for (Index j = 0; p.k == 0 && j < p.n; ++j) c[j] = T(0);
    if (p.bias) binary(op::Add{}, c, 1, p.bias, 1, c, p.n);
    activate(p.activation, p.slope, c, p.n);
  }
}

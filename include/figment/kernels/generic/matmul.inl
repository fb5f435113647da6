// The register-blocked matrix product (Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008). Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/product.inl"  // opened alone
#endif

// The tile of c held in registers: rows x vecs accumulators, plus vecs of b and one of a.
template <class T>
struct Tile {
  static constexpr Index rows = tile_rows, vecs = tile_vecs, columns = vecs * Vec<T>::width;
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
  // The last columns by way of memory.
  const bool whole = n == B::columns;
  T sums[rows * B::columns];
  T* const to = whole ? c : sums;
  const Index to_row = whole ? c_row : B::columns;
  if (whole && add)
    FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j)
        acc[i][j] = acc[i][j] + V::load(c + i * c_row + j * V::width);
  FIGMENT_UNROLL for (Index i = 0; i < rows; ++i) FIGMENT_UNROLL for (Index j = 0; j < B::vecs; ++j) acc[i][j]
      .store(to + i * to_row + j * V::width);
  if (!whole) put_part(sums, B::columns, c, c_row, rows, n, add);
}

// What is left of the rows after whole tiles: more kinds of tile would save little and cost to compile.
inline constexpr Index few_rows = 2;

template <class T>
inline constexpr Tiles<T> tiles{
    tile_rows,  Tile<T>::columns,       few_rows, tile<tile_rows, T>, tile<few_rows, T>,
    tile<1, T>, pack_rows<tile_rows, T>};

template <class T>
Index matmul_scratch(const MatmulArgs<T>& p) noexcept {
  return tiled_scratch(p, Tile<T>::rows, Tile<T>::columns);
}

template <class T>
void matmul(const MatmulArgs<T>& p) noexcept {
  if (is_narrow(p))
    narrow_matmul(p);
  else
    tiled_matmul(p, tiles<T>);
  finish_matmul(p);
}

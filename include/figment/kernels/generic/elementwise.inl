// Loops over memory that apply a formula. Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/formulas.inl"  // opened alone
#endif

/// Calls f(i, lanes) for each vector of n elements: with all lanes, and once with what is left.
template <class T, class F>
void each_vector(Index n, F f) noexcept {
  constexpr Index width = Vec<T>::width;
  Index i = 0;
  for (; i + width <= n; i += width) f(i, width);
  if (i < n) f(i, n - i);
}
template <class T>
Vec<T> load_lanes(const T* p, Index lanes) noexcept {
  return lanes == Vec<T>::width ? Vec<T>::load(p) : Vec<T>::load(p, lanes);
}
template <class T>
void store_lanes(Vec<T> v, T* p, Index lanes) noexcept {
  if (lanes == Vec<T>::width)
    v.store(p);
  else
    v.store(p, lanes);
}

/// y[i] = f(x[i]); y may be x.
template <class Op, class T>
void unary(Op f, const T* x, T* y, Index n) noexcept {
  using V = Vec<T>;
  Index i = 0;
  for (; i + V::width <= n; i += V::width) apply(f, V::load(x + i)).store(y + i);
  if (i < n) apply(f, V::load(x + i, n - i)).store(y + i, n - i);
}

/// y[i] = f(a[i * a_step], b[i * b_step]), steps 0 (one value for all) or 1; y may be a or b.
template <class Op, class T>
void binary(Op f, const T* a, Index a_step, const T* b, Index b_step, T* y, Index n) noexcept {
  using V = Vec<T>;
  if (n == 0) return;
  const V a0(*a), b0(*b);
  Index i = 0;
  for (; i + V::width <= n; i += V::width)
    apply(f, a_step ? V::load(a + i) : a0, b_step ? V::load(b + i) : b0).store(y + i);
  if (i < n)
    apply(f, a_step ? V::load(a + i, n - i) : a0, b_step ? V::load(b + i, n - i) : b0).store(y + i, n - i);
}

/// The same of rows that lie anywhere in a and b, and one after the other in y.
template <class Op, class T>
void binary_rows(Op f, const RowsOf<T>& a, const RowsOf<T>& b, T* y, Index rows, Index columns) noexcept {
  for (Index r = 0; r < rows; ++r)
    binary(f, a.first + r * a.row, a.step, b.first + r * b.row, b.step, y + r * columns, columns);
}

/// The sum of f(x[i]). Four running sums hide the latency of the addition.
template <class Op, class T>
T sum_unary(Op f, const T* x, Index n) noexcept {
  using V = Vec<T>;
  const V zero(T(0));
  V s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  Index i = 0;
  for (; i + 4 * V::width <= n; i += 4 * V::width) {
    s0 = s0 + apply(f, V::load(x + i));
    s1 = s1 + apply(f, V::load(x + i + V::width));
    s2 = s2 + apply(f, V::load(x + i + 2 * V::width));
    s3 = s3 + apply(f, V::load(x + i + 3 * V::width));
  }
  for (; i + V::width <= n; i += V::width) s0 = s0 + apply(f, V::load(x + i));
  T total = sum((s0 + s1) + (s2 + s3));
  // Absent lanes load as 0, and f(0) need not be 0.
  for (; i < n; ++i) total += first(apply(f, V(x[i])));
  return total;
}

/// The sum of f(a[i], b[i]).
template <class Op, class T>
T sum_binary(Op f, const T* a, const T* b, Index n) noexcept {
  using V = Vec<T>;
  V s0(T(0)), s1(T(0));
  Index i = 0;
  for (; i + 2 * V::width <= n; i += 2 * V::width) {
    s0 = s0 + apply(f, V::load(a + i), V::load(b + i));
    s1 = s1 + apply(f, V::load(a + i + V::width), V::load(b + i + V::width));
  }
  T total = sum(s0 + s1);
  for (; i < n; ++i) total += first(apply(f, V(a[i]), V(b[i])));
  return total;
}

/// f folded over `start` and the elements of x: f(f(start, x[0]), …) in some order, for an f in which the
/// order does not show.
template <class Op, class T>
T fold(Op f, T start, const T* x, Index n) noexcept {
  using V = Vec<T>;
  T result = start;
  Index i = 0;
  if (n >= V::width) {
    V s = V::load(x);
    for (i = V::width; i + V::width <= n; i += V::width) s = apply(f, s, V::load(x + i));
    T lanes[V::width];
    s.store(lanes);
    for (T lane : lanes) result = first(apply(f, V(result), V(lane)));
  }
  for (; i < n; ++i) result = first(apply(f, V(result), V(x[i])));
  return result;
}

/// y[i] = mask[i * mask_step] ? a[i * a_step] : b[i * b_step]; steps are 0 or 1.
template <class T>
void choose(const std::uint8_t* mask, Index mask_step, const T* a, Index a_step, const T* b, Index b_step,
            T* y, Index n) noexcept {
  using V = Vec<T>;
  if (n == 0) return;
  const V a0(*a), b0(*b);
  Index i = 0;
  if (mask_step == 0) {
    const T* chosen = *mask ? a : b;
    const Index step = *mask ? a_step : b_step;
    for (; i < n; ++i) y[i] = chosen[i * step];
  }
  for (; i + V::width <= n; i += V::width)
    select(load_mask(mask + i, a0), a_step ? V::load(a + i) : a0, b_step ? V::load(b + i) : b0).store(y + i);
  for (; i < n; ++i) y[i] = mask[i] ? a[i * a_step] : b[i * b_step];
}

// Each column is added in the same order wherever its block begins and however wide it is: threads split the
// columns anywhere, and the result must not show where.
template <int vectors, class T>
void sum_rows_block(const T* x, Index stride, T* y, Index rows, Index last) noexcept {
  using V = Vec<T>;
  const auto load = [&](const T* p, int v) {
    return load_lanes(p + v * V::width, v + 1 < vectors ? V::width : last);
  };
  V s0[vectors], s1[vectors];
  for (int v = 0; v < vectors; ++v) s0[v] = s1[v] = V(T(0));
  Index i = 0;
  for (; i + 2 <= rows; i += 2, x += 2 * stride) FIGMENT_UNROLL for (int v = 0; v < vectors; ++v) {
      s0[v] = s0[v] + load(x, v);
      s1[v] = s1[v] + load(x + stride, v);
    }
  for (int v = 0; v < vectors; ++v) {
    if (i < rows) s0[v] = s0[v] + load(x, v);
    store_lanes(load(y, v) + (s0[v] + s1[v]), y + v * V::width, v + 1 < vectors ? V::width : last);
  }
}

/// y[j] += sum over i of x[i * stride + j], for rows i and columns j.
template <class T>
void sum_rows(const T* x, Index stride, T* y, Index rows, Index columns) noexcept {
  constexpr Index width = Vec<T>::width;
  Index j = 0;
  // Four vectors at once use each cache line whole while it is there.
  for (; j + 4 * width <= columns; j += 4 * width) sum_rows_block<4>(x + j, stride, y + j, rows, width);
  for (; j < columns; j += width)
    sum_rows_block<1>(x + j, stride, y + j, rows, columns - j < width ? columns - j : width);
}

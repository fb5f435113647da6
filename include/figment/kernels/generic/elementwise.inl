// Loops over memory that apply a formula. Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/copy.inl"  // opened alone
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

/// Stores what a formula gives, of all lanes or the first n: numbers, or a mask as bytes.
template <class T>
void put(Vec<T> v, T* p) noexcept {
  v.store(p);
}
template <class T>
void put(Vec<T> v, T* p, Index n) noexcept {
  v.store(p, n);
}
template <class M>
void put(M mask, std::uint8_t* p) noexcept {
  store_mask(mask, p);
}
template <class M>
void put(M mask, std::uint8_t* p, Index n) noexcept {
  std::uint8_t bytes[8] = {};
  store_mask(mask, bytes);
  for (Index i = 0; i < n; ++i) p[i] = bytes[i];
}

/// y[i] = f(a[i * a_step], b[i * b_step]), steps 0 (one value for all) or 1; y may be a or b, or a mask.
template <class Op, class T, class To>
void binary(Op f, const T* a, Index a_step, const T* b, Index b_step, To* y, Index n) noexcept {
  using V = Vec<T>;
  if (n == 0) return;
  const V a0(*a), b0(*b);
  Index i = 0;
  for (; i + V::width <= n; i += V::width)
    put(apply(f, a_step ? V::load(a + i) : a0, b_step ? V::load(b + i) : b0), y + i);
  if (i < n)
    put(apply(f, a_step ? V::load(a + i, n - i) : a0, b_step ? V::load(b + i, n - i) : b0), y + i, n - i);
}

/// The same of rows that lie anywhere in a and b, and one after the other in y.
template <class Op, class T, class To>
void binary_rows(Op f, const RowsOf<T>& a, const RowsOf<T>& b, To* y, Index rows, Index columns) noexcept {
  for (Index r = 0; r < rows; ++r)
    binary(f, a.first + r * a.row, a.step, b.first + r * b.row, b.step, y + r * columns, columns);
}

// Sums run in double: a float that is the sum of thousands would lose what is added to it, always alike.

/// Adds f of the elements of one Vec<T> after the other, from x and what is given beside it on.
template <class Op, class T, class... P>
void add_terms(Op f, Vec<double> (&sums)[4], const T* x, const P*... more) noexcept {
  constexpr Index width = Vec<double>::width;
  if constexpr (op::is_arithmetic<Op>) {
    FIGMENT_UNROLL for (int v = 0; v < 4; ++v) {  // four running sums hide the latency of the addition
      const Index i = v * Vec<T>::width;
      Vec<double> term = apply(f, load_wide(x + i), load_wide(more + i)...);
      if constexpr (width < Vec<T>::width)
        term = term + apply(f, load_wide(x + i + width), load_wide(more + i + width)...);
      sums[v] = sums[v] + term;
    }
  } else {  // terms that are rounded themselves: the first of many additions lose no more
    Vec<T> part(T(0));
    for (Index i = 0; i < 4 * Vec<T>::width; i += Vec<T>::width)
      part = part + apply(f, Vec<T>::load(x + i), Vec<T>::load(more + i)...);
    sums[0] = sums[0] + wide(part);
  }
}

/// The sum of f over n elements, each of x and of what is given beside it.
template <class Op, class T, class... P>
double sum_of(Op f, Index n, const T* x, const P*... more) noexcept {
  using V = Vec<std::conditional_t<op::is_arithmetic<Op>, double, T>>;
  Vec<double> sums[4] = {Vec<double>(0.0), Vec<double>(0.0), Vec<double>(0.0), Vec<double>(0.0)};
  Index i = 0;
  for (; i + 4 * Vec<T>::width <= n; i += 4 * Vec<T>::width) add_terms(f, sums, x + i, (more + i)...);
  for (; i + V::width <= n; i += V::width) {
    if constexpr (op::is_arithmetic<Op>)
      sums[0] = sums[0] + apply(f, load_wide(x + i), load_wide(more + i)...);
    else
      sums[0] = sums[0] + wide(apply(f, V::load(x + i), V::load(more + i)...));
  }
  double total = sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
  // Absent lanes load as 0, and f(0) need not be 0.
  for (; i < n; ++i) total += static_cast<double>(first(apply(f, V(x[i]), V(more[i])...)));
  return total;
}

/// The sum of f(x[i]).
template <class Op, class T>
double sum_unary(Op f, const T* x, Index n) noexcept {
  return sum_of(f, n, x);
}

/// The sum of f(a[i], b[i]).
template <class Op, class T>
double sum_binary(Op f, const T* a, const T* b, Index n) noexcept {
  return sum_of(f, n, a, b);
}

/// No element is NaN or infinite. By the bits, two floats at once: an exponent of ones carries into the
/// sign's place. With arithmetic clang would reason that there is none, under -ffast-math.
template <class T>
bool all_finite(const T* x, Index n) noexcept {
  constexpr bool two = sizeof(T) == 4;
  constexpr std::uint64_t exponent = two ? 0x7f8000007f800000u : 0x7ff0000000000000u,
                          carry = two ? 0x0080000000800000u : 0x0010000000000000u,
                          sign = two ? 0x8000000080000000u : 0x8000000000000000u;
  constexpr Index step = two ? 2 : 1;
  std::uint64_t seen[4] = {}, bits[4] = {};
  Index i = 0;
  for (; i + 4 * step <= n; i += 4 * step) {
    __builtin_memcpy(bits, x + i, sizeof bits);
    FIGMENT_UNROLL for (int k = 0; k < 4; ++k) seen[k] |= (bits[k] & exponent) + carry;
  }
  for (; i < n; ++i) {
    bits[0] = 0;
    __builtin_memcpy(bits, x + i, sizeof(T));
    seen[0] |= (bits[0] & exponent) + carry;
  }
  return ((seen[0] | seen[1] | seen[2] | seen[3]) & sign) == 0;
}

/// f folded over `start` and the elements of x: f(f(start, x[0]), …) in some order and perhaps twice, for an
/// f in which neither shows.
template <class Op, class T>
T fold(Op f, T start, const T* x, Index n) noexcept {
  using V = Vec<T>;
  constexpr Index width = V::width;
  T result = start;
  Index i = 0;
  if (n >= width) {
    V s0 = V::load(x), s1 = s0, s2 = s0, s3 = s0;  // as many as hide f's latency
    for (; i + 4 * width <= n; i += 4 * width) {
      s0 = apply(f, s0, V::load(x + i)), s1 = apply(f, s1, V::load(x + i + width));
      s2 = apply(f, s2, V::load(x + i + 2 * width)), s3 = apply(f, s3, V::load(x + i + 3 * width));
    }
    for (; i + width <= n; i += width) s0 = apply(f, s0, V::load(x + i));
    T lanes[width];
    apply(f, apply(f, s0, s1), apply(f, s2, s3)).store(lanes);
    for (T lane : lanes) result = first(apply(f, V(result), V(lane)));
  }
  for (; i < n; ++i) result = first(apply(f, V(result), V(x[i])));
  return result;
}

/// y[r] = f folded over y[r] and row r of x.
template <class Op, class T>
void fold_each(Op f, const T* x, T* y, Index rows, Index columns) noexcept {
  using V = Vec<T>;
  constexpr Index width = V::width;
  Index r = 0;
  if constexpr (width > 1)
    // A square: its rows' results in one vector. Long rows go one by one, in several chains each.
    for (; columns >= width && columns <= 32 * width && r + width <= rows; r += width) {
      V s[width];
      FIGMENT_UNROLL for (Index i = 0; i < width; ++i) {
        const T* row = x + (r + i) * columns;
        s[i] = V::load(row + columns - width);
        for (Index c = 0; c + width < columns; c += width) s[i] = apply(f, s[i], V::load(row + c));
      }
      transpose(s);
      V all = V::load(y + r);
      FIGMENT_UNROLL for (Index i = 0; i < width; ++i) all = apply(f, all, s[i]);
      all.store(y + r);
    }
  for (; r < rows; ++r) y[r] = fold(f, y[r], x + r * columns, columns);
}

template <int vectors, class Op, class T>
void fold_rows_block(Op f, const T* x, Index stride, T* y, Index rows, Index last) noexcept {
  using V = Vec<T>;
  V s[vectors];
  const auto lanes = [=](int v) { return v + 1 < vectors ? V::width : last; };
  for (int v = 0; v < vectors; ++v) s[v] = load_lanes(y + v * V::width, lanes(v));
  for (Index i = 0; i < rows; ++i, x += stride)
    FIGMENT_UNROLL for (int v = 0; v < vectors; ++v) s[v] =
        apply(f, s[v], load_lanes(x + v * V::width, lanes(v)));
  for (int v = 0; v < vectors; ++v) store_lanes(s[v], y + v * V::width, lanes(v));
}

/// y[j] = f folded over y[j] and x[i * stride + j], for rows i and columns j.
template <class Op, class T>
void fold_rows(Op f, const T* x, Index stride, T* y, Index rows, Index columns) noexcept {
  constexpr Index width = Vec<T>::width;
  Index j = 0;
  for (; j + 4 * width <= columns; j += 4 * width) fold_rows_block<4>(f, x + j, stride, y + j, rows, width);
  for (; j < columns; j += width)
    fold_rows_block<1>(f, x + j, stride, y + j, rows, columns - j < width ? columns - j : width);
}

/// y[i] = mask[i * mask_step] ? a[i * a_step] : b[i * b_step]; steps are 0 or 1.
template <class T>
void choose(const std::uint8_t* mask, Index mask_step, const T* a, Index a_step, const T* b, Index b_step,
            T* y, Index n) noexcept {
  using V = Vec<T>;
  if (n == 0) return;
  if (mask_step == 0) {
    const T* chosen = *mask ? a : b;
    return (*mask ? a_step : b_step) ? copy_rows(chosen, 0, y, 0, 1, n) : fill_rows(chosen, 0, y, 0, 1, n);
  }
  const V a0(*a), b0(*b);
  Index i = 0;
  for (; i + V::width <= n; i += V::width)
    select(load_mask(mask + i, a0), a_step ? V::load(a + i) : a0, b_step ? V::load(b + i) : b0).store(y + i);
  for (; i < n; ++i) y[i] = mask[i] ? a[i * a_step] : b[i * b_step];
}

/// y[j] += sum over i of x[i * stride + j], for rows i and columns j, of which y had better stay in the
/// cache. Each column is added in the same order wherever it stands: threads split the columns anywhere, and
/// the result must not show where.
template <class T>
void sum_rows(const T* x, Index stride, double* y, Index rows, Index columns) noexcept {
  using V = Vec<double>;
  const auto add = [=](const T* row, auto sum_of) FIGMENT_INLINE {
    Index j = 0;
    for (; j + V::width <= columns; j += V::width)
      (V::load(y + j) + sum_of([=](Index i) FIGMENT_INLINE {
         return load_wide(row + i * stride + j);
       })).store(y + j);
    if constexpr (V::width > 1)
      for (; j < columns; ++j)
        y[j] += sum_of([=](Index i) FIGMENT_INLINE { return static_cast<double>(row[i * stride + j]); });
  };
  const auto of_eight = [](auto at) FIGMENT_INLINE {
    return ((at(0) + at(1)) + (at(2) + at(3))) + ((at(4) + at(5)) + (at(6) + at(7)));
  };
  Index i = 0;
  for (; i + 8 <= rows; i += 8) add(x + i * stride, of_eight);
  for (; i < rows; ++i) add(x + i * stride, [](auto at) FIGMENT_INLINE { return at(0); });
}

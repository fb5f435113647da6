// Softmax and what goes with it, over rows of contiguous columns; a row stays in the cache between its
// passes. Results do not lie where inputs do. Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/random.inl"  // opened alone
#endif

/// Calls f(i, access, lanes) for each vector of a row of n elements. The last may access whole lanes where
/// `reach` elements from the row's start are ours: it reads into the next row, and writes where that will be
/// written later. Partial stores are slow, and loads after them slower.
template <class T, class F>
void row_vectors(Index n, Index reach, F f) noexcept {
  constexpr Index width = Vec<T>::width;
  Index i = 0;
  for (; i + width <= n; i += width) f(i, width, width);
  if (i < n) f(i, i + width <= reach ? width : n - i, n - i);
}

/// The largest of n >= 1 elements. A NaN may be passed over: the sum of exponentials brings it back.
template <class T>
T row_max(const T* x, Index n) noexcept {
  using V = Vec<T>;
  if (n < V::width) {
    T m = x[0];
    for (Index i = 1; i < n; ++i) m = x[i] > m ? x[i] : m;
    return m;
  }
  V m = V::load(x);
  for (Index i = V::width; i + V::width <= n; i += V::width) m = (max)(m, V::load(x + i));
  return largest((max)(m, V::load(x + n - V::width)));  // the last vector, which may overlap the one before
}

/// The sum of e^(x - shift), each of which is kept in y unless that is null.
template <class T>
T row_exp(const T* x, T shift, T* y, Index n, Index reach) noexcept {
  using V = Vec<T>;
  V total(T(0));
  T rest = 0;
  row_vectors<T>(n, reach, [=, &total, &rest](Index i, Index access, Index lanes) FIGMENT_INLINE {
    const V e = exp(load_lanes(x + i, access) - V(shift));
    if (y) store_lanes(e, y + i, access);
    if (lanes == V::width) {
      total = total + e;
    } else {
      T values[V::width];  // the other lanes are not 0
      e.store(values);
      for (Index j = 0; j < lanes; ++j) rest += values[j];
    }
  });
  return sum(total) + rest;
}

template <class T>
T log_of(T x) noexcept {
  return first(log(Vec<T>(x)));
}

/// y = e^x / the row's sum of them.
template <class T>
void softmax(const T* x, T* y, Index rows, Index columns) noexcept {
  for (Index r = 0; r < rows; ++r, x += columns, y += columns) {
    const Index reach = (rows - r) * columns;
    const Vec<T> share(T(1) / row_exp(x, row_max(x, columns), y, columns, reach));
    row_vectors<T>(columns, reach, [=](Index i, Index access, Index) FIGMENT_INLINE {
      store_lanes(load_lanes(y + i, access) * share, y + i, access);
    });
  }
}

/// dx = y (dy - the row's sum of y dy).
template <class T>
void softmax_gradient(const T* y, const T* dy, T* dx, Index rows, Index columns) noexcept {
  for (Index r = 0; r < rows; ++r, y += columns, dy += columns, dx += columns) {
    const Index reach = (rows - r) * columns;
    const Vec<T> total(sum_binary(op::Mul{}, y, dy, columns));
    row_vectors<T>(columns, reach, [=](Index i, Index access, Index) FIGMENT_INLINE {
      store_lanes(load_lanes(y + i, access) * (load_lanes(dy + i, access) - total), dx + i, access);
    });
  }
}

/// y = x - log(the row's sum of e^x).
template <class T>
void log_softmax(const T* x, T* y, Index rows, Index columns) noexcept {
  for (Index r = 0; r < rows; ++r, x += columns, y += columns) {
    const Index reach = (rows - r) * columns;
    const T m = row_max(x, columns);
    const Vec<T> shift(m), log_total(log_of(row_exp(x, m, static_cast<T*>(nullptr), columns, reach)));
    row_vectors<T>(columns, reach, [=](Index i, Index access, Index) FIGMENT_INLINE {
      store_lanes((load_lanes(x + i, access) - shift) - log_total, y + i, access);
    });
  }
}

/// dx = dy - e^y times the row's sum of dy.
template <class T>
void log_softmax_gradient(const T* y, const T* dy, T* dx, Index rows, Index columns) noexcept {
  for (Index r = 0; r < rows; ++r, y += columns, dy += columns, dx += columns) {
    const Index reach = (rows - r) * columns;
    const Vec<T> total(sum_unary(op::Identity{}, dy, columns));
    row_vectors<T>(columns, reach, [=](Index i, Index access, Index) FIGMENT_INLINE {
      store_lanes(load_lanes(dy + i, access) - exp(load_lanes(y + i, access)) * total, dx + i, access);
    });
  }
}

/// y[r] = log(the sum of row r's e^x).
template <class T>
void log_sum_exp(const T* x, T* y, Index rows, Index columns) noexcept {
  for (Index r = 0; r < rows; ++r, x += columns) {
    const Index reach = (rows - r) * columns;
    const T m = row_max(x, columns);
    const T shift = m - m == T(0) ? m : T(0);  // an infinite one would give inf - inf
    y[r] = log_of(row_exp(x, shift, static_cast<T*>(nullptr), columns, reach)) + shift;
  }
}

/// loss[r] = log(the sum of row r's e^x) - x[r, label]; kept[2r] and kept[2r + 1] are the row's largest
/// element and the sum of its e^(x - largest), for the gradient.
template <class T>
void cross_entropy(const T* x, const std::int32_t* labels, T* loss, T* kept, Index rows,
                   Index columns) noexcept {
  for (Index r = 0; r < rows; ++r) {
    const T* row = x + r * columns;
    const T m = row_max(row, columns);
    kept[2 * r] = m;
    loss[r] = kept[2 * r + 1] = row_exp(row, m, static_cast<T*>(nullptr), columns, (rows - r) * columns);
  }
  unary(op::Log{}, static_cast<const T*>(loss), loss, rows);
  for (Index r = 0; r < rows; ++r) loss[r] += kept[2 * r] - x[r * columns + labels[r]];
}

/// dx = dy[r] (softmax(x) - 1 at the label).
template <class T>
void cross_entropy_gradient(const T* x, const std::int32_t* labels, const T* kept, const T* dy, T* dx,
                            Index rows, Index columns) noexcept {
  for (Index r = 0; r < rows; ++r, x += columns, dx += columns) {
    const Index reach = (rows - r) * columns;
    const Vec<T> shift(kept[2 * r]), scale(dy[r] / kept[2 * r + 1]);
    row_vectors<T>(columns, reach, [=](Index i, Index access, Index) FIGMENT_INLINE {
      store_lanes(exp(load_lanes(x + i, access) - shift) * scale, dx + i, access);
    });
    dx[labels[r]] -= dy[r];
  }
}

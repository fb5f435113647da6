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

/// The sum of e^(x - shift), each of which is kept in y unless that is null. That of the element at `apart`,
/// if there is one, is not added but left in `own`. Four in float, which are rounded themselves, then in
/// double: of millions each would lose the same.
template <class T>
double row_exp(const T* x, T shift, T* y, Index n, Index reach, Index apart = -1, T* own = nullptr) noexcept {
  using V = Vec<T>;
  Vec<double> total(0.0);
  V part(T(0));
  T rest = 0;
  row_vectors<T>(n, reach, [=, &total, &part, &rest](Index i, Index access, Index lanes) FIGMENT_INLINE {
    V e = exp(load_lanes(x + i, access) - V(shift));
    if (y) store_lanes(e, y + i, access);
    const Index at = apart - i;
    const bool here = at >= 0 && at < lanes;
    if (lanes == V::width && !here) {
      part = part + e;
      if ((i & 3 * V::width) == 3 * V::width) total = total + wide(part), part = V(T(0));
    } else {
      T values[V::width];  // the other lanes are not 0
      e.store(values);
      if (here) *own = values[at], values[at] = 0;
      for (Index j = 0; j < lanes; ++j) rest += values[j];
    }
  });
  return (n < 4 * V::width ? 0 : sum(total)) + static_cast<double>(sum(part) + rest);
}

template <class T>
T log_of(T x) noexcept {
  return first(log(Vec<T>(x)));
}
/// log of the sum of e^(x - m), m being the largest x. Its 1 takes digits from the others' sum where that is
/// small: then they are summed again without it.
template <class T>
T log_row_exp(const T* x, T m, Index n, Index reach) noexcept {
  const double total = row_exp(x, m, static_cast<T*>(nullptr), n, reach);
  if (!(total < 2)) return log_of(static_cast<T>(total));
  double others = total - 1;
  if (others < 0.1) {
    Index place = 0;
    while (place + 1 < n && x[place] != m) ++place;
    T own;
    others = row_exp(x, m, static_cast<T*>(nullptr), n, reach, place, &own);
  }
  return first(apply(op::Log1p{}, Vec<T>(static_cast<T>(others))));
}

/// y = e^x / the row's sum of them.
template <class T>
void softmax(const T* x, T* y, Index rows, Index columns) noexcept {
  for (Index r = 0; r < rows; ++r, x += columns, y += columns) {
    const Index reach = (rows - r) * columns;
    const Vec<T> share(static_cast<T>(1 / row_exp(x, row_max(x, columns), y, columns, reach)));
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
    const Vec<T> total(static_cast<T>(sum_binary(op::Mul{}, y, dy, columns)));
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
    const Vec<T> shift(m), log_total(log_row_exp(x, m, columns, reach));
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
    const Vec<T> total(static_cast<T>(sum_unary(op::Identity{}, dy, columns)));
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
    y[r] = log_of(static_cast<T>(row_exp(x, shift, static_cast<T*>(nullptr), columns, reach))) + shift;
  }
}

/// loss[r] = log(the sum of row r's e^x) - x[r, label]; kept[3r] to kept[3r + 2] are the row's largest
/// element, the sum of its e^(x - largest), and that sum without the label's, for the gradient. Both loss and
/// gradient are made of what the others have, not of what the label lacks of 1: they keep their digits where
/// it has nearly all.
template <class T>
void cross_entropy(const T* x, const std::int32_t* labels, T* loss, T* kept, Index rows,
                   Index columns) noexcept {
  for (Index r = 0; r < rows; ++r) {
    const T* row = x + r * columns;
    const T m = row_max(row, columns);
    T own = 0;
    const double others =
        row_exp(row, m, static_cast<T*>(nullptr), columns, (rows - r) * columns, labels[r], &own);
    const double at_label = static_cast<double>(own);
    kept[3 * r] = m;
    kept[3 * r + 1] = static_cast<T>(others + at_label);
    kept[3 * r + 2] = static_cast<T>(others);
    // One of the two is 1 or more.
    loss[r] = static_cast<T>(others < 1 ? others + (at_label - 1) : (others - 1) + at_label);
  }
  unary(op::Log1p{}, static_cast<const T*>(loss), loss, rows);
  for (Index r = 0; r < rows; ++r) loss[r] += kept[3 * r] - x[r * columns + labels[r]];
}

/// dx = dy[r] (softmax(x) - 1 at the label).
template <class T>
void cross_entropy_gradient(const T* x, const std::int32_t* labels, const T* kept, const T* dy, T* dx,
                            Index rows, Index columns) noexcept {
  for (Index r = 0; r < rows; ++r, x += columns, dx += columns) {
    const Index reach = (rows - r) * columns;
    const T each = dy[r] / kept[3 * r + 1];
    const Vec<T> shift(kept[3 * r]), scale(each);
    row_vectors<T>(columns, reach, [=](Index i, Index access, Index) FIGMENT_INLINE {
      store_lanes(exp(load_lanes(x + i, access) - shift) * scale, dx + i, access);
    });
    dx[labels[r]] = -each * kept[3 * r + 2];
  }
}

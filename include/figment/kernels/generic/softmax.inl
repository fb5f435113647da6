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

/// The sum of e^(x - shift) but for the element at `apart`, which is left in `own`. Four in float, which are
/// rounded themselves, then in double: of millions each would lose the same.
template <class T>
double row_exp(const T* x, T shift, Index n, Index reach, Index apart, T& own) noexcept {
  using V = Vec<T>;
  Vec<double> total(0.0);
  V part(T(0));
  T rest = 0;
  row_vectors<T>(n, reach,
                 [=, &total, &part, &rest, &own](Index i, Index access, Index lanes) FIGMENT_INLINE {
                   const V e = exp_to_one(load_lanes(x + i, access) - V(shift));
                   const Index at = apart - i;
                   const bool here = at >= 0 && at < lanes;
                   if (lanes == V::width && !here) {
                     part = part + e;
                     if ((i & 3 * V::width) == 3 * V::width) total = total + wide(part), part = V(T(0));
                   } else {
                     T values[V::width];  // the other lanes are not 0
                     e.store(values);
                     if (here) own = values[at], values[at] = 0;
                     for (Index j = 0; j < lanes; ++j) rest += values[j];
                   }
                 });
  return (n < 4 * V::width ? 0 : sum(total)) + static_cast<double>(sum(part) + rest);
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
    const double others = row_exp(row, m, columns, (rows - r) * columns, labels[r], own);
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
      store_lanes(exp_to_one(load_lanes(x + i, access) - shift) * scale, dx + i, access);
    });
    dx[labels[r]] = -each * kept[3 * r + 2];
  }
}

// Lines are what softmax and its kin are taken of: a tensor (outer, extent, inner) has outer * inner, each of
// `extent` elements that lie `inner` apart. Line c begins at place c / inner * extent * inner + c % inner.

/// Some lines side by side, done together so that they stay in the cache between the passes: rows if inner is
/// 1, else columns.
struct Lines {
  Index extent, inner, count;
  Index reach;  ///< elements from the first one's start that are ours
};
inline constexpr Index most_lines = 128;

/// f(place of the first, its number, lines) for all of lines begin to end.
template <class F>
void each_lines(Index extent, Index inner, Index begin, Index end, F f) noexcept {
  const Index least = inner > 1 ? 32 : 1, fit = 8192 / extent;
  const Index most = fit < least ? least : fit < most_lines ? fit : most_lines;
  for (Index c = begin, n; c < end; c += n) {
    const Index j = c % inner;
    n = inner > 1 && inner - j < end - c ? inner - j : end - c;
    if (n > most) n = most;
    f((c - j) * extent + j, c, Lines{extent, inner, n, (end - c) * extent});
  }
}

/// The sums over each line of f(place, access, s), s being state[line]. Eight vectors in T, then in double.
template <class T, class F>
void sum_lines(const Lines& l, const T* state, double* sums, F f) noexcept {
  using V = Vec<T>;
  constexpr Index width = V::width, stretch = 8;
  static constexpr T places[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (Index j = 0; l.inner == 1 && j < l.count; ++j) {
    const V s(state[j]);
    const Index row = j * l.extent;
    Vec<double> total(0.0);
    V part(T(0));
    Index i = 0;
    for (; i + width <= l.extent; i += width) {
      if (i > 0 && i % (stretch * width) == 0) total = total + wide(part), part = V(T(0));
      part = part + f(row + i, width, s);
    }
    if (const Index lanes = l.extent - i; lanes > 0) {
      const V rest = f(row + i, row + i + width <= l.reach ? width : lanes, s);
      // What the other lanes have is not 0.
      part = part + select(V::load(places) < V(static_cast<T>(lanes)), rest, V(T(0)));
    }
    sums[j] = static_cast<double>(sum(part)) + (l.extent > stretch * width ? sum(total) : 0);
  }
  for (Index begin = 0; l.inner > 1 && begin < l.extent; begin += stretch) {
    const Index end = l.extent - begin < stretch ? l.extent : begin + stretch;
    for (Index j = 0; j < l.count; j += width) {
      const V s = V::load(state + j);
      V part(T(0));
      if (l.count - j >= width)
        for (Index i = begin; i < end; ++i) part = part + f(i * l.inner + j, width, s);
      else
        for (Index i = begin; i < end; ++i) part = part + f(i * l.inner + j, l.count - j, s);
      T values[width];
      part.store(values);
      for (Index k = 0; k < width; k += Vec<double>::width) {
        const Vec<double> more = load_wide(values + k);
        (begin == 0 ? more : Vec<double>::load(sums + j + k) + more).store(sums + j + k);
      }
    }
  }
}

/// f(place, access, s) for each vector of the lines, with s = state[line].
template <class T, class F>
void each_of_lines(const Lines& l, const T* state, F f) noexcept {
  constexpr Index width = Vec<T>::width;
  // One loop for rows, which differ in their state, and columns, along which it does. Columns narrower than a
  // vector are seen as wide ones with the state repeated: loads that overlap what was just stored wait for
  // it.
  const bool rows = l.inner == 1, narrow = !rows && l.count == l.inner && l.inner < width;
  const Index n = rows ? l.extent : narrow ? l.inner * width : l.count, step = rows || narrow ? n : l.inner;
  const Index end = rows ? l.count * l.extent : l.extent * l.inner;
  T repeated[width * width];
  for (Index j = 0; narrow && j < n; ++j) repeated[j] = state[j % l.inner];
  const T* const along = narrow ? repeated : state;
  for (Index row = 0, r = 0; row < end; row += step, ++r) {
    const Index here = narrow && end - row < n ? end - row : n, reach = rows ? l.reach - row : 0;
    const Vec<T> s(state[rows ? r : 0]);
    Index i = 0;
    for (; i + width <= here; i += width) f(row + i, width, rows ? s : Vec<T>::load(along + i));
    if (i < here) f(row + i, i + width <= reach ? width : here - i, rows ? s : Vec<T>::load(along + i));
  }
}

/// The largest element of each line. A NaN may be passed over: the sum of exponentials brings it back.
template <class T>
void line_max(const T* x, const Lines& l, T* peaks) noexcept {
  using V = Vec<T>;
  if (l.inner == 1)
    for (Index j = 0; j < l.count; ++j) peaks[j] = row_max(x + j * l.extent, l.extent);
  else
    for (Index i = 0; i < l.extent; ++i)
      for (Index j = 0; j < l.count; j += V::width) {
        const V v = load_lanes(x + i * l.inner + j, l.count - j < V::width ? l.count - j : V::width);
        (i == 0 ? v : (max)(V::load(peaks + j), v)).store(peaks + j);
      }
}

enum class Exp { sum, keep, keep_distance, others };
/// The sums of e^d, d = x - peak, without those of 1 if f is Exp::others; e^d or d is kept in y if f says so.
template <class T>
void exp_lines(Exp f, const T* x, const T* peaks, T* y, const Lines& l, double* sums) noexcept {
  using V = Vec<T>;
  const bool keeps = f == Exp::keep || f == Exp::keep_distance;
  sum_lines(l, peaks, sums, [=](Index i, Index access, V s) FIGMENT_INLINE {
    V d = load_lanes(x + i, access) - s;
    if (!keeps) d = (min)(d, V(T(0)));  // log_sum_exp's: 0 may stand for an infinite peak
    const V e = exp_to_one(d);
    if (keeps) store_lanes(f == Exp::keep ? e : d, y + i, access);
    return f == Exp::others ? e - floor(e) : e;
  });
}

/// The logarithms of sums of e^(x - peak). The largest element's 1 takes digits from the others' sum where
/// that is small: then they are summed again without it.
template <class T>
void log_lines(const T* x, const T* peaks, const Lines& l, const double* sums, T* logs) noexcept {
  const Index step = l.inner == 1 ? 1 : Vec<T>::width;
  const auto small_rest = [=](Index j) { return sums[j] >= 1 && sums[j] < 1.1; };
  for (Index j = 0; j < l.count; ++j) logs[j] = static_cast<T>(sums[j] - 1);
  for (Index j = 0; j < l.count; j += step) {
    const Index n = l.count - j < step ? l.count - j : step;
    bool few = false;
    for (Index k = j; k < j + n; ++k) few |= small_rest(k);
    if (!few) continue;
    double others[Vec<T>::width] = {};
    const Index at = l.inner == 1 ? j * l.extent : j;
    exp_lines(Exp::others, x + at, peaks + j, static_cast<T*>(nullptr),
              Lines{l.extent, l.inner, n, l.reach - at}, others);
    for (Index k = j; k < j + n; ++k)
      if (small_rest(k)) logs[k] = static_cast<T>(others[k - j]);
  }
  unary(op::Log1p{}, static_cast<const T*>(logs), logs, l.count);
}

/// What `f` says, of lines begin to end: softmax y = e^x / the line's sum of them, log_softmax its logarithm,
/// and log_sum_exp the logarithm of the sum, one y a line.
template <class T>
void softmax(Softmax f, const T* x, T* y, Index extent, Index inner, Index begin, Index end) noexcept {
  using V = Vec<T>;
  each_lines(extent, inner, begin, end, [=](Index place, Index line, const Lines& l) {
    const T* const in = x + place;
    T* const out = y + place;
    T peaks[most_lines], scales[most_lines] = {};
    double totals[most_lines];
    line_max(in, l, peaks);
    if (f == Softmax::log_sum_exp)
      for (Index j = 0; j < l.count; ++j)  // an infinite one would give inf - inf
        scales[j] = peaks[j], peaks[j] = peaks[j] - peaks[j] == T(0) ? peaks[j] : T(0);
    exp_lines(f == Softmax::softmax       ? Exp::keep
              : f == Softmax::log_softmax ? Exp::keep_distance
                                          : Exp::sum,
              in, peaks, out, l, totals);
    if (f == Softmax::softmax) {
      for (Index j = 0; j < l.count; ++j) scales[j] = static_cast<T>(1 / totals[j]);
    } else {
      T logs[most_lines];
      log_lines(in, peaks, l, totals, logs);
      for (Index j = 0; f == Softmax::log_sum_exp && j < l.count; ++j) y[line + j] = logs[j] + scales[j];
      for (Index j = 0; j < l.count; ++j) scales[j] = logs[j];
    }
    if (f == Softmax::log_sum_exp) return;
    // Nothing may be written beyond a row that is changed in its place.
    Lines own = l;
    own.reach = 0;
    each_of_lines(own, scales, [=](Index i, Index access, V s) FIGMENT_INLINE {
      const V v = load_lanes(out + i, access);
      store_lanes(f == Softmax::softmax ? v * s : v - s, out + i, access);
    });
  });
}

/// dx by y and dy: of softmax y (dy - the line's sum of y dy), of log_softmax dy - e^y times the line's sum
/// of dy.
template <class T>
void softmax_gradient(Softmax f, const T* y, const T* dy, T* dx, Index extent, Index inner, Index begin,
                      Index end) noexcept {
  using V = Vec<T>;
  each_lines(extent, inner, begin, end, [=](Index place, Index, const Lines& l) {
    const T *const result = y + place, *const in = dy + place;
    T* const out = dx + place;
    T totals[most_lines] = {};
    double sums[most_lines];
    if (f == Softmax::softmax)
      sum_lines(l, totals, sums, [=](Index i, Index access, V) FIGMENT_INLINE {
        return load_lanes(result + i, access) * load_lanes(in + i, access);
      });
    else
      sum_lines(l, totals, sums,
                [=](Index i, Index access, V) FIGMENT_INLINE { return load_lanes(in + i, access); });
    for (Index j = 0; j < l.count; ++j) totals[j] = static_cast<T>(sums[j]);
    if (f == Softmax::softmax)
      each_of_lines(l, totals, [=](Index i, Index access, V s) FIGMENT_INLINE {
        store_lanes(load_lanes(result + i, access) * (load_lanes(in + i, access) - s), out + i, access);
      });
    else
      each_of_lines(l, totals, [=](Index i, Index access, V s) FIGMENT_INLINE {
        store_lanes(load_lanes(in + i, access) - exp_to_one(load_lanes(result + i, access)) * s, out + i,
                    access);
      });
  });
}

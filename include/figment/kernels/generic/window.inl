// Pooling and resampling of images, channels last. Included inside an instruction set's namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/statistics.inl"  // opened alone
#endif

// An output in the making.
template <class V>
struct WindowState {
  V y, chosen, from;
};

// One element v of the window, and its number.
template <class V>
FIGMENT_INLINE inline void take(op::WindowSum, WindowState<V>& s, V v, V number) {
  s.y = fma(v, number, s.y);
}
template <class V>
FIGMENT_INLINE inline void take(op::WindowMax, WindowState<V>& s, V v, V) {
  s.y = select(v == v, (max)(s.y, v), v);  // max alone would drop a NaN in v
}
template <class V>
FIGMENT_INLINE inline void take(op::WindowChoose, WindowState<V>& s, V v, V number) {
  s.chosen = select(v == v, select(s.y < v, number, s.chosen), number);
  take(op::WindowMax{}, s, v, number);
}
template <class V>
FIGMENT_INLINE inline void take(op::WindowPick, WindowState<V>& s, V v, V number) {
  s.y = select(s.from == number, v, s.y);
}
template <class V>
FIGMENT_INLINE inline void take(op::WindowRoute, WindowState<V>& s, V v, V number) {
  s.y = s.y + select(s.from == number, v, V(0));
}

template <class T>
FIGMENT_INLINE inline T window_number(op::WindowSum, T row, T column) {
  return row * column;
}
template <class Op, class T>
FIGMENT_INLINE inline T window_number(Op, T row, T column) {
  return row + column;
}

template <class A, class B>
inline constexpr bool same_op = false;
template <class A>
inline constexpr bool same_op<A, A> = true;

// A vector of channels, or of fewer only the first n.
template <class V, bool whole, class T>
FIGMENT_INLINE inline V load_channels(const T* p, Index n) {
  if constexpr (whole)
    return V::load(p);
  else
    return V::load(p, n);
}
template <bool whole, class V, class T>
FIGMENT_INLINE inline void store_channels(V v, T* p, Index n) {
  if constexpr (whole)
    v.store(p);
  else
    v.store(p, n);
}

// Element (r, c) of the window of output o, at n channels from j on.
template <class V, bool whole, class Op, class T>
FIGMENT_INLINE inline void window_take(Op f, const WindowRow<T>& w, WindowState<V>& s, Index r, Index c,
                                       Index j, Index n) {
  const Index element = w.rows.index[r] * w.line + w.columns.index[c] * w.channels + j;
  if constexpr (same_op<Op, op::WindowRoute>) s.from = load_channels<V, whole>(w.from + element, n);
  take(f, s, load_channels<V, whole>(w.x + element, n),
       V(window_number(f, w.rows.value[r], w.columns.value[c])));
}

// Output o at n channels from j on. Its window has taps x taps elements, or what its row and column say.
template <class V, bool whole, int taps, class Op, class T>
FIGMENT_INLINE inline void window_at(Op f, const WindowRow<T>& w, Index o, Index j, Index n) {
  const Index row = w.rows.starts[0], column = w.columns.starts[o], at = o * w.channels + j;
  WindowState<V> s{};
  s.y = V(T(0));
  if constexpr (same_op<Op, op::WindowMax> || same_op<Op, op::WindowChoose>) {
    s.y = V(-std::numeric_limits<T>::infinity());
    s.chosen = V(w.rows.value[row] + w.columns.value[column]);
  }
  if constexpr (same_op<Op, op::WindowPick>) s.from = load_channels<V, whole>(w.from + at, n);
  if constexpr (taps == 0) {
    for (Index r = row; r < w.rows.starts[1]; ++r)
      for (Index c = column; c < w.columns.starts[o + 1]; ++c) window_take<V, whole>(f, w, s, r, c, j, n);
  } else {
    FIGMENT_UNROLL for (Index r = 0; r < taps; ++r) FIGMENT_UNROLL for (Index c = 0; c < taps; ++c)
        window_take<V, whole>(f, w, s, row + r, column + c, j, n);
  }
  store_channels<whole>(s.y, w.y + at, n);
  if constexpr (same_op<Op, op::WindowChoose>) store_channels<whole>(s.chosen, w.chosen + at, n);
}

// Output o at all channels. The last row of the image that this row of outputs reads begins at last_line.
template <int taps, class Op, class T>
FIGMENT_INLINE inline void window_channels(Op f, const WindowRow<T>& w, Index o, Index last_line) {
  using V = Vec<T>;
  Index j = 0;
  for (; j + V::width <= w.channels; j += V::width) window_at<V, true, taps>(f, w, o, j, V::width);
  if (j == w.channels) return;
  if (j > 0) {
    // The last vector ends where the channels do, and computes some of them again.
    window_at<V, true, taps>(f, w, o, w.channels - V::width, V::width);
    return;
  }
  // Lanes past few channels are computed in vain: what they write, the next output overwrites.
  const Index first = w.columns.starts[o], last = w.columns.starts[o + 1] - 1;
  const Index reach = first <= last ? last_line + w.columns.index[last] * w.channels + V::width : 0;
  if (reach <= w.x_room && o * w.channels + V::width <= w.y_room)
    window_at<V, true, taps>(f, w, o, 0, V::width);
  else
    window_at<V, false, 0>(f, w, o, 0, w.channels);
}

/// A row of outputs; op::Window… say what each is.
template <class Op, class T>
void window(Op f, const WindowRow<T>& row) noexcept {
  const WindowRow<T> w = row;
  const Index first = w.rows.starts[0], rows = w.rows.starts[1] - first;
  const Index last_line = rows > 0 ? w.rows.index[first + rows - 1] * w.line : 0;
  for (Index o = 0; o < w.outputs; ++o) {
    const Index columns = w.columns.starts[o + 1] - w.columns.starts[o];
    // The two most common windows, without loops around their few instructions.
    if (rows == 1 && columns == 1)
      window_channels<1>(f, w, o, last_line);
    else if (rows == 2 && columns == 2)
      window_channels<2>(f, w, o, last_line);
    else
      window_channels<0>(f, w, o, last_line);
  }
}

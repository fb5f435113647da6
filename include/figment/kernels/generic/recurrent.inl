// Steps of recurrent layers, all that is not a product in one pass. Included inside an instruction set's
// namespace.
#ifndef FIGMENT_KERNEL_REGION
#include "figment/kernels/generic/window.inl"  // opened alone
#endif

/// Calls f(row, column, lanes) for each vector of each row.
template <class T, class F>
void each_unit(Index rows, Index units, F f) noexcept {
  for (Index r = 0; r < rows; ++r)
    each_vector<T>(units, [=](Index j, Index lanes) FIGMENT_INLINE { f(r, j, lanes); });
}

/// The gates i, f, g and o: c = f c' + i g, h = o tanh(c).
template <class T>
void lstm_step(const RecurrentStep<T>& step) noexcept {
  using V = Vec<T>;
  const RecurrentStep<T> s = step;  // a store may change anything that is behind a reference
  each_unit<T>(s.rows, s.units, [=](Index r, Index j, Index lanes) FIGMENT_INLINE {
    const Index n = s.units, at = r * n + j, gate = 4 * r * n + j;
    const auto sum = [&](Index k) {
      return load_lanes(s.input + gate + k * n, lanes) + load_lanes(s.recurrent + gate + k * n, lanes);
    };
    const V i = apply(op::Sigmoid{}, sum(0)), f = apply(op::Sigmoid{}, sum(1)), g = tanh(sum(2)),
            o = apply(op::Sigmoid{}, sum(3));
    const V c = fma(f, load_lanes(s.before + at, lanes), i * g);
    store_lanes(i, s.gates + gate, lanes), store_lanes(f, s.gates + gate + n, lanes);
    store_lanes(g, s.gates + gate + 2 * n, lanes), store_lanes(o, s.gates + gate + 3 * n, lanes);
    store_lanes(c, s.cell + at, lanes), store_lanes(o * tanh(c), s.hidden + at, lanes);
  });
}

/// With t = tanh(c): do = dh t o (1 - o), dc += dh o (1 - t^2); di = dc g i (1 - i), df = dc c' f (1 - f),
/// dg = dc i (1 - g^2), dc' = dc f.
template <class T>
void lstm_step_gradient(const RecurrentStepGradient<T>& step) noexcept {
  using V = Vec<T>;
  const RecurrentStepGradient<T> s = step;
  each_unit<T>(s.rows, s.units, [=](Index r, Index j, Index lanes) FIGMENT_INLINE {
    const Index n = s.units, at = r * n + j, gate = 4 * r * n + j;
    const auto load = [&](const T* p) { return load_lanes(p, lanes); };
    const auto put = [&](Index k, V v) { store_lanes(v, s.d_input + gate + k * n, lanes); };
    const V i = load(s.gates + gate), f = load(s.gates + gate + n), g = load(s.gates + gate + 2 * n),
            o = load(s.gates + gate + 3 * n), t = tanh(load(s.cell + at));
    const V dh = load(s.dy + at) + load(s.through + at);
    const V dc = load(s.beside + at) + apply(op::TanhGrad{}, dh * o, t);
    put(0, apply(op::SigmoidGrad{}, dc * g, i));
    put(1, apply(op::SigmoidGrad{}, dc * load(s.before + at), f));
    put(2, apply(op::TanhGrad{}, dc * i, g));
    put(3, apply(op::SigmoidGrad{}, dh * t, o));
    store_lanes(dc * f, s.beside + at, lanes);
  });
}

/// The gates r and z, and n = tanh(its input's part + r m), m being the state's part: h = n + z (h' - n).
template <class T>
void gru_step(const RecurrentStep<T>& step) noexcept {
  using V = Vec<T>;
  const RecurrentStep<T> s = step;
  each_unit<T>(s.rows, s.units, [=](Index row, Index j, Index lanes) FIGMENT_INLINE {
    const Index n = s.units, at = row * n + j, gate = 3 * row * n + j, kept = 4 * row * n + j;
    const auto in = [&](Index k) { return load_lanes(s.input + gate + k * n, lanes); };
    const auto state = [&](Index k) { return load_lanes(s.recurrent + gate + k * n, lanes); };
    const V r = apply(op::Sigmoid{}, in(0) + state(0)), z = apply(op::Sigmoid{}, in(1) + state(1)),
            m = state(2), c = tanh(fma(r, m, in(2)));
    store_lanes(r, s.gates + kept, lanes), store_lanes(z, s.gates + kept + n, lanes);
    store_lanes(c, s.gates + kept + 2 * n, lanes), store_lanes(m, s.gates + kept + 3 * n, lanes);
    store_lanes(fma(z, load_lanes(s.before + at, lanes) - c, c), s.hidden + at, lanes);
  });
}

/// dz = dh (h' - n) z (1 - z), dn = (dh - dh z) (1 - n^2), dr = dn m r (1 - r), dm = dn r, dh' = dh z.
template <class T>
void gru_step_gradient(const RecurrentStepGradient<T>& step) noexcept {
  using V = Vec<T>;
  const RecurrentStepGradient<T> s = step;
  each_unit<T>(s.rows, s.units, [=](Index row, Index j, Index lanes) FIGMENT_INLINE {
    const Index n = s.units, at = row * n + j, gate = 3 * row * n + j, kept = 4 * row * n + j;
    const auto load = [&](const T* p) { return load_lanes(p, lanes); };
    const V r = load(s.gates + kept), z = load(s.gates + kept + n), c = load(s.gates + kept + 2 * n),
            m = load(s.gates + kept + 3 * n);
    const V dh = load(s.dy + at) + load(s.through + at) + load(s.beside + at), past = dh * z;
    const V dn = apply(op::TanhGrad{}, dh - past, c), dr = apply(op::SigmoidGrad{}, dn * m, r),
            dz = apply(op::SigmoidGrad{}, dh * (load(s.before + at) - c), z);
    const auto put = [&](T* to, V third) {
      store_lanes(dr, to + gate, lanes), store_lanes(dz, to + gate + n, lanes);
      store_lanes(third, to + gate + 2 * n, lanes);
    };
    put(s.d_input, dn);
    put(s.d_recurrent, dn * r);
    store_lanes(past, s.beside + at, lanes);
  });
}

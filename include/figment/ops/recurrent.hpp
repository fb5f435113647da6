// Recurrent layers over a whole sequence, one operation each.
#pragma once

#include <array>
#include <vector>

#include "figment/autograd/recompute.hpp"
#include "figment/ops/matmul.hpp"

namespace figment {

namespace detail {

/// Throws unless x (L, N, gates units), weight (units, gates units) and the states (N, units) fit each other.
template <class T>
void check_recurrent(const char* op, Index gates, const Tensor<T>& x, const Tensor<T>& weight,
                     std::initializer_list<const Tensor<T>*> states) {
  ensure(weight.rank() == 2 && weight.dim(1) == gates * weight.dim(0),
         "{}: expected a recurrent weight (units, {} units), found {}", op, gates, weight.shape());
  ensure(x.rank() == 3 && x.dim(2) == weight.dim(1) && x.dim(0) >= 1,
         "{}: expected gates (L, N, {}) of 1 or more steps, found {}", op, weight.dim(1), x.shape());
  const Shape expected{x.dim(1), weight.dim(0)};
  for (const Tensor<T>* s : states)
    ensure(!s->defined() || s->shape() == expected, "{}: expected a state {}, found {}", op, expected,
           s->shape());
}

/// A state, or its stand-in of zeros.
template <class T>
Tensor<T> state_or_zeros(const Tensor<T>& state, Index rows, Index units) {
  return state.defined() ? state : Tensor<T>::zeros({rows, units});
}

/// c = a b + bias for rows of memory; `t` as of matmul, a (m, k) and b (k, n) when neither is transposed.
template <class T>
void product(Index m, Index n, Index k, const T* a, const T* b, T* c, Transpose t = {},
             const T* bias = nullptr) {
  kernels::MatmulArgs<T> args{};
  args.m = m, args.n = n, args.k = k;
  args.a = a, args.a_row = t.a ? 1 : k, args.a_col = t.a ? m : 1;
  args.b = b, args.b_row = t.b ? 1 : n, args.b_col = t.b ? k : 1;
  args.c = c, args.c_row = n, args.bias = bias;
  run_matmul(args);
}

/// Rows of a step that a thread is given at least: squashing a gate costs as much as many sums.
inline Index recurrent_grain(Index units) { return elementwise_grain / (16 * units + 1) + 1; }

/// The sum over the steps of (the state before)^T dz: of all but the first in one product, and of that one if
/// there was a state before it.
template <class T>
Tensor<T> recurrent_weight_gradient(const Tensor<T>& first, const Tensor<T>& states, const Tensor<T>& dz) {
  const Index steps = dz.dim(0), rows = dz.dim(1), wide = dz.dim(2), units = states.dim(2);
  Tensor<T> dw(Shape{units, wide});
  product(units, wide, (steps - 1) * rows, states.data(), dz.data() + rows * wide, dw.mutable_data(),
          {.a = true});
  if (!first.defined()) return dw;
  Tensor<T> begin(dw.shape());
  product(units, wide, rows, first.data(), dz.data(), begin.mutable_data(), {.a = true});
  kernels::binary(kernels::op::Add{}, dw.data(), 1, begin.data(), 1, dw.mutable_data(), dw.size());
  return dw;
}

/// Part k of the gates along the last axis.
template <class T>
Tensor<T> gate(const Tensor<T>& x, Index k, Index units) {
  return slice(x, -1, k * units, (k + 1) * units);
}

/// lstm in recorded operations, as (L + 1, N, units): last the cell.
template <class T>
Tensor<T> composed_lstm(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& hidden,
                        const Tensor<T>& cell) {
  const Index units = weight.dim(0);
  Tensor<T> h = hidden, c = state_or_zeros(cell, x.dim(1), units);
  std::vector<Tensor<T>> all;
  for (Index t = 0; t < x.dim(0); ++t) {
    const auto in = select(x, 0, t), z = h.defined() ? in + matmul(h, weight) : in;
    c = sigmoid(gate(z, 1, units)) * c + sigmoid(gate(z, 0, units)) * tanh(gate(z, 2, units));
    h = sigmoid(gate(z, 3, units)) * tanh(c);
    all.push_back(h);
  }
  all.push_back(c);
  return stack(all, 0);
}

/// gru in recorded operations.
template <class T>
Tensor<T> composed_gru(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                       const Tensor<T>& hidden) {
  const Index units = weight.dim(0);
  Tensor<T> h = state_or_zeros(hidden, x.dim(1), units);
  std::vector<Tensor<T>> all;
  for (Index t = 0; t < x.dim(0); ++t) {
    // Of no state before the first step the bias alone is left.
    const auto in = select(x, 0, t), none = Tensor<T>::zeros(in.shape());
    const auto state = t > 0 || hidden.defined() ? linear(h, weight, bias)
                       : bias.defined()          ? none + bias
                                                 : none;
    const auto r = sigmoid(gate(in, 0, units) + gate(state, 0, units));
    const auto z = sigmoid(gate(in, 1, units) + gate(state, 1, units));
    const auto n = tanh(gate(in, 2, units) + r * gate(state, 2, units));
    h = n + z * (h - n);
    all.push_back(h);
  }
  return stack(all, 0);
}

/// What a pass over a sequence leaves to its gradient.
template <class T>
struct RecurrentTape {
  Tensor<T> gates;  ///< (L, N, 4 units), or of one step where nothing is recorded
  Tensor<T> cells;  ///< (L, N, units), of an LSTM
};

/// The gradients of an LSTM, step by step from the last.
template <class T>
void fused_lstm_gradient(const Tensor<T>& first_h, const Tensor<T>& first_c, const Tensor<T>& weight,
                         const RecurrentTape<T>& tape, const Tensor<T>& states, const Tensor<T>& dy,
                         const Tensor<T>& d_last, InputGradients<T>& dx) {
  const Index steps = tape.gates.dim(0), rows = first_c.dim(0), units = first_c.dim(1), wide = 4 * units,
              part = rows * units;
  Tensor<T> dz(tape.gates.shape()), dh = Tensor<T>::zeros({rows, units}), dc = d_last.clone();
  T *const pz = dz.mutable_data(), *const ph = dh.mutable_data(), *const pc = dc.mutable_data();
  const Tensor<T> turned = transpose(weight.detach());  // once: each step reads it in its order
  for (Index t = steps; t-- > 0;) {
    const T* const before = t == 0 ? first_c.data() : tape.cells.data() + (t - 1) * part;
    parallel_for(rows, recurrent_grain(units), [&](Index begin, Index end) {
      const Index at = begin * units, gate_at = t * rows * wide + begin * wide;
      kernels::lstm_step_gradient<T>({end - begin, units, tape.gates.data() + gate_at, before + at,
                                      tape.cells.data() + t * part + at, dy.data() + t * part + at, ph + at,
                                      pc + at, pz + gate_at, nullptr});
    });
    if (t > 0 || dx.wants(2)) product(rows, units, wide, pz + t * rows * wide, turned.data(), ph);
  }
  dx(0, [&] { return dz; });
  dx(1, [&] { return recurrent_weight_gradient(first_h, states, dz); });
  dx(2, [&] { return dh; });
  dx(3, [&] { return dc; });
}

/// The gradients of a GRU, step by step from the last.
template <class T>
void fused_gru_gradient(const Tensor<T>& hidden, const Tensor<T>& weight, const RecurrentTape<T>& tape,
                        const Tensor<T>& states, const Tensor<T>& dy, InputGradients<T>& dx) {
  const Index steps = tape.gates.dim(0), rows = states.dim(1), units = states.dim(2), wide = 3 * units,
              part = rows * units;
  const Tensor<T> first_h = state_or_zeros(hidden, rows, units);
  Tensor<T> d_input(Shape{steps, rows, wide}), d_state(d_input.shape()),
      through = Tensor<T>::zeros({rows, units}), beside = Tensor<T>::zeros({rows, units});
  T *const pi = d_input.mutable_data(), *const ps = d_state.mutable_data();
  T *const pt = through.mutable_data(), *const pb = beside.mutable_data();
  const Tensor<T> turned = transpose(weight.detach());  // once: each step reads it in its order
  for (Index t = steps; t-- > 0;) {
    const T* const before = t == 0 ? first_h.data() : states.data() + (t - 1) * part;
    parallel_for(rows, recurrent_grain(units), [&](Index begin, Index end) {
      const Index at = begin * units, gate_at = t * rows * wide + begin * wide;
      kernels::gru_step_gradient<T>({end - begin, units, tape.gates.data() + 4 * (t * part + at), before + at,
                                     nullptr, dy.data() + t * part + at, pt + at, pb + at, pi + gate_at,
                                     ps + gate_at});
    });
    if (t > 0 || dx.wants(3)) product(rows, units, wide, ps + t * rows * wide, turned.data(), pt);
  }
  dx(0, [&] { return d_input; });
  dx(1, [&] { return recurrent_weight_gradient(hidden, states, d_state); });
  dx(2, [&] { return d_state; });  // summed over steps and batch by the engine
  dx(3, [&] { return through + beside; });
}

}  // namespace detail

/// A long short-term memory over a sequence (Hochreiter and Schmidhuber, 1997, with forget gates): x (L, N, 4
/// units) is the input's part of the gates at each step, biases in it; weight (units, 4 units) makes the
/// state's part; hidden and cell (N, units) are the state before, zeros where undefined. With i, f, g, o =
/// sigmoid, sigmoid, tanh, sigmoid of the four parts of x[t] + h W, as PyTorch orders them: c = f c + i g,
/// h = o tanh(c). Gives h after each step, (L, N, units), and the last c, (N, units).
template <detail::Real T>
std::array<Tensor<T>, 2> lstm(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& hidden = {},
                              const Tensor<T>& cell = {}) {
  detail::check_recurrent("lstm", 4, x, weight, {&hidden, &cell});
  const Index steps = x.dim(0), rows = x.dim(1), units = weight.dim(0), part = rows * units;
  const Index keep = recording(x, weight, hidden, cell) ? 1 : 0;
  const Tensor<T> first_c = detail::state_or_zeros(cell, rows, units);
  detail::RecurrentTape<T> tape{Tensor<T>(Shape{keep ? steps : 1, rows, 4 * units}),
                                Tensor<T>(Shape{keep ? steps : 2, rows, units})};
  Tensor<T> y(Shape{steps, rows, units}), last(Shape{rows, units}), state(Shape{rows, 4 * units});
  T *const out = y.mutable_data(), *const z = state.mutable_data();
  T *const gates = tape.gates.mutable_data(), *const cells = tape.cells.mutable_data();
  const T *h = hidden.data(), *c = first_c.data();
  for (Index t = 0; t < steps; ++t) {
    const bool none = t == 0 && !hidden.defined();
    detail::product(rows, 4 * units, none ? 0 : units, h, weight.data(), z);
    T* const next = cells + (keep ? t : t % 2) * part;
    parallel_for(rows, detail::recurrent_grain(units), [&](Index begin, Index end) {
      const Index at = begin * units;
      kernels::lstm_step<T>({end - begin, units, x.data() + 4 * (t * part + at), z + 4 * at, c + at,
                             gates + 4 * (keep * t * part + at), out + t * part + at, next + at});
    });
    h = out + t * part, c = next;
  }
  std::copy_n(c, part, last.mutable_data());
  return record("lstm", {x, weight, hidden, cell}, std::array{std::move(y), std::move(last)},
                [tape](auto& s, auto& dy, auto& dx) {
                  const auto &in = s.in(0), &w = s.in(1), &h0 = s.in(2), &c0 = s.in(3);
                  const Tensor<T> dh = dy[0], dc = dy[1];
                  if (recording(dh, dc, in, w, h0, c0))
                    return detail::recomputed_gradients(
                        s, concat({dh, unsqueeze(dc, 0)}, 0), dx,
                        [](const Tensor<T>* a) { return detail::composed_lstm(a[0], a[1], a[2], a[3]); });
                  detail::fused_lstm_gradient(h0, detail::state_or_zeros(c0, in.dim(1), w.dim(0)), w, tape,
                                              s.constant_out(0), dh, dc, dx);
                });
}

/// A gated recurrent unit over a sequence (Cho et al., 2014), the reset gate after the product, as PyTorch
/// has it: x (L, N, 3 units) is the input's part of the gates at each step, its biases in it; weight (units,
/// 3 units) and bias (3 units,), or undefined, make the state's part; hidden (N, units) is the state before,
/// zeros where undefined. With r and z the sigmoids of the first two sums and n = tanh(x_n + r (h W + b)_n):
/// h = (1 - z) n + z h. Gives h after each step, (L, N, units).
template <detail::Real T>
Tensor<T> gru(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias = {},
              const Tensor<T>& hidden = {}) {
  detail::check_recurrent("gru", 3, x, weight, {&hidden});
  ensure(!bias.defined() || bias.shape() == Shape{weight.dim(1)}, "gru: bias {} for recurrent weight {}",
         bias.shape(), weight.shape());
  const Index steps = x.dim(0), rows = x.dim(1), units = weight.dim(0), part = rows * units;
  const Index keep = recording(x, weight, bias, hidden) ? 1 : 0;
  const Tensor<T> first_h = detail::state_or_zeros(hidden, rows, units);
  detail::RecurrentTape<T> tape{Tensor<T>(Shape{keep ? steps : 1, rows, 4 * units}), {}};
  Tensor<T> y(Shape{steps, rows, units}), state(Shape{rows, 3 * units});
  T *const out = y.mutable_data(), *const z = state.mutable_data(), *const gates = tape.gates.mutable_data();
  const T* h = first_h.data();
  for (Index t = 0; t < steps; ++t) {
    const bool none = t == 0 && !hidden.defined();
    detail::product(rows, 3 * units, none ? 0 : units, h, weight.data(), z, {}, bias.data());
    parallel_for(rows, detail::recurrent_grain(units), [&](Index begin, Index end) {
      const Index at = begin * units;
      kernels::gru_step<T>({end - begin, units, x.data() + 3 * (t * part + at), z + 3 * at, h + at,
                            gates + 4 * (keep * t * part + at), out + t * part + at});
    });
    h = out + t * part;
  }
  return record("gru", {x, weight, bias, hidden}, std::move(y), [tape](auto& s, auto& dy, auto& dx) {
    const auto &in = s.in(0), &w = s.in(1), &b = s.in(2), &h0 = s.in(3);
    if (recording(dy, in, w, b, h0))
      return detail::recomputed_gradients(
          s, dy, dx, [](const Tensor<T>* a) { return detail::composed_gru(a[0], a[1], a[2], a[3]); });
    detail::fused_gru_gradient(h0, w, tape, s.constant_out(), dy, dx);
  });
}

}  // namespace figment

// Rows of ops/recurrent.hpp.
#pragma once

#include "figment/ops/recurrent.hpp"
#include "support/op_case.hpp"

namespace test {

namespace detail {

inline double squashed(double x) { return 1 / (1 + std::exp(-x)); }

/// Element (row, column) of h w + bias, h being a row of states.
inline double recurrent_sum(const std::vector<double>& h, const Tensor<double>& w, const double* bias,
                            Index row, Index column) {
  double s = bias ? bias[column] : 0;
  for (Index k = 0; k < w.dim(0); ++k) s += h[static_cast<std::size_t>(row * w.dim(0) + k)] * w(k, column);
  return s;
}

inline std::vector<double> first_state(Inputs<double> in, std::size_t at, Index size) {
  if (at < in.size()) return {in[at].values().begin(), in[at].values().end()};
  return std::vector<double>(static_cast<std::size_t>(size));
}

/// x, weight and perhaps the states.
inline Tensor<double> lstm_reference(Inputs<double> in) {
  const Index steps = in[0].dim(0), rows = in[0].dim(1), units = in[1].dim(0);
  std::vector<double> h = first_state(in, 2, rows * units), c = first_state(in, 3, rows * units), all;
  for (Index t = 0; t < steps; ++t) {
    const std::vector<double> before = h;
    for (Index r = 0; r < rows; ++r)
      for (Index j = 0; j < units; ++j) {
        const auto z = [&](Index gate) {
          return in[0](t, r, gate * units + j) + recurrent_sum(before, in[1], nullptr, r, gate * units + j);
        };
        const auto at = static_cast<std::size_t>(r * units + j);
        c[at] = squashed(z(1)) * c[at] + squashed(z(0)) * std::tanh(z(2));
        h[at] = squashed(z(3)) * std::tanh(c[at]);
      }
    all.insert(all.end(), h.begin(), h.end());
  }
  all.insert(all.end(), c.begin(), c.end());
  return Tensor<double>({steps + 1, rows, units}, all);
}

/// x, weight and perhaps the bias and the state.
inline Tensor<double> gru_reference(Inputs<double> in) {
  const Index steps = in[0].dim(0), rows = in[0].dim(1), units = in[1].dim(0);
  std::vector<double> h = first_state(in, 3, rows * units), all;
  const double* const bias = in.size() > 2 ? in[2].data() : nullptr;
  for (Index t = 0; t < steps; ++t) {
    const std::vector<double> before = h;
    for (Index r = 0; r < rows; ++r)
      for (Index j = 0; j < units; ++j) {
        const auto x = [&](Index gate) { return in[0](t, r, gate * units + j); };
        const auto s = [&](Index gate) { return recurrent_sum(before, in[1], bias, r, gate * units + j); };
        const auto at = static_cast<std::size_t>(r * units + j);
        const double z = squashed(x(1) + s(1)), n = std::tanh(x(2) + squashed(x(0) + s(0)) * s(2));
        h[at] = (1 - z) * n + z * h[at];
      }
    all.insert(all.end(), h.begin(), h.end());
  }
  return Tensor<double>({steps, rows, units}, all);
}

}  // namespace detail

inline void recurrent_cases(OpCases& c) {
  const auto row = [&](bool cell, Index steps, Index rows, Index units, bool given) {
    const Index wide = (cell ? 4 : 3) * units;
    std::vector<Tensor<double>> inputs{random({steps, rows, wide}, {-1, 1}, 1),
                                       random({units, wide}, {-1, 1}, 2)};
    if (given) {
      if (!cell) inputs.push_back(random({wide}, {-1, 1}, 3));
      inputs.push_back(random({rows, units}, {-1, 1}, 4));
      if (cell) inputs.push_back(random({rows, units}, {-1, 1}, 5));
    }
    OpCase& added = cell ? c.add(
                               "lstm", "", inputs,
                               [](const auto& in) {
                                 const auto [h, last] =
                                     in.size() > 2 ? lstm(in[0], in[1], in[2], in[3]) : lstm(in[0], in[1]);
                                 return figment::concat({h, unsqueeze(last, 0)}, 0);
                               },
                               detail::lstm_reference)
                         : c.add(
                               "gru", "", inputs,
                               [](const auto& in) {
                                 return in.size() > 2 ? gru(in[0], in[1], in[2], in[3]) : gru(in[0], in[1]);
                               },
                               detail::gru_reference);
    added.differences = steps * rows * units < 40;
    // Each step squashes sums of as many terms as there are units, and hands its error on.
    added.error = 16 * static_cast<double>(steps) + 2 * static_cast<double>(units);
  };
  for (const bool cell : {true, false})
    for (const bool given : {true, false}) {
      row(cell, 1, 1, 1, given);
      row(cell, 3, 2, 3, given);
      row(cell, 2, 0, 3, given);
      row(cell, 2, 3, 0, given);
      row(cell, 5, 7, 19, given);    // beyond one vector
      row(cell, 3, 70, 130, given);  // more than one thread
    }
}

}  // namespace test

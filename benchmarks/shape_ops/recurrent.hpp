// Recurrent networks as one writes them with the public operations: 28 rows of 28 pixels, 128 images, 256
// units.
#pragma once

#include "shape_ops/case.hpp"

namespace shape_ops {

inline constexpr Index units = 256, sequences = 128, steps = 28;

/// x (N, 28, 28), w (28, k units), u (units, k units), b (k units), to the last state (N, units).
inline Tensor<float> lstm(const Inputs& in) {
  namespace f = figment;
  auto h = Tensor<float>::zeros({in[0].dim(0), units}), c = h;
  for (Index t = 0; t < steps; ++t) {
    const auto z = f::matmul(f::select(in[0], 1, t), in[1]) + f::matmul(h, in[2]) + in[3];
    const auto gate = [&](Index i) { return f::slice(z, 1, i * units, (i + 1) * units); };
    c = f::sigmoid(gate(1)) * c + f::sigmoid(gate(0)) * f::tanh(gate(2));
    h = f::sigmoid(gate(3)) * f::tanh(c);
  }
  return h;
}
inline Tensor<float> gru(const Inputs& in) {
  namespace f = figment;
  auto h = Tensor<float>::zeros({in[0].dim(0), units});
  for (Index t = 0; t < steps; ++t) {
    const auto x = f::matmul(f::select(in[0], 1, t), in[1]) + in[3], s = f::matmul(h, in[2]);
    const auto gate = [&](auto& of, Index i) { return f::slice(of, 1, i * units, (i + 1) * units); };
    const auto r = f::sigmoid(gate(x, 0) + gate(s, 0)), u = f::sigmoid(gate(x, 1) + gate(s, 1));
    const auto candidate = f::tanh(gate(x, 2) + r * gate(s, 2));
    h = candidate + u * (h - candidate);
  }
  return h;
}

/// One unit after the other, in double; `gates` is 4 for an LSTM and 3 for a GRU.
inline Tensor<double> recurrent_exact(const Wide& in, Index gates) {
  const Index n = in[0].dim(0), width = gates * units;
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  auto y = Tensor<double>::zeros({n, units});
  for (Index s = 0; s < n; ++s) {
    double* h = y.mutable_data() + s * units;
    std::vector<double> c(units, 0.0);
    for (Index t = 0; t < steps; ++t) {
      std::vector<double> x(in[3].values().begin(), in[3].values().end()), r(x.size(), 0.0);
      for (Index i = 0; i < 28; ++i)
        for (Index j = 0; j < width; ++j)
          x[static_cast<std::size_t>(j)] +=
              in[0].data()[(s * steps + t) * 28 + i] * in[1].data()[i * width + j];
      for (Index i = 0; i < units; ++i)
        for (Index j = 0; j < width; ++j)
          r[static_cast<std::size_t>(j)] += h[i] * in[2].data()[i * width + j];
      for (Index i = 0; i < units; ++i) {
        const auto at = [&](const std::vector<double>& v, Index g) {
          return v[static_cast<std::size_t>(g * units + i)];
        };
        const auto z = [&](Index g) { return at(x, g) + at(r, g); };
        if (gates == 4) {
          double& cell = c[static_cast<std::size_t>(i)];
          cell = sigmoid(z(1)) * cell + sigmoid(z(0)) * std::tanh(z(2));
          h[i] = sigmoid(z(3)) * std::tanh(cell);
        } else {
          const double candidate = std::tanh(at(x, 2) + sigmoid(z(0)) * at(r, 2));
          h[i] = candidate + sigmoid(z(1)) * (h[i] - candidate);
        }
      }
    }
  }
  return y;
}

inline std::vector<Case> recurrent_cases() {
  const auto make = [](const char* name, Index gates, auto run) {
    const Index width = gates * units;
    const auto x = figment::Rng(1).uniform<float>({sequences, steps, 28});
    return Case{
        name,
        {x, normal({28, width}, 2) * 0.1f, normal({units, width}, 3) * 0.05f, normal({width}, 4) * 0.1f},
        [=](const Inputs& in) { return run(in); },
        [=](const Wide& in) { return recurrent_exact(in, gates); },
        64};
  };
  return {make("lstm 28 steps", 4, lstm), make("gru 28 steps", 3, gru)};
}

}  // namespace shape_ops

// Numbers too many to store beside golden values: both sides compute them from their positions.
#pragma once

#include <cmath>

#include "figment/nn/module.hpp"

namespace test {

/// Numbers in [-limit, limit) from a 32-bit hash of key and position, as golden/make_trajectories.py has
/// them.
inline figment::Tensor<float> fixed(std::uint32_t key, const figment::Shape& shape, double limit) {
  figment::Tensor<float> t(shape);
  float* out = t.mutable_data();
  for (figment::Index i = 0; i < t.size(); ++i) {
    std::uint32_t x = static_cast<std::uint32_t>(i) * 2654435761u + key * 40503u + 12345u;
    for (int round = 0; round < 2; ++round) x = (x ^ (x >> 16)) * 0x45d9f3bu;
    x ^= x >> 16;
    out[i] = static_cast<float>((static_cast<double>(x) * 0x1p-31 - 1) * limit);
  }
  return t;
}

/// Of mean 0 and variance 1.
inline figment::Tensor<float> fixed_noise(figment::Index draw, const figment::Shape& shape) {
  return fixed(1000 + static_cast<std::uint32_t>(draw), shape, std::sqrt(3.0));
}

/// Sets a model's parameters: weights as wide as Glorot's, biases within 0.1 of 0 and batch norm's scales of
/// 1.
template <class Model>
void fix_weights(Model& model) {
  std::uint32_t key = 0;
  figment::for_each_tensor(model, [&](const std::string& path, auto& p, bool trainable) {
    if (!trainable) return;
    const figment::Shape& s = p.shape();
    double limit = 0.1;
    if (s.rank() >= 2) {
      const figment::Index taps = s.size() / (s[-2] * s[-1]);
      limit = std::sqrt(6 / static_cast<double>(taps * (s[-2] + s[-1])));
    }
    auto values = fixed(key++, s, limit);
    if (path.ends_with("gamma"))
      for (figment::Index i = 0; i < values.size(); ++i) values.mutable_data()[i] += 1;
    p.copy_from(values);
  });
}

}  // namespace test

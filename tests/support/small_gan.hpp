// A GAN small enough to look at every weight after every step.
#pragma once

#include "figment/nn/linear.hpp"
#include "figment/nn/sequential.hpp"
#include "figment/optim/sgd.hpp"
#include "figment/train/fit_gan.hpp"
#include "support/compare.hpp"

namespace test {

struct Batch {
  figment::Tensor<float> x;
  figment::Indices labels{};
  figment::Index size() const { return x.dim(0); }
};

/// The same batches every epoch.
struct Batches {
  std::vector<Batch> list;
  auto begin() const { return list.begin(); }
  auto end() const { return list.end(); }
  figment::Index batches() const { return static_cast<figment::Index>(list.size()); }
};

/// Batches of samples (size, 3) and labels 0, 1, 2, 0, 1, ….
inline Batches batches(const std::vector<figment::Index>& sizes) {
  figment::Rng rng(1);
  Batches b;
  for (const figment::Index n : sizes) {
    figment::Indices labels(figment::Shape{n});
    for (figment::Index i = 0; i < n; ++i) labels.mutable_data()[i] = static_cast<std::int32_t>(i % 3);
    b.list.push_back({rng.normal({n, 3}), labels});
  }
  return b;
}

using Net = figment::Sequential<float>;

/// Two layers each, from noise of 2 to samples of 3, with its optimisers.
struct Small {
  figment::Gan<Net, Net> gan;
  figment::Sgd<float> generator, discriminator;

  explicit Small(figment::GanOptions options = {}, double rate = 0.1, double d_rate = 0.1)
      : gan(make(options)),
        generator(figment::parameters(gan.generator), {.rate = rate}),
        discriminator(figment::parameters(gan.discriminator), {.rate = d_rate}) {}

  static figment::Gan<Net, Net> make(figment::GanOptions options) {
    figment::Rng rng(2);
    const figment::LinearOptions relu{.activation = figment::Activation::relu};
    const figment::Index c = options.classes;
    Net g{figment::Linear(2 + c, 8, rng, relu), figment::Linear(8, 3, rng)},
        d{figment::Linear(3 + c, 8, rng, relu), figment::Linear(8, 1, rng)};
    return {std::move(g), std::move(d), 2, options};
  }
  template <class B>
  figment::History fit(B& b, figment::FitOptions options = {}) {
    return figment::fit(gan, generator, discriminator, b, options);
  }
};

/// Copies of a network's parameters.
inline std::vector<figment::Tensor<float>> values(Net& net) {
  std::vector<figment::Tensor<float>> list;
  for (const auto& p : figment::parameters(net)) list.push_back(p.clone());
  return list;
}
/// The same bits.
inline bool same(const std::vector<figment::Tensor<float>>& a, const std::vector<figment::Tensor<float>>& b) {
  bool all = a.size() == b.size();
  for (std::size_t i = 0; all && i < a.size(); ++i) all = bit_difference(a[i], b[i]).empty();
  return all;
}

/// Every order of the updates.
inline const figment::GanOptions every_way[] = {
    {},
    {.batches = figment::RealAndFake::joined},
    {.batches = figment::RealAndFake::apart},
    {.simultaneous = true},
    {.batches = figment::RealAndFake::joined, .simultaneous = true},
};

}  // namespace test

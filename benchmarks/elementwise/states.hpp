// Batch norm, and the optimisers' updates.
#pragma once

#include <memory>

#include "elementwise/case.hpp"

namespace elementwise {

/// A channel's mean and biased variance, in double.
struct Moments {
  double mean = 0, var = 0;
  Moments(const Tensor<float>& x, Index channel) {
    const Index channels = x.dim(-1), count = x.size() / channels;
    for (Index r = 0; r < count; ++r)
      mean += wide(x.data()[r * channels + channel]) / static_cast<double>(count);
    for (Index r = 0; r < count; ++r)
      var += std::pow(wide(x.data()[r * channels + channel]) - mean, 2) / static_cast<double>(count);
  }
};

inline constexpr double norm_epsilon = 1e-3;

inline std::vector<Case> norm_cases(Index channels) {
  const auto input = [channels](Index n) {
    return figment::Rng(1).normal<float>({n / channels, channels}, 1, 2);
  };
  const Case moments{figment::format("moments {}", channels), 1, [=](Index n) {
                       auto x = input(n);
                       auto y = std::make_shared<figment::BatchMoments<float>>();
                       auto z = std::make_shared<Tensor<float>>(figment::Shape{2, channels});
                       return Run{[=] { *y = figment::batch_moments(x); },
                                  [=] {
                                    const auto in = rows(x);
                                    Rows out(z->mutable_data(), 2, channels);
                                    out.row(0) = in.colwise().mean();
                                    out.row(1) = (in.rowwise() - out.row(0)).square().colwise().mean();
                                  },
                                  [=] {
                                    for (Index c = 0; c < channels; ++c) {
                                      const Moments exact(x, c);
                                      require("mean", c, y->mean(c), exact.mean, 4);
                                      require("variance", c, y->var(c), exact.var, 32);
                                    }
                                  }};
                     }};
  // Twice through the input, once through the output.
  const Case forward{
      figment::format("batch_norm {}", channels), 3, [=](Index n) {
        auto x = input(n);
        const auto gamma = Tensor<float>::full({channels}, 1.5f);
        const auto beta = Tensor<float>::full({channels}, 0.5f);
        auto y = std::make_shared<Tensor<float>>(), z = std::make_shared<Tensor<float>>(x.shape());
        return Run{
            [=] {
              *y = Tensor<float>();
              *y = figment::batch_norm(x, gamma, beta, norm_epsilon);
            },
            [=] {
              const auto in = rows(x);
              const Eigen::Array<float, 1, Eigen::Dynamic> mean = in.colwise().mean();
              const Eigen::Array<float, 1, Eigen::Dynamic> scale =
                  1.5f /
                  ((in.rowwise() - mean).square().colwise().mean() + static_cast<float>(norm_epsilon)).sqrt();
              Rows(z->mutable_data(), in.rows(), channels) = ((in.rowwise() - mean).rowwise() * scale) + 0.5f;
            },
            [=] {
              const Moments exact(x, 1 % channels);
              places(x.dim(0), [&](Index r) {
                const double xh =
                    (wide(x(r, 1 % channels)) - exact.mean) / std::sqrt(exact.var + norm_epsilon);
                require("batch_norm", r, (*y)(r, 1 % channels), 1.5 * xh + 0.5, 32);
              });
            }};
      }};
  // Twice through the input and dy, once through dx.
  const Case backward{
      figment::format("batch_norm grad {}", channels), 5,
      [=](Index n) {
        const auto x = figment::parameter(input(n));
        const auto gamma = figment::parameter(Tensor<float>::full({channels}, 1.5f));
        const auto beta = figment::parameter(Tensor<float>::zeros({channels}));
        const auto dy = figment::Rng(2).normal<float>(x.shape());
        const auto y = figment::batch_norm(x, gamma, beta, norm_epsilon);
        auto g = std::make_shared<figment::TensorList<float>>();
        return Run{
            [=] {
              g->clear();
              *g = figment::vjp(y, dy, std::vector{x, gamma, beta});
            },
            {},
            [=] {
              const Index c = 1 % channels, count = x.dim(0);
              const Moments exact(x, c);
              const double r = 1 / std::sqrt(exact.var + norm_epsilon);
              double sum = 0, along = 0, size = 0;
              const auto xh = [&](Index i) { return (wide(x(i, c)) - exact.mean) * r; };
              for (Index i = 0; i < count; ++i)
                sum += wide(dy(i, c)), along += wide(dy(i, c)) * xh(i), size += std::abs(wide(dy(i, c)));
              // Sums of numbers of either sign: rounded at the size of the numbers' own sum.
              require("dgamma", c, (*g)[1](c), along, 8 * size);
              require("dbeta", c, (*g)[2](c), sum, 8 * size);
              const double m = static_cast<double>(count);
              places(count, [&](Index i) {
                require("dx", i, (*g)[0](i, c), 1.5 * r * (wide(dy(i, c)) - sum / m - xh(i) * along / m), 32);
              });
            }};
      },
      ""};
  return {moments, forward, backward};
}

/// One step of an optimiser; the state arrays keep their values from step to step.
template <class Make, class Peer, class Exact>
Case update(const std::string& name, double arrays, Make make, Peer peer, Exact exact) {
  return {name, arrays, [=](Index n) {
            const auto w = figment::parameter(figment::Rng(1).normal<float>({n}));
            const auto g = figment::Rng(2).normal<float>({n});
            const auto before = w.clone();
            auto optimizer = make(figment::TensorList<float>{w});
            auto z = std::make_shared<Tensor<float>>(Tensor<float>::zeros({3, n}));
            return Run{[=] { optimizer->step(std::vector{g}); },
                       [=] {
                         float* p = z->mutable_data();
                         peer(Array(p, n), array(g), Array(p + n, n), Array(p + 2 * n, n));
                       },
                       [=] {  // after the first step
                         places(n, [&](Index i) {
                           require(name, i, w.data()[i], exact(wide(before.data()[i]), wide(g.data()[i])), 4);
                         });
                       }};
          }};
}

inline std::vector<Case> update_cases() {
  namespace f = figment;
  return {
      update(
          "sgd", 3,
          [](auto list) { return std::make_shared<f::Sgd<float>>(list, f::SgdOptions{.rate = 0.1}); },
          [](auto w, const auto& g, auto, auto) { w -= 0.1f * g; },
          [](double w, double g) { return w - 0.1 * g; }),
      update(
          "rmsprop", 5,
          [](auto list) {
            return std::make_shared<f::RmsProp<float>>(list, f::RmsPropOptions{.rate = 1e-3});
          },
          [](auto w, const auto& g, auto s, auto) {
            s = 0.9f * s + 0.1f * g.square();
            w -= 1e-3f * g / (s.sqrt() + 1e-7f);
          },
          [](double w, double g) { return w - 1e-3 * g / (std::sqrt(0.1 * g * g) + 1e-7); }),
      update(
          "adam", 7,
          [](auto list) { return std::make_shared<f::Adam<float>>(list, f::AdamOptions{.rate = 1e-3}); },
          [](auto w, const auto& g, auto s, auto t) {
            s = 0.9f * s + 0.1f * g;
            t = 0.999f * t + 0.001f * g.square();
            w -= 1e-3f * (s * 10.0f) / ((t * 1000.0f).sqrt() + 1e-7f);
          },
          [](double w, double g) { return w - 1e-3 * g / (std::abs(g) + 1e-7); }),
  };
}

}  // namespace elementwise

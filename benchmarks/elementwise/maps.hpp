// Operations that make one array of others, element by element, and random fills.
#pragma once

#include <memory>
#include <random>

#include "elementwise/case.hpp"

namespace elementwise {

/// y = f(x) for x of a range: our operation, Eigen's expression, the exact function, and the units allowed.
template <class Ours, class Peer, class Exact>
Case unary(const std::string& name, float low, float high, Ours ours, Peer peer, Exact exact,
           double units = 4) {
  return {name, 2, [=](Index n) {
            auto x = figment::Rng(1).uniform<float>({n}, low, high);
            auto y = std::make_shared<Tensor<float>>(),
                 z = std::make_shared<Tensor<float>>(figment::Shape{n});
            return Run{[=] {
                         *y = Tensor<float>();  // so that its memory is used again
                         *y = ours(x);
                       },
                       [=] { Array(z->mutable_data(), n) = peer(array(x)); },
                       [=] {
                         places(n, [&](Index i) {
                           require(name, i, y->data()[i], exact(wide(x.data()[i])), units);
                         });
                       }};
          }};
}

template <class Ours, class Peer, class Exact>
Case binary(const std::string& name, Ours ours, Peer peer, Exact exact) {
  return {
      name, 3, [=](Index n) {
        auto a = figment::Rng(1).uniform<float>({n}, -2, 2), b = figment::Rng(2).uniform<float>({n}, -2, 2);
        auto y = std::make_shared<Tensor<float>>(), z = std::make_shared<Tensor<float>>(figment::Shape{n});
        return Run{[=] {
                     *y = Tensor<float>();
                     *y = ours(a, b);
                   },
                   [=] { Array(z->mutable_data(), n) = peer(array(a), array(b)); },
                   [=] {
                     places(n, [&](Index i) {
                       require(name, i, y->data()[i], exact(wide(a.data()[i]), wide(b.data()[i])), 1);
                     });
                   }};
      }};
}

/// A fill: the mean and the deviation of what it gives, within six standard errors.
template <class Ours, class Peer>
Case fill(const std::string& name, double arrays, double mean, double deviation, Ours ours, Peer peer,
          const char* peer_name) {
  return {name, arrays,
          [=](Index n) {
            auto rng = std::make_shared<figment::Rng>(1);
            const auto x = Tensor<float>::ones({n});
            auto y = std::make_shared<Tensor<float>>(),
                 z = std::make_shared<Tensor<float>>(figment::Shape{n});
            Run run{[=] {
                      *y = Tensor<float>();
                      *y = ours(*rng, x);
                    },
                    {},
                    [=] {
                      double sum = 0, squares = 0;
                      for (float v : y->values()) sum += wide(v), squares += wide(v) * wide(v);
                      const double count = static_cast<double>(n), m = sum / count;
                      const double d = std::sqrt(squares / count - m * m),
                                   error = 6 * deviation / std::sqrt(count);
                      figment::ensure(std::abs(m - mean) < error && std::abs(d - deviation) < error,
                                      "{}: mean {} and deviation {}, expected {} and {}", name, m, d, mean,
                                      deviation);
                    }};
            if constexpr (!std::is_same_v<Peer, std::nullptr_t>)
              run.peer = [=] { peer(z->mutable_data(), n); };
            return run;
          },
          peer_name};
}

inline std::vector<Case> map_cases() {
  namespace f = figment;
  const auto sigmoid_of = [](double x) { return 1 / (1 + std::exp(-x)); };
  std::vector<Case> list{
      unary(
          "relu", -2, 2, [](auto& x) { return f::relu(x); }, [](const auto& x) { return x.max(0.0f); },
          [](double x) { return std::max(x, 0.0); }, 0),
      unary(
          "leaky_relu", -2, 2, [](auto& x) { return f::leaky_relu(x, 0.2); },
          [](const auto& x) { return x.max(x * 0.2f); }, [](double x) { return x > 0 ? x : 0.2 * x; }, 1),
      unary(
          "exp", -10, 10, [](auto& x) { return f::exp(x); }, [](const auto& x) { return x.exp(); },
          [](double x) { return std::exp(x); }),
      unary(
          "log", 1e-3f, 100, [](auto& x) { return f::log(x); }, [](const auto& x) { return x.log(); },
          [](double x) { return std::log(x); }),
      unary(
          "tanh", -4, 4, [](auto& x) { return f::tanh(x); }, [](const auto& x) { return x.tanh(); },
          [](double x) { return std::tanh(x); }),
      unary(
          "sigmoid", -8, 8, [](auto& x) { return f::sigmoid(x); }, [](const auto& x) { return x.logistic(); },
          sigmoid_of),
      unary(
          "softplus", -8, 8, [](auto& x) { return f::softplus(x); },
          [](const auto& x) { return x.max(0.0f) + (-x.abs()).exp().log1p(); },
          [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }),
      unary(
          "sqrt", 0, 100, [](auto& x) { return f::sqrt(x); }, [](const auto& x) { return x.sqrt(); },
          [](double x) { return std::sqrt(x); }, 1),
      unary(
          "gelu_tanh", -4, 4, [](auto& x) { return f::gelu_tanh(x); },
          [](const auto& x) { return 0.5f * x * (1 + (0.79788456f * (x + 0.044715f * x * x * x)).tanh()); },
          [](double x) {
            return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
          },
          8),
      binary(
          "add", [](auto& a, auto& b) { return a + b; }, [](const auto& a, const auto& b) { return a + b; },
          [](double a, double b) { return a + b; }),
      binary(
          "mul", [](auto& a, auto& b) { return a * b; }, [](const auto& a, const auto& b) { return a * b; },
          [](double a, double b) { return a * b; }),
  };

  // Eigen's Random() is std::rand.
  list.push_back(fill(
      "uniform", 1, 0.5, std::sqrt(1 / 12.0), [](f::Rng& r, auto& x) { return r.uniform(x.shape()); },
      [](float* y, Index n) { Array(y, n) = Eigen::ArrayXf::Random(n); }, "Eigen"));
  auto engine = std::make_shared<std::mt19937>(1);
  list.push_back(fill(
      "normal", 1, 0, 1, [](f::Rng& r, auto& x) { return r.normal(x.shape()); },
      [engine](float* y, Index n) {
        std::normal_distribution<float> normal;
        for (Index i = 0; i < n; ++i) y[i] = normal(*engine);
      },
      "std::"));
  list.push_back(fill(
      "dropout", 2, 1, std::sqrt(0.3 / 0.7),
      [](f::Rng& r, auto& x) { return f::Dropout(0.3).forward(x, {.training = true, .rng = &r}); }, nullptr,
      ""));
  return list;
}

}  // namespace elementwise

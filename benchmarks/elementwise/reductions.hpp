// Losses with their gradients, softmax, sums and batch norm.
#pragma once

#include <memory>

#include "elementwise/case.hpp"

namespace elementwise {

/// A loss of two arrays, and the gradient by the first or by both.
template <class Ours, class Peer, class Verify>
Case loss(const std::string& name, double arrays, float low, float high, Ours ours, Peer peer,
          Verify verify) {
  return {
      name, arrays, [=](Index n) {
        auto a = figment::parameter(figment::Rng(1).uniform<float>({n}, -3, 3));
        auto b = figment::parameter(figment::Rng(2).uniform<float>({n}, low, high));
        auto value = std::make_shared<float>(0.0f);
        auto g = std::make_shared<figment::TensorList<float>>();
        auto z = std::make_shared<Tensor<float>>(figment::Shape{2, n});
        return Run{
            [=] {
              g->clear();
              *value = ours(a, b, *g);
            },
            [=] { peer(array(a), array(b), Array(z->mutable_data(), n), Array(z->mutable_data() + n, n)); },
            [=] { verify(a, b, *value, *g); }};
      }};
}

/// Throws unless a loss is the sum that doubles give, up to the rounding of its chunks.
inline void require_sum(const std::string& name, float found, double expected) {
  figment::ensure(std::abs(wide(found) - expected) <= 1e-5 * std::abs(expected),
                  "{}: the sum is {}, expected {}", name, found, expected);
}

inline std::vector<Case> loss_cases() {
  namespace f = figment;
  using f::Reduction;
  const Case bce = loss(
      "bce+grad", 5, 0, 1,
      [](auto& x, auto& t, auto& g) {
        const auto y = f::bce_with_logits(x, t, Reduction::sum);
        g = f::grad(y, {x});
        return y.item();
      },
      [](const auto& x, const auto& t, auto g, auto) {
        volatile float keep = (x.max(0.0f) - x * t + (-x.abs()).exp().log1p()).sum();
        (void)keep;
        g = x.logistic() - t;
      },
      [](auto& x, auto& t, float value, auto& g) {
        double sum = 0;
        for (Index i = 0; i < x.size(); ++i) {
          const double v = wide(x.data()[i]);
          sum += std::max(v, 0.0) - v * wide(t.data()[i]) + std::log1p(std::exp(-std::abs(v)));
        }
        require_sum("bce_with_logits", value, sum);
        places(x.size(), [&](Index i) {
          require("bce_with_logits' gradient", i, g[0].data()[i],
                  1 / (1 + std::exp(-wide(x.data()[i]))) - wide(t.data()[i]), 4);
        });
      });
  const Case kl = loss(
      "gaussian_kl+grad", 6, -3, 3,
      [](auto& m, auto& lv, auto& g) {
        const auto y = f::gaussian_kl(m, lv, Reduction::sum);
        g = f::grad(y, {m, lv});
        return y.item();
      },
      [](const auto& m, const auto& lv, auto gm, auto glv) {
        volatile float keep = 0.5f * (lv.exp() + m.square() - 1 - lv).sum();
        (void)keep;
        gm = m;
        glv = 0.5f * (lv.exp() - 1);
      },
      [](auto& m, auto& lv, float value, auto& g) {
        double sum = 0;
        for (Index i = 0; i < m.size(); ++i) {
          const double v = wide(m.data()[i]), l = wide(lv.data()[i]);
          sum += 0.5 * (std::exp(l) + v * v - 1 - l);
        }
        require_sum("gaussian_kl", value, sum);
        places(m.size(), [&](Index i) {
          require("gaussian_kl by mean", i, g[0].data()[i], wide(m.data()[i]), 0);
          require("gaussian_kl by log_var", i, g[1].data()[i], 0.5 * (std::exp(wide(lv.data()[i])) - 1), 4);
        });
      });
  return {bce, kl};
}

/// The logarithm of a row's sum of exponentials.
inline double log_sum(const float* row, Index n) {
  double sum = 0;
  for (Index j = 0; j < n; ++j) sum += std::exp(wide(row[j]));
  return std::log(sum);
}

inline Case softmax_case(Index classes) {
  return {figment::format("softmax {}", classes), 2, [classes](Index n) {
            const figment::Shape shape{n / classes, classes};
            auto x = figment::Rng(1).uniform<float>(shape, -5, 5);
            auto y = std::make_shared<Tensor<float>>(), z = std::make_shared<Tensor<float>>(shape);
            return Run{[=] {
                         *y = Tensor<float>();
                         *y = figment::softmax(x);
                       },
                       [=] {
                         const auto in = rows(x);
                         Rows out(z->mutable_data(), in.rows(), classes);
                         for (Index r = 0; r < in.rows(); ++r) {
                           out.row(r) = (in.row(r) - in.row(r).maxCoeff()).exp();
                           out.row(r) /= out.row(r).sum();
                         }
                       },
                       [=] {
                         places(shape[0], [&](Index r) {
                           const float* p = x.data() + r * classes;
                           const double all = log_sum(p, classes);
                           for (Index j = 0; j < classes; ++j)
                             require("softmax", r * classes + j, (*y)(r, j), std::exp(wide(p[j]) - all), 8);
                         });
                       }};
          }};
}

inline Case cross_entropy_case(Index classes) {
  return {figment::format("cross_entropy+grad {}", classes), 3, [classes](Index n) {
            const Index count = n / classes;
            auto x = figment::parameter(figment::Rng(1).uniform<float>({count, classes}, -5, 5));
            figment::Indices labels({count});
            for (Index i = 0; i < count; ++i)
              labels.mutable_data()[i] = static_cast<std::int32_t>(i * 7 % classes);
            auto value = std::make_shared<float>(0.0f);
            auto g = std::make_shared<Tensor<float>>();
            auto z = std::make_shared<Tensor<float>>(x.shape());
            return Run{[=] {
                         *g = Tensor<float>();
                         const auto y = figment::cross_entropy(x, labels, figment::Reduction::sum);
                         *value = y.item();
                         *g = figment::grad(y, x);
                       },
                       [=] {
                         const auto in = rows(x);
                         Rows out(z->mutable_data(), count, classes);
                         volatile float keep = 0;
                         for (Index r = 0; r < count; ++r) {
                           const float m = in.row(r).maxCoeff();
                           out.row(r) = (in.row(r) - m).exp();
                           const float sum = out.row(r).sum();
                           out.row(r) /= sum;
                           keep = keep + std::log(sum) + m - in(r, labels.data()[r]);
                           out(r, labels.data()[r]) -= 1;
                         }
                       },
                       [=] {
                         double sum = 0;
                         for (Index r = 0; r < count; ++r)
                           sum += log_sum(x.data() + r * classes, classes) - wide(x(r, labels.data()[r]));
                         require_sum("cross_entropy", *value, sum);
                         places(count, [&](Index r) {
                           const double all = log_sum(x.data() + r * classes, classes);
                           for (Index j = 0; j < classes; ++j)
                             require("cross_entropy's gradient", r * classes + j, (*g)(r, j),
                                     std::exp(wide(x(r, j)) - all) - (j == labels.data()[r]), 8);
                         });
                       }};
          }};
}

inline std::vector<Case> sum_cases() {
  const Case all{"sum", 1, [](Index n) {
                   auto x = figment::Rng(1).uniform<float>({n}, 0, 1);
                   auto y = std::make_shared<float>(0.0f);
                   return Run{[=] { *y = figment::sum(x).item(); },
                              [=] {
                                volatile float keep = array(x).sum();
                                (void)keep;
                              },
                              [=] {
                                double sum = 0;
                                for (float v : x.values()) sum += wide(v);
                                require_sum("sum", *y, sum);
                              }};
                 }};
  const Case columns{"column sums 64", 1, [](Index n) {
                       auto x = figment::Rng(1).uniform<float>({n / 64, 64}, 0, 1);
                       auto y = std::make_shared<Tensor<float>>(),
                            z = std::make_shared<Tensor<float>>(figment::Shape{64});
                       return Run{[=] { *y = figment::sum(x, 0); },
                                  [=] { Rows(z->mutable_data(), 1, 64) = rows(x).colwise().sum(); },
                                  [=] {
                                    for (Index c = 0; c < 64; ++c) {
                                      double sum = 0;
                                      for (Index r = 0; r < x.dim(0); ++r) sum += wide(x(r, c));
                                      require_sum("column sums", (*y)(c), sum);
                                    }
                                  }};
                     }};
  return {all, columns};
}

}  // namespace elementwise

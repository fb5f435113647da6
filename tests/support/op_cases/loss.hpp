// Rows of ops/loss.hpp.
#pragma once

#include "figment/ops/loss.hpp"
#include "support/op_case.hpp"
#include "support/op_cases/shape.hpp"

namespace test {

/// A loss over every reduction. f(inputs, reduction); the reference gives the loss of one element.
template <class F>
void loss(OpCases& c, const std::string& op, const std::string& variant, const std::vector<Range>& ranges,
          F f, const std::function<double(const std::vector<double>&)>& element) {
  using figment::Reduction;
  const std::pair<const char*, Reduction> reductions[] = {{"none", Reduction::none},
                                                          {"mean", Reduction::mean},
                                                          {"sum", Reduction::sum},
                                                          {"batch_mean", Reduction::batch_mean}};
  for (const Shape& shape : {Shape{4, 5}, Shape{3, 2, 2}, Shape{7}, Shape{}, Shape{1, 1}, Shape{503, 301}})
    for (const auto& [name, reduction] : reductions) {
      std::vector<Tensor<double>> inputs;
      for (const Range& r : ranges) inputs.push_back(random(shape, r, inputs.size() + 1));
      OpCase& row = c.add(
          op, variant + (variant.empty() ? "" : " ") + name, inputs,
          [f, r = reduction](const auto& x) { return f(x, r); },
          [element, r = reduction](Inputs<double> x) {
            const Tensor<double> each = build(x[0].shape(), [&](const auto& i) {
              std::vector<double> values;
              for (const auto& input : x) values.push_back(at(input, i));
              return element(values);
            });
            if (r == Reduction::none) return each;
            double total = 0;
            for (double v : each.values()) total += v;
            const Index parts = r == Reduction::mean         ? each.size()
                                : r == Reduction::batch_mean ? (each.rank() ? each.dim(0) : 1)
                                                             : 1;
            return Tensor<double>::scalar(total / static_cast<double>(parts));
          });
      row.differences = shape.size() < 100;
      // 150,000 terms are added in runs of at most 4096 (a chunk over four sums).
      row.error = shape.size() < 100 ? 32 : 4096;
    }
}

inline void loss_cases(OpCases& c) {
  using Values = const std::vector<double>&;
  // On grids that keep |x - t| off 0 and off each delta: multiples of 1/4 plus 1/8.
  const Range grid{-2, 2, {}, 0.25, 0}, between{-2, 2, {}, 0.25, 0.125};
  loss(
      c, "mse", "", {{}, {}}, [](auto& x, auto r) { return mse(x[0], x[1], r); },
      [](Values v) { return (v[0] - v[1]) * (v[0] - v[1]); });
  loss(
      c, "mae", "", {grid, between}, [](auto& x, auto r) { return mae(x[0], x[1], r); },
      [](Values v) { return std::abs(v[0] - v[1]); });
  for (double delta : {0.5, 1.0})
    loss(
        c, "huber", "delta " + std::to_string(delta), {grid, between},
        [delta](auto& x, auto r) { return huber(x[0], x[1], delta, r); },
        [delta](Values v) {
          const double d = std::abs(v[0] - v[1]);
          return d <= delta ? d * d / 2 : delta * (d - delta / 2);
        });
  loss(
      c, "bce", "", {{0.1, 0.9}, {0, 1}}, [](auto& x, auto r) { return bce(x[0], x[1], r); },
      [](Values v) { return -v[1] * std::log(v[0]) - (1 - v[1]) * std::log(1 - v[0]); });
  loss(
      c, "bce_with_logits", "", {{-4, 4}, {0, 1}},
      [](auto& x, auto r) { return bce_with_logits(x[0], x[1], r); },
      [](Values v) {
        const double p = 1 / (1 + std::exp(-v[0])), q = 1 / (1 + std::exp(v[0]));
        return -v[1] * std::log(p) - (1 - v[1]) * std::log(q);
      });
  loss(
      c, "bce_with_logits/options", "pos_weight", {{-4, 4}, {0, 1}},
      [](auto& x, auto r) {
        using X = std::decay_t<decltype(x[0])>;
        return bce_with_logits(x[0], x[1], {.pos_weight = X::full({}, 3), .reduction = r});
      },
      [](Values v) {
        const double p = 1 / (1 + std::exp(-v[0])), q = 1 / (1 + std::exp(v[0]));
        return -3 * v[1] * std::log(p) - (1 - v[1]) * std::log(q);
      });
  loss(
      c, "gaussian_kl/standard", "", {{}, {}}, [](auto& x, auto r) { return gaussian_kl(x[0], x[1], r); },
      [](Values v) { return 0.5 * (std::exp(v[1]) + v[0] * v[0] - 1 - v[1]); });
  loss(
      c, "gaussian_kl/between", "", {{}, {}, {}, {}},
      [](auto& x, auto r) { return gaussian_kl(x[0], x[1], x[2], x[3], r); },
      [](Values v) {
        const double var1 = std::exp(v[1]), var2 = std::exp(v[3]);
        return std::log(std::sqrt(var2 / var1)) + (var1 + (v[0] - v[2]) * (v[0] - v[2])) / (2 * var2) - 0.5;
      });
  loss(
      c, "kl_divergence", "", {{0.1, 1}, {0.1, 1}},
      [](auto& x, auto r) { return kl_divergence(x[0], x[1], r); },
      [](Values v) { return v[0] * std::log(v[0] / v[1]); });
}

inline void cross_entropy_cases(OpCases& c) {
  using figment::Reduction;
  const auto row = [&c](const Shape& rows, Index classes, Reduction r, const std::string& name) {
    const figment::Indices labels = detail::labels_of(rows, classes);
    const Index n = rows.size();
    Shape shape = rows;
    shape.push_back(classes);
    OpCase& added = c.add(
        "cross_entropy", name, {random(shape)}, [=](const auto& x) { return cross_entropy(x[0], labels, r); },
        [=](Inputs<double> in) {
          const double* x = in[0].data();
          std::vector<double> each;
          double total = 0;
          for (Index i = 0; i < n; ++i, x += classes) {
            double all = 0;
            for (Index j = 0; j < classes; ++j) all += std::exp(x[j]);
            each.push_back(std::log(all) - x[labels.data()[i]]);
            total += each.back();
          }
          if (r == Reduction::none) return Tensor<double>(rows, each);
          const Index parts = r == Reduction::mean                      ? n
                              : r == Reduction::sum || rows.rank() == 0 ? 1
                                                                        : rows[0];
          return Tensor<double>::scalar(total / static_cast<double>(parts));
        });
    added.differences = n * classes < 100;
    // A sum of at most 4096 of them, a chunk over four sums.
    if (r != Reduction::none) added.error = std::max(16.0, static_cast<double>(n));
  };
  for (const Shape& rows : {Shape{4}, Shape{2, 3}, Shape{}, Shape{1}, Shape{3, 1, 2}}) {
    row(rows, 3, Reduction::none, "none");
    row(rows, 3, Reduction::mean, "mean");
    row(rows, 3, Reduction::sum, "sum");
    row(rows, 3, Reduction::batch_mean, "batch_mean");
  }
  for (const Shape& rows : {Shape{0}, Shape{2, 0}}) row(rows, 3, Reduction::none, "none");
  for (Index classes : {1, 7, 8, 9, 17}) row({3}, classes, Reduction::mean, "mean");
  row({1000}, 101, Reduction::mean, "mean");
}

namespace detail {

/// -sum q log(softmax(x)) of each row, q given, over a divisor unless there is none.
inline Tensor<double> weighted_cross_entropy(const Tensor<double>& x, const Shape& rows,
                                             const std::vector<double>& q, double divisor) {
  const Index classes = x.dim(-1);
  std::vector<double> each;
  double total = 0;
  for (Index i = 0; i < rows.size(); ++i) {
    double all = 0, loss = 0;
    for (Index j = 0; j < classes; ++j) all += std::exp(x.data()[i * classes + j]);
    for (Index j = 0; j < classes; ++j)
      loss += q[static_cast<std::size_t>(i * classes + j)] * (std::log(all) - x.data()[i * classes + j]);
    each.push_back(loss), total += loss;
  }
  return divisor == 0 ? Tensor<double>(rows, each) : Tensor<double>::scalar(total / divisor);
}

}  // namespace detail

inline void weighted_cross_entropy_cases(OpCases& c) {
  using figment::Reduction;
  const std::pair<const char*, Reduction> reductions[] = {{"none", Reduction::none},
                                                          {"mean", Reduction::mean},
                                                          {"sum", Reduction::sum},
                                                          {"batch_mean", Reduction::batch_mean}};
  constexpr Index classes = 3;
  for (const Shape& rows : {Shape{4}, Shape{2, 3}, Shape{}, Shape{1}})
    for (const auto& [name, reduction] : reductions)
      for (const bool weighted : {false, true})
        for (const double even : {0.0, 0.25}) {
          Shape shape = rows;
          shape.push_back(classes);
          const Tensor<double> weight({classes}, {0.5, 2, 1.25});
          const auto options = [=, r = reduction](auto& x) {
            using T = std::decay_t<decltype(x.item())>;
            figment::CrossEntropyOptions<T> o{.label_smoothing = even, .reduction = r};
            if (weighted) o.weight = figment::cast<T>(weight);
            return o;
          };
          const auto factor = [=](Index j) { return weighted ? weight.data()[j] : 1.0; };
          const double batch = static_cast<double>(rows.rank() ? rows[0] : 1);
          const auto divisor = [=, r = reduction](double of_mean) {
            return r == Reduction::none         ? 0.0
                   : r == Reduction::mean       ? of_mean
                   : r == Reduction::batch_mean ? batch
                                                : 1.0;
          };
          const std::string variant =
              std::string(name) + (weighted ? " weighted" : "") + (even > 0 ? " smoothed" : "");
          c.add(
              "cross_entropy/probabilities", variant, {random(shape), random(shape, {0.1, 1}, 2)},
              [=](const auto& x) { return cross_entropy(x[0], x[1], options(x[0])); },
              [=](Inputs<double> in) {
                std::vector<double> q;
                for (Index i = 0; i < in[1].size(); ++i)
                  q.push_back(factor(i % classes) * ((1 - even) * in[1].data()[i] + even / classes));
                return detail::weighted_cross_entropy(in[0], rows, q,
                                                      divisor(static_cast<double>(rows.size())));
              });
          // The second row's label is left out where there is one.
          figment::Indices labels = detail::labels_of(rows, classes).clone();
          if (labels.size() > 1) labels.mutable_data()[1] = -100;
          c.add(
              "cross_entropy/labels", variant, {random(shape)},
              [=](const auto& x) { return cross_entropy(x[0], labels, options(x[0])); },
              [=](Inputs<double> in) {
                std::vector<double> q;
                double total = 0;
                for (Index i = 0; i < rows.size(); ++i) {
                  const bool kept = labels.data()[i] >= 0;
                  if (kept) total += factor(labels.data()[i]);
                  for (Index j = 0; j < classes; ++j)
                    q.push_back(kept ? factor(j) * ((labels.data()[i] == j ? 1 - even : 0) + even / classes)
                                     : 0);
                }
                return detail::weighted_cross_entropy(in[0], rows, q, divisor(total));
              });
        }
}

}  // namespace test

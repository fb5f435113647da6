// Rows of ops/attention.hpp and ops/positions.hpp.
#pragma once

#include "figment/ops/attention.hpp"
#include "figment/ops/positions.hpp"
#include "support/op_case.hpp"

namespace test {

namespace detail {

/// softmax(q k^T scale + added) v, where `allowed` says which keys a query sees.
template <class Allowed>
Tensor<double> attended(Inputs<double> in, double scale, Allowed allowed) {
  const Index queries = in[0].dim(-2), keys = in[1].dim(-2), d = in[0].dim(-1), e = in[2].dim(-1);
  const Shape scores =
      common_shape(common_shape(Shape(std::span(in[0].shape().begin(), in[0].shape().end() - 2)),
                                Shape(std::span(in[1].shape().begin(), in[1].shape().end() - 2))),
                   Shape(std::span(in[2].shape().begin(), in[2].shape().end() - 2)));
  Shape shape = scores;
  shape.push_back(queries), shape.push_back(e);
  return build(shape, [&](std::vector<Index> i) {
    const Index column = i.back(), query = i[i.size() - 2];
    std::vector<double> weights;
    double total = 0, y = 0;
    for (Index s = 0; s < keys; ++s) {
      double score = 0;
      for (Index j = 0; j < d; ++j) {
        i[i.size() - 2] = query, i.back() = j;
        const double q = at(in[0], i);
        i[i.size() - 2] = s;
        score += q * at(in[1], i) * scale;
      }
      i[i.size() - 2] = query, i.back() = s;
      if (in.size() > 3) score += at(in[3], i);
      weights.push_back(allowed(query, s) ? std::exp(score) : 0);
      total += weights.back();
    }
    i.back() = column;
    for (Index s = 0; s < keys; ++s) {
      i[i.size() - 2] = s;
      if (total > 0) y += weights[static_cast<std::size_t>(s)] / total * at(in[2], i);
    }
    return y;
  });
}

}  // namespace detail

inline void attention_cases(OpCases& c) {
  const auto row = [&](const std::string& variant, const Shape& q, const Shape& k, const Shape& v,
                       const Shape& added = {}) {
    std::vector<Tensor<double>> inputs{random(q, {-1, 1}, 1), random(k, {-1, 1}, 2), random(v, {-1, 1}, 3)};
    if (variant == "added") inputs.push_back(random(added, {-1, 1}, 4));
    const bool causal = variant == "causal", masked = variant == "mask";
    const double scale = variant == "scale" ? 0.7 : 0;
    const auto allowed = [=](Index i, Index j) {
      return causal ? j <= i : !masked || (i != 1 && (i + j) % 3 != 0);
    };
    figment::Mask mask(Shape{q[-2], k[-2]});
    for (Index i = 0; i < q[-2]; ++i)
      for (Index j = 0; j < k[-2]; ++j) mask.set({i, j}, allowed(i, j));
    OpCase& added_row = c.add(
        "scaled_dot_product_attention", variant, inputs,
        [=](const auto& in) {
          using T = typename std::decay_t<decltype(in[0])>::value_type;
          figment::AttentionOptions<T> options{.causal = causal, .scale = scale};
          if (masked) options.mask = mask;
          if (in.size() > 3) options.mask = in[3];
          return scaled_dot_product_attention(in[0], in[1], in[2], options);
        },
        [=](Inputs<double> in) {
          return detail::attended(in, scale > 0 ? scale : 1 / std::sqrt(static_cast<double>(q[-1])), allowed);
        });
    added_row.error = 64;  // sums of products, exponentials of them, and their quotients
  };
  for (const std::string variant : {"", "causal", "mask", "scale"}) {
    row(variant, {3, 2}, {4, 2}, {4, 3});
    row(variant, {2, 3, 2}, {2, 5, 2}, {2, 5, 1});
    row(variant, {2, 2, 3, 2}, {1, 3, 2}, {3, 2});  // broadcast
    if (variant != "mask") row(variant, {1, 1, 1}, {1, 1, 1}, {1, 1, 1});
    row(variant, {0, 3, 2}, {0, 4, 2}, {0, 4, 2});
    row(variant, {0, 2}, {3, 2}, {3, 2});
  }
  row("added", {3, 2}, {4, 2}, {4, 3}, {3, 4});
  row("added", {2, 3, 2}, {2, 5, 2}, {2, 5, 1}, {5});
  row("added", {2, 2, 3, 2}, {2, 2, 4, 2}, {2, 2, 4, 2}, {2, 1, 3, 4});
}

inline void position_cases(OpCases& c) {
  for (const Shape& shape : {Shape{3, 4}, Shape{2, 5, 6}, Shape{1, 2}, Shape{2, 0, 2}, Shape{3, 0}})
    for (const Index first : {0, 7})
      c.add(
          "rotary_positions", "from " + std::to_string(first), {random(shape)},
          [=](const auto& in) { return rotary_positions(in[0], {.base = 100, .first = first}); },
          [=](Inputs<double> in) {
            return build(shape, [&](std::vector<Index> i) {
              const Index column = i.back(), even = column - column % 2;
              const double angle =
                  static_cast<double>(first + i[i.size() - 2]) /
                  std::pow(100.0, static_cast<double>(even) / static_cast<double>(shape[-1]));
              i.back() = even;
              const double a = at(in[0], i);
              i.back() = even + 1;
              const double b = at(in[0], i);
              return column == even ? a * std::cos(angle) - b * std::sin(angle)
                                    : a * std::sin(angle) + b * std::cos(angle);
            });
          });
  for (const Index features : {2, 4, 7})
    for (const Index n : {0, 1, 3})
      c.add(
          "time_embedding", std::to_string(features) + " features", {random({n}, {-2, 2})},
          [=](const auto& in) { return time_embedding(in[0], features); },
          [=](Inputs<double> in) {
            return build({n, features}, [&](const std::vector<Index>& i) {
              const Index half = features / 2, k = i[1] % half;
              if (i[1] == 2 * half) return 0.0;
              const double angle = in[0](i[0]) * std::exp(-std::log(1e4) * static_cast<double>(k) /
                                                          std::max(1.0, static_cast<double>(half - 1)));
              return i[1] < half ? std::sin(angle) : std::cos(angle);
            });
          });
}

}  // namespace test

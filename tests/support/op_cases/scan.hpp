// Rows of ops/scan.hpp, ops/triangle.hpp, ops/straight_through.hpp.
#pragma once

#include "figment/ops/arithmetic.hpp"
#include "figment/ops/scan.hpp"
#include "figment/ops/straight_through.hpp"
#include "figment/ops/triangle.hpp"
#include "support/op_case.hpp"

namespace test {

namespace detail {

/// Sums along an axis up to each place.
inline Tensor<double> cumulative(const Tensor<double>& x, Index axis) {
  const std::size_t d = static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis);
  return build(x.shape(), [&](std::vector<Index> i) {
    double s = 0;
    for (const Index last = std::exchange(i[d], Index{0}); i[d] <= last; ++i[d]) s += at(x, i);
    return s;
  });
}

}  // namespace detail

inline void cumsum_cases(OpCases& c) {
  const auto row = [&c](const Shape& shape, Index axis) {
    c.add(
         "cumsum", "axis " + std::to_string(axis), {random(shape)},
         [axis](const auto& x) { return cumsum(x[0], axis); },
         [axis](Inputs<double> x) { return detail::cumulative(x[0], axis); })
        .differences = axis >= 0 && shape.size() < 100;
  };
  for (const Shape& shape : axis_shapes())
    for (Index axis = -shape.rank(); axis < shape.rank(); ++axis) row(shape, axis);
  // Each kind of tail; lines and bands of columns shared out to threads.
  for (Index n : {4, 6, 7, 8}) row({2, n}, 1);
  row({700, 101}, 1);
  row({101, 700}, 0);
  row({3, 101, 257}, 1);
}

inline void triangle_cases(OpCases& c) {
  for (const Shape& shape : {Shape{3, 3}, Shape{4, 2}, Shape{2, 5}, Shape{2, 3, 4}, Shape{1, 1}, Shape{0, 3},
                             Shape{3, 0}, Shape{2, 0, 3}, Shape{300, 301}})
    for (Index k : {-6, -2, -1, 0, 1, 2, 6})
      for (const bool lower : {true, false})
        c.add(
             lower ? "tril" : "triu", "diagonal " + std::to_string(k), {random(shape)},
             [=](const auto& x) { return lower ? tril(x[0], k) : triu(x[0], k); },
             [=](Inputs<double> x) {
               return build(shape, [&](const std::vector<Index>& i) {
                 const Index off = i[i.size() - 1] - i[i.size() - 2];
                 return (lower ? off <= k : off >= k) ? at(x[0], i) : 0.0;
               });
             })
            .differences = shape.size() < 100;
}

/// What has the gradient of another value: no differences tell. tests/ops/edge_test.cpp has the gradients.
inline void gradient_flow_cases(OpCases& c) {
  for (const Shape& shape : {Shape{}, Shape{3, 4}, Shape{0, 2}}) {
    c.add(
         "straight_through", "", {random(shape, {}, 1), random(shape, {}, 2)},
         [](const auto& in) { return straight_through(in[0], in[1]); },
         [](Inputs<double> in) { return in[0]; })
        .differences = false;
    c.add(
         "stop_gradient", "times x", {random(shape)},
         [](const auto& in) { return stop_gradient(in[0]) * in[0]; },
         [](Inputs<double> in) {
           return build(in[0].shape(), [&](const auto& i) { return at(in[0], i) * at(in[0], i); });
         })
        .differences = false;
  }
}

}  // namespace test

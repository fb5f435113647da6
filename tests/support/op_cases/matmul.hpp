// Rows of ops/matmul.hpp.
#pragma once

#include "figment/ops/matmul.hpp"
#include "support/op_case.hpp"

namespace test {

namespace detail {

inline double activated(figment::Activation activation, double slope, double z) {
  using figment::Activation;
  switch (activation) {
    case Activation::relu:
      return z > 0 ? z : 0;
    case Activation::leaky_relu:
      return z > 0 ? z : slope * z;
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-z));
    case Activation::tanh:
      return std::tanh(z);
    default:
      return z;
  }
}

/// The definition: c(i, j) = sum over l of a(i, l) b(l, j).
inline Tensor<double> product(const Tensor<double>& a, const Tensor<double>& b, bool ta, bool tb) {
  const Index m = a.dim(ta ? 1 : 0), k = a.dim(ta ? 0 : 1), n = b.dim(tb ? 0 : 1);
  std::vector<double> c;
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) {
      double s = 0;
      for (Index l = 0; l < k; ++l)
        s += a.data()[ta ? l * m + i : i * k + l] * b.data()[tb ? j * k + l : l * n + j];
      c.push_back(s);
    }
  return Tensor<double>({m, n}, c);
}

}  // namespace detail

inline void matmul_cases(OpCases& c) {
  const auto rows = [&c](Index m, Index k, Index n) {
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        OpCase& row = c.add(
            "matmul", std::string(ta ? "t" : "n") + (tb ? "t" : "n"),
            {random(ta ? Shape{k, m} : Shape{m, k}, {-1, 1}, 1),
             random(tb ? Shape{n, k} : Shape{k, n}, {-1, 1}, 2)},
            [=](const auto& x) {
              return matmul(x[0], x[1], {ta, tb});
            },
            [=](Inputs<double> x) { return detail::product(x[0], x[1], ta, tb); });
        // The bound for k additions is k units of the sum of |a b|, which is about k / 4; random signs keep
        // the error under k units of 1.
        row.error = 16 + static_cast<double>(k);
        row.differences = m * k + k * n < 200;
      }
  };
  rows(1, 1, 1);
  rows(3, 4, 5);
  rows(7, 5, 3);
  rows(1, 9, 4);
  rows(5, 1, 17);
  rows(9, 3, 1);
  rows(0, 3, 4);
  rows(3, 0, 4);  // a sum of nothing is 0, whatever the memory held
  rows(3, 4, 0);
  rows(13, 9, 35);     // beyond one tile of any instruction set, in both directions
  rows(101, 13, 7);    // beyond a block of rows
  rows(5, 515, 19);    // three blocks deep
  rows(3, 7, 1043);    // beyond a block of columns
  rows(203, 301, 90);  // enough work for several threads, split by rows
  rows(90, 301, 203);  // and by columns
}

inline void linear_cases(OpCases& c) {
  using figment::Activation;
  const std::pair<const char*, Activation> activations[] = {{"none", Activation::none},
                                                            {"relu", Activation::relu},
                                                            {"leaky_relu", Activation::leaky_relu},
                                                            {"sigmoid", Activation::sigmoid},
                                                            {"tanh", Activation::tanh}};
  const auto row = [&c](const std::string& name, Activation activation, const Shape& rows, Index in,
                        Index out, bool bias) {
    Shape from = rows, to = rows;
    from.push_back(in), to.push_back(out);
    const Index n = rows.size();
    std::vector<Tensor<double>> inputs{random(from, {-1, 1}, 1), random({in, out}, {-1, 1}, 2)};
    if (bias) inputs.push_back(random({out}, {-1, 1}, 3));
    OpCase& r = c.add(
        "linear", name, inputs,
        [=](const auto& x) {
          const std::decay_t<decltype(x[0])> none;
          return linear(x[0], x[1], bias ? x[2] : none, activation, 0.2);
        },
        [=](Inputs<double> x) {
          const Tensor<double> z = detail::product(x[0].view_as({n, in}), x[1], false, false).view_as(to);
          return build(z.shape(), [&](const auto& i) {
            return detail::activated(activation, 0.2, at(z, i) + (bias ? at(x[2], i) : 0));
          });
        });
    r.error = 16 + static_cast<double>(in);  // as matmul's
    r.differences = (n + out) * in < 200;
  };
  for (const auto& [name, activation] : activations)
    for (bool bias : {true, false}) {
      row(name, activation, {5}, 7, 4, bias);
      row(name, activation, {1}, 1, 1, bias);
      row(name, activation, {0}, 3, 2, bias);
      row(name, activation, {3}, 0, 2, bias);
      row(name, activation, {150}, 300, 101, bias);  // several threads, two blocks deep
      // The last axis of any rank.
      row(name, activation, {}, 3, 2, bias);
      row(name, activation, {2, 3}, 4, 2, bias);
      row(name, activation, {2, 0}, 3, 2, bias);
      row(name, activation, {1, 2, 1, 2}, 3, 2, bias);
    }
}

}  // namespace test

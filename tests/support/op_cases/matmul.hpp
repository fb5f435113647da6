// Rows of ops/matmul.hpp.
#pragma once

#include "figment/ops/einsum.hpp"
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

/// The same of each of a batch, which broadcast.
inline Tensor<double> products(const Tensor<double>& a, const Tensor<double>& b, bool ta, bool tb) {
  const auto split = [](const Shape& s) { return Shape(std::span(s.begin(), s.end() - 2)); };
  Shape shape = common_shape(split(a.shape()), split(b.shape()));
  shape.push_back(a.dim(ta ? -1 : -2)), shape.push_back(b.dim(tb ? -2 : -1));
  return build(shape, [&](std::vector<Index> i) {
    // The position of a matrix's element: at() repeats what has an extent of 1, which a matrix's own have
    // only where the position is 0 anyway.
    const Index row = i[i.size() - 2], column = i.back();
    double s = 0;
    for (Index l = 0; l < a.dim(ta ? -2 : -1); ++l) {
      const auto element = [&i](const Tensor<double>& x, Index u, Index v) {
        i[i.size() - 2] = u, i.back() = v;
        return at(x, i);
      };
      s += (ta ? element(a, l, row) : element(a, row, l)) *
           (tb ? element(b, column, l) : element(b, l, column));
    }
    return s;
  });
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

  // Batches, which broadcast.
  const auto batches = [&c](const Shape& batch_a, const Shape& batch_b, Index m, Index k, Index n) {
    const auto shape = [](Shape batch, Index u, Index v) {
      batch.push_back(u), batch.push_back(v);
      return batch;
    };
    for (bool ta : {false, true})
      for (bool tb : {false, true}) {
        OpCase& row = c.add(
            "matmul", std::string("batches ") + (ta ? "t" : "n") + (tb ? "t" : "n"),
            {random(shape(batch_a, ta ? k : m, ta ? m : k), {-1, 1}, 1),
             random(shape(batch_b, tb ? n : k, tb ? k : n), {-1, 1}, 2)},
            [=](const auto& x) {
              return matmul(x[0], x[1], {ta, tb});
            },
            [=](Inputs<double> x) { return detail::products(x[0], x[1], ta, tb); });
        row.error = 16 + static_cast<double>(k);  // as above
        row.differences = row.inputs[0].size() + row.inputs[1].size() < 200;
      }
  };
  batches({2}, {2}, 2, 3, 4);
  batches({3}, {}, 2, 3, 4);  // one matrix for all, on either side
  batches({}, {3}, 2, 3, 4);
  batches({1}, {3}, 2, 3, 1);
  batches({2, 1}, {1, 1, 1}, 1, 3, 2);
  batches({2, 1}, {3}, 2, 1, 3);
  batches({2, 1, 2}, {3, 1}, 1, 2, 2);
  batches({}, {1, 1}, 2, 2, 2);
  batches({0}, {0}, 2, 3, 4);
  batches({0, 2}, {}, 2, 3, 4);
  batches({}, {0}, 2, 3, 4);
  for (const Shape& batch : {Shape{2}, Shape{}}) {
    batches({2}, batch, 0, 3, 4);
    batches({2}, batch, 3, 0, 4);
    batches({2}, batch, 3, 4, 0);
    batches(batch, {2}, 0, 3, 4);
    batches(batch, {2}, 3, 4, 0);
  }
  batches({40}, {40}, 33, 40, 35);      // enough work for several threads, split by products
  batches({2}, {2, 1}, 120, 120, 120);  // and each product by itself
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

/// The definition of einsum, of labels without "...": each position of all labels, one after the other.
inline Tensor<double> einsum_of(const std::vector<std::string>& terms, const std::string& out,
                                Inputs<double> x) {
  std::string labels;
  Shape all, to;
  for (std::size_t k = 0; k < terms.size(); ++k)
    for (std::size_t i = 0; i < terms[k].size(); ++i) {
      const std::size_t known = labels.find(terms[k][i]);
      const Index n = x[k].dim(static_cast<Index>(i));
      if (known == labels.npos)
        labels += terms[k][i], all.push_back(n);
      else if (n != 1)
        all[static_cast<Index>(known)] = n;
    }
  const auto places = [&](const std::string& term, const std::vector<Index>& i) {
    std::vector<Index> at;
    for (const char c : term) at.push_back(i[labels.find(c)]);
    return at;
  };
  for (const char c : out) to.push_back(all[static_cast<Index>(labels.find(c))]);
  Tensor<double> sum = Tensor<double>::zeros(to);
  each_position(all, [&](const std::vector<Index>& i) {
    double product = 1;
    for (std::size_t k = 0; k < terms.size(); ++k) product *= at(x[k], places(terms[k], i));
    Index where = 0;
    for (std::size_t d = 0; d < out.size(); ++d)
      where = where * to[static_cast<Index>(d)] + places(out, i)[d];
    sum.mutable_data()[where] += product;
  });
  return sum;
}

inline void einsum_cases(OpCases& c) {
  const auto one = [&c](const std::string& equation, const Shape& shape, const std::string& term,
                        const std::string& out) {
    c.add(
        "einsum/one", equation, {random(shape, {-1, 1})},
        [equation](auto x) { return figment::einsum(equation, x[0]); },
        [=](Inputs<double> x) { return einsum_of({term}, out, x); });
  };
  const auto two = [&c](const std::string& equation, const Shape& a, const Shape& b, const std::string& la,
                        const std::string& lb, const std::string& out) {
    c.add(
        "einsum/two", equation, {random(a, {-1, 1}), random(b, {-1, 1}, 2)},
        [equation](auto x) { return figment::einsum(equation, x[0], x[1]); },
        [=](Inputs<double> x) {
          return einsum_of({la, lb}, out, x);
        });
  };
  one("ij->ji", {2, 3}, "ij", "ji");
  one("ba", {2, 3}, "ba", "ab");
  one("ij->j", {2, 3}, "ij", "j");
  one("ij -> ", {2, 3}, "ij", "");
  one("ii->i", {3, 3}, "ii", "i");
  one("ii", {3, 3}, "ii", "");
  one("ijiji->ji", {2, 3, 2, 3, 2}, "ijiji", "ji");
  one("->", {}, "", "");
  one("ij->i", {0, 3}, "ij", "i");
  one("ij->i", {3, 0}, "ij", "i");
  one("...ij->...ji", {2, 2, 3}, "aij", "aji");
  one("a...b->...", {2, 4, 3}, "axb", "x");
  one("i...", {2, 3}, "ix", "xi");
  two("ij,jk->ik", {2, 3}, {3, 4}, "ij", "jk", "ik");
  two("ij,jk", {2, 3}, {3, 4}, "ij", "jk", "ik");
  two("ij,kj->ki", {2, 3}, {4, 3}, "ij", "kj", "ki");
  two("ji,jk->ik", {3, 2}, {3, 4}, "ji", "jk", "ik");
  two("bij,bjk->bik", {2, 2, 3}, {2, 3, 4}, "bij", "bjk", "bik");
  two("bhid,bhjd->bhij", {2, 2, 3, 2}, {2, 2, 2, 2}, "bhid", "bhjd", "bhij");
  two("bihd,bjhd->bhij", {2, 3, 2, 2}, {2, 2, 2, 2}, "bihd", "bjhd", "bhij");
  two("bij,bk->kbi", {2, 2, 3}, {2, 4}, "bij", "bk", "kbi");
  two("i,j->ij", {3}, {4}, "i", "j", "ij");
  two("i,j->ji", {3}, {4}, "i", "j", "ji");
  two("i,i->", {3}, {3}, "i", "i", "");
  two("i,i->i", {3}, {3}, "i", "i", "i");
  two("bi,bi->b", {2, 3}, {2, 3}, "bi", "bi", "b");
  two("bi,bi->b", {1, 3}, {2, 3}, "bi", "bi", "b");
  two("abc,cab->", {2, 3, 2}, {2, 2, 3}, "abc", "cab", "");
  two("abcd,dbef->acef", {2, 3, 1, 2}, {2, 3, 2, 2}, "abcd", "dbef", "acef");
  two("iij,jk->ik", {2, 2, 3}, {3, 2}, "iij", "jk", "ik");
  two("ij,jk->ik", {2, 1}, {3, 2}, "ij", "jk", "ik");  // an extent of 1 repeats
  two("bij,bjk->bik", {1, 2, 3}, {2, 3, 2}, "bij", "bjk", "bik");
  two(",i->i", {}, {3}, "", "i", "i");
  two("ij,jk->ik", {0, 3}, {3, 2}, "ij", "jk", "ik");
  two("ij,jk->ik", {2, 0}, {0, 2}, "ij", "jk", "ik");
  two("...ij,...jk->...ik", {2, 1, 2, 3}, {3, 3, 2}, "abij", "bjk", "abik");
  two("...ij,jk", {2, 2, 3}, {3, 2}, "aij", "jk", "aik");
  two("i...,i...->...", {2, 3}, {2, 1}, "ia", "ia", "a");
}

}  // namespace test

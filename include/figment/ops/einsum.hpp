// Sums of products by their indices.
#pragma once

#include "figment/ops/matmul.hpp"

namespace figment {

namespace detail {

/// The axes' labels, a character each. Those of "..." are 1 to max_rank, aligned at the last.
using Labels = std::string;

inline bool has(const Labels& labels, char c) { return labels.find(c) != labels.npos; }

/// What an equation says of its operands and the result.
class Einsum {
 public:
  Labels terms[2], out;

  [[gnu::noinline]] Einsum(std::string_view equation, std::initializer_list<Shape> shapes)
      : equation_(equation) {
    std::string text;
    for (const char c : equation)
      if (c != ' ') text += c;
    const std::size_t arrow = text.find("->");
    std::string_view rest = std::string_view(text).substr(0, arrow);
    const auto operands = static_cast<Index>(shapes.size());
    ensure(std::count(rest.begin(), rest.end(), ',') + 1 == operands,
           "einsum: expected \"{}\" to be of {} operands", equation, operands);
    for (Index i = 0; i < operands; ++i) {
      const std::size_t end = (std::min)(rest.find(','), rest.size());
      const Shape& shape = shapes.begin()[i];
      terms[i] = labels_of(rest.substr(0, end), shape.rank());
      for (Index axis = 0; axis < shape.rank(); ++axis) {
        Index& n = extents_[static_cast<std::size_t>(terms[i][static_cast<std::size_t>(axis)])];
        ensure(n < 0 || n == shape[axis] || n == 1 || shape[axis] == 1,
               "einsum: in \"{}\" axis {} of operand {} {} is {} elsewhere", equation, axis, i, shape, n);
        if (n < 0 || n == 1) n = shape[axis];
      }
      if (end < rest.size()) rest.remove_prefix(end + 1);
    }
    const Labels all = terms[0] + terms[1];
    if (arrow != text.npos) {
      out = labels_of(std::string_view(text).substr(arrow + 2), -1);
    } else {
      for (char c = 1; c < 127; ++c)
        if (has(all, c) && (c <= max_rank || all.find(c) == all.rfind(c))) out += c;
    }
    for (const char c : out)
      ensure(has(all, c) && out.find(c) == out.rfind(c),
             "einsum: the result of \"{}\" has a label twice, or one that no operand has", equation);
    ensure(static_cast<Index>(out.size()) <= max_rank, "einsum: the result of \"{}\" has more than {} axes",
           equation, max_rank);
  }

  /// The extents of labels.
  [[gnu::noinline]] Shape shape(const Labels& labels) const {
    Shape s;
    for (const char c : labels) s.push_back(extents_[static_cast<std::size_t>(c)]);
    return s;
  }
  std::string_view equation() const { return equation_; }

 private:
  /// Of a term with so many axes; -1 for the result, which has what "..." stood for.
  Labels labels_of(std::string_view term, Index rank) {
    const std::size_t dots = term.find("...");
    const Index letters = static_cast<Index>(term.size()) - (dots == term.npos ? 0 : 3);
    const Index others = dots == term.npos ? 0 : rank < 0 ? dots_ : rank - letters;
    ensure(others >= 0 && (rank < 0 || letters + others == rank),
           "einsum: \"{}\" of \"{}\" is not of {} axes", term, equation_, rank);
    dots_ = (std::max)(dots_, others);
    Labels labels;
    for (std::size_t i = 0; i < term.size(); ++i) {
      if (i == dots) {
        for (Index k = max_rank - others; k < max_rank; ++k) labels += static_cast<char>(k + 1);
        i += 2;
        continue;
      }
      ensure((term[i] >= 'a' && term[i] <= 'z') || (term[i] >= 'A' && term[i] <= 'Z'),
             "einsum: expected letters, \"...\", \",\" and one \"->\", found \"{}\"", equation_);
      labels += term[i];
    }
    return labels;
  }

  struct Extents {
    Index values[128];
    Extents() { std::fill_n(values, 128, Index{-1}); }
    Index& operator[](std::size_t i) { return values[i]; }
    Index operator[](std::size_t i) const { return values[i]; }
  } extents_;
  std::string_view equation_;
  Index dots_ = 0;
};

/// The elements of x at which axes with one label have one position: each label once.
template <class T>
Tensor<T> diagonal_of(const Tensor<T>& x, Labels& labels, const Einsum& e) {
  const Labels all = std::exchange(labels, {});
  Steps none[max_rank] = {};
  Part part(Shape(), none);
  Index stride = 1, strides[128] = {};
  for (Index i = x.rank() - 1; i >= 0; stride *= x.dim(i--)) {
    const char c = all[static_cast<std::size_t>(i)];
    if (!has(labels, c)) labels.insert(labels.begin(), c);
    strides[static_cast<std::size_t>(c)] += stride;
    ensure(x.dim(i) == x.dim(static_cast<Index>(all.find(c))),
           "einsum: the axes of one label in \"{}\" differ in {}", e.equation(), x.shape());
  }
  if (labels.size() == all.size()) {
    labels = all;
    return x;
  }
  for (const char c : labels) part.shape.push_back(x.dim(static_cast<Index>(all.find(c))));
  Index to = 1;
  for (Index i = part.shape.rank() - 1; i >= 0; to *= part.shape[i--])
    part.loops.add(part.shape[i], strides[static_cast<std::size_t>(labels[static_cast<std::size_t>(i)])], to);
  return slice_part(x, part);
}

/// x, summed over the labels that are not in `kept`; each label is there once then.
template <class T>
Tensor<T> summed(Tensor<T> x, Labels& labels, const Labels& kept, const Einsum& e) {
  x = diagonal_of(x, labels, e);
  Shape shape = x.shape(), left;
  Labels remaining;
  for (Index i = 0; i < shape.rank(); ++i) {
    const char c = labels[static_cast<std::size_t>(i)];
    if (has(kept, c))
      remaining += c, left.push_back(shape[i]);
    else
      shape[i] = 1;
  }
  labels = remaining;
  return reshape(sum_to(x, shape), left);
}

/// The axes of x, labelled `from`, in the order `to`.
template <class T>
Tensor<T> ordered(const Tensor<T>& x, const Labels& from, const Labels& to) {
  if (from == to) return x;
  Shape order;
  for (const char c : to) order.push_back(static_cast<Index>(from.find(c)));
  return permute(x, order);
}

/// The labels of `from` for which f(label), in that order.
template <class F>
Labels those(const Labels& from, F f) {
  Labels labels;
  for (const char c : from)
    if (f(c)) labels += c;
  return labels;
}

/// x with axes (batch…, rows, columns), each of the last two of several labels; as it lies, with the two
/// exchanged, if that saves a copy.
template <class T>
Tensor<T> as_matrices(const Tensor<T>& x, const Labels& labels, const Labels& batch, const Labels& rows,
                      const Labels& columns, bool& exchanged) {
  exchanged = labels == batch + columns + rows && labels != batch + rows + columns;
  const Labels& first = exchanged ? columns : rows;
  const Tensor<T> y = exchanged ? x : ordered(x, labels, batch + rows + columns);
  const std::span<const Index> dims(y.shape().begin(), y.shape().end());
  Shape shape(dims.first(batch.size()));
  shape.push_back(Shape(dims.subspan(batch.size(), first.size())).size());
  shape.push_back(Shape(dims.subspan(batch.size() + first.size())).size());
  return reshape(y, shape);
}

}  // namespace detail

/// The sum of products that an equation names, as NumPy's and PyTorch's einsum: a letter for each axis, and
/// what the result does not have is summed over. einsum("ij->ji", x) is a transpose, "ii->i" the diagonal,
/// "ij->" the sum; "..." are any leading axes. Without "->" the result has the letters that are there once,
/// in the alphabet's order.
template <detail::Real T>
Tensor<T> einsum(std::string_view equation, const Tensor<T>& x) {
  detail::Einsum e(equation, {x.shape()});
  const Tensor<T> y = detail::summed(x, e.terms[0], e.out, e);
  return detail::ordered(y, e.terms[0], e.out);
}

/// The same of two: einsum("bij,bjk->bik", a, b) is matmul(a, b), "i,j->ij" the outer product, "bi,bi->b" the
/// rows' dot products. What it is made of is one batched product of matrices.
template <detail::Real T>
Tensor<T> einsum(std::string_view equation, const Tensor<T>& a, const Tensor<T>& b) {
  using detail::has, detail::Labels, detail::those;
  detail::Einsum e(equation, {a.shape(), b.shape()});
  Labels &la = e.terms[0], &lb = e.terms[1];
  const Labels all_b = lb;
  Tensor<T> x = detail::summed(a, la, e.out + all_b, e), y = detail::summed(b, lb, e.out + la, e);
  // Of what is summed over in both, an extent of 1 repeats.
  const Labels both = those(la, [&](char c) { return !has(e.out, c); });
  const auto whole = [&](const Tensor<T>& t, const Labels& labels) {
    Shape shape = t.shape();
    for (Index i = 0; i < shape.rank(); ++i)
      if (const char c = labels[static_cast<std::size_t>(i)]; has(both, c)) shape[i] = e.shape({c})[0];
    return broadcast_to(t, shape);
  };
  x = whole(x, la), y = whole(y, lb);
  const Labels batch = those(e.out, [&](char c) { return has(la, c) && has(lb, c); }),
               rows = those(e.out, [&](char c) { return has(la, c) && !has(lb, c); }),
               columns = those(e.out, [&](char c) { return !has(la, c) && has(lb, c); });
  ensure(static_cast<Index>(batch.size()) <= max_rank - 2,
         "einsum: \"{}\" has more than {} labels in both operands and the result", equation, max_rank - 2);
  Transpose t;
  x = detail::as_matrices(x, la, batch, rows, both, t.a);
  y = detail::as_matrices(y, lb, batch, both, columns, t.b);
  Tensor<T> z;
  if (both.empty())  // (…, rows, 1) and (…, 1, columns)
    z = x * y;
  else if (rows.empty() && columns.empty() && !batch.empty())  // many dot products, which are no matrices
    z = sum_to(x * reshape(y, detail::batched(detail::batch_of(y.shape()), 1, y.dim(-2))),
               detail::batched(e.shape(batch), 1, 1));
  else
    z = matmul(x, y, t);
  return detail::ordered(reshape(z, e.shape(batch + rows + columns)), batch + rows + columns, e.out);
}

}  // namespace figment

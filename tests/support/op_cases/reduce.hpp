// Rows of ops/reduce.hpp.
#pragma once

#include "figment/ops/product.hpp"
#include "figment/ops/reduce.hpp"
#include "figment/ops/vector_norm.hpp"
#include "support/op_case.hpp"

namespace test {

namespace detail {

using figment::Axes;
using figment::Dims;

/// The reference of a reduction: f of the list of values that share a place in the result.
inline Function<double> reduced(const std::vector<Index>& axes, Dims dims,
                                std::function<double(const std::vector<double>&)> f) {
  return [=](Inputs<double> in) {
    const Tensor<double>& x = in[0];
    std::vector<bool> gone(static_cast<std::size_t>(x.rank()), axes.empty());
    for (Index a : axes) gone[static_cast<std::size_t>(a < 0 ? a + x.rank() : a)] = true;
    Shape kept, result;
    for (std::size_t d = 0; d < gone.size(); ++d) {
      const Index n = x.dim(static_cast<Index>(d));
      kept.push_back(gone[d] ? 1 : n);
      if (!gone[d] || dims == Dims::keep) result.push_back(kept[static_cast<Index>(d)]);
    }
    std::vector<std::vector<double>> groups(static_cast<std::size_t>(kept.size()));
    const Tensor<double> place = build(kept, [n = 0.0](const auto&) mutable { return n++; });
    each_position(x.shape(),
                  [&](const auto& i) { groups[static_cast<std::size_t>(at(place, i))].push_back(at(x, i)); });
    std::vector<double> values;
    for (const auto& g : groups) values.push_back(f(g));
    return Tensor<double>(result, values);
  };
}

inline double mean_of(const std::vector<double>& v) {
  double s = 0;
  for (double x : v) s += x;
  return s / static_cast<double>(v.size());
}
inline double squares_of(const std::vector<double>& v) {
  double s = 0;
  for (double x : v) s += (x - mean_of(v)) * (x - mean_of(v));
  return s;
}

inline double product_of(const std::vector<double>& v) {
  double p = 1;
  for (double x : v) p *= x;
  return p;
}

inline Axes axes_of(const std::vector<Index>& axes) {
  switch (axes.size()) {
    case 0:
      return {};
    case 1:
      return axes[0];
    case 2:
      return {axes[0], axes[1]};
    default:
      return {axes[0], axes[1], axes[2]};
  }
}

}  // namespace detail

/// A reduction over every choice of axes, kept and dropped. f(x, axes, dims). `of_nothing`: also of groups
/// without an element.
template <class F>
void reduction(OpCases& c, const std::string& op, const std::string& variant, F f,
               const std::function<double(const std::vector<double>&)>& reference, bool of_nothing = false) {
  const auto row = [&](const Tensor<double>& x, const std::vector<Index>& axes,
                       figment::Dims dims) -> OpCase& {
    std::string name = variant + (variant.empty() ? "over" : " over");
    for (Index a : axes) name += " " + std::to_string(a);
    if (axes.empty()) name += " all";
    if (dims == figment::Dims::keep) name += " keep";
    return c.add(
        op, name, {x}, [=](const auto& in) { return f(in[0], detail::axes_of(axes), dims); },
        detail::reduced(axes, dims, reference));
  };
  using figment::Dims;
  const std::vector<std::vector<Index>> choices{{0, 1}, {1, 2}, {0, 2}, {2, 0}, {0, 1, 2}};
  for (const auto& axes : choices)
    for (Dims dims : {Dims::drop, Dims::keep}) row(distinct({2, 3, 4}), axes, dims);
  row(distinct({17}), {}, Dims::drop);
  row(distinct({17}), {0}, Dims::keep);
  row(distinct({5, 1}), {0}, Dims::drop);
  for (const Shape& shape : axis_shapes()) {
    for (Index axis = -shape.rank(); axis < shape.rank(); ++axis) {
      if (shape[axis] == 0 && !of_nothing) continue;
      // A negative axis is the other one from the start on: its differences would be the same, again.
      row(distinct(shape), {axis}, axis < 0 ? Dims::keep : Dims::drop).differences = axis >= 0;
    }
    if (shape.size() > 0 || of_nothing) row(distinct(shape), {}, Dims::keep);
  }
  // Sums of 200 terms: rounding grows with the terms, at most one unit of the largest partial sum each.
  for (Index axis : {0, 1}) {
    OpCase& many = row(random({200, 203}), {axis}, Dims::drop);
    many.error = 400;
    many.differences = false;
  }
}

inline void reduce_cases(OpCases& c) {
  using figment::Variance;
  using Values = const std::vector<double>&;
  reduction(
      c, "sum", "", [](auto& x, const auto& axes, auto dims) { return sum(x, axes, dims); },
      [](Values v) { return v.empty() ? 0 : detail::mean_of(v) * static_cast<double>(v.size()); }, true);
  reduction(
      c, "mean", "", [](auto& x, const auto& axes, auto dims) { return mean(x, axes, dims); },
      [](Values v) { return detail::mean_of(v); }, true);
  reduction(
      c, "var", "biased", [](auto& x, const auto& axes, auto dims) { return var(x, axes, dims); },
      [](Values v) { return detail::squares_of(v) / static_cast<double>(v.size()); }, true);
  reduction(
      c, "std_dev", "biased", [](auto& x, const auto& axes, auto dims) { return std_dev(x, axes, dims); },
      [](Values v) { return std::sqrt(detail::squares_of(v) / static_cast<double>(v.size())); }, true);
  reduction(
      c, "prod", "", [](auto& x, const auto& axes, auto dims) { return prod(x, axes, dims); },
      detail::product_of, true);
  reduction(
      c, "max", "", [](auto& x, const auto& axes, auto dims) { return max(x, axes, dims); },
      [](Values v) { return *std::max_element(v.begin(), v.end()); });
  reduction(
      c, "min", "", [](auto& x, const auto& axes, auto dims) { return min(x, axes, dims); },
      [](Values v) { return *std::min_element(v.begin(), v.end()); });
  reduction(
      c, "logsumexp", "", [](auto& x, const auto& axes, auto dims) { return logsumexp(x, axes, dims); },
      [](Values v) {
        double s = 0;
        for (double x : v) s += std::exp(x);
        return std::log(s);
      });

  c.add(
      "var", "unbiased, of nothing", {random({0, 2})},
      [](const auto& x) { return var(x[0], 0, figment::Dims::drop, Variance::unbiased); },
      [](Inputs<double>) { return Tensor<double>::full({2}, std::nan("")); });
  // Unbiased needs two elements or more in each group.
  for (const std::vector<Index>& axes : {std::vector<Index>{}, {0}, {1, 2}}) {
    c.add(
        "std_dev", "unbiased", {random({2, 3, 4})},
        [axes](const auto& x) {
          return std_dev(x[0], detail::axes_of(axes), figment::Dims::drop, Variance::unbiased);
        },
        detail::reduced(axes, figment::Dims::drop, [](Values v) {
          return std::sqrt(detail::squares_of(v) / static_cast<double>(v.size() - 1));
        }));
    c.add(
        "var", "unbiased", {random({2, 3, 4})},
        [axes](const auto& x) {
          return var(x[0], detail::axes_of(axes), figment::Dims::drop, Variance::unbiased);
        },
        detail::reduced(axes, figment::Dims::drop,
                        [](Values v) { return detail::squares_of(v) / static_cast<double>(v.size() - 1); }));
  }
  // Equal elements share the gradient, by the fused rule and by the composed one.
  for (bool largest : {true, false})
    c.add(
         largest ? "max" : "min", "ties", {Tensor<double>({2, 4}, {1, 3, 3, 1, 2, 2, 2, 2})},
         [largest](const auto& x) { return largest ? max(x[0], 1) : min(x[0], 1); },
         detail::reduced({1}, figment::Dims::drop,
                         [largest](Values v) {
                           const auto [low, high] = std::minmax_element(v.begin(), v.end());
                           return largest ? *high : *low;
                         }))
        .differences = false;
}

inline void norm_of_axes_cases(OpCases& c) {
  using Values = const std::vector<double>&;
  const auto reference = [](double p) {
    return [p](Values v) {
      double s = 0;
      for (double x : v)
        s = std::isinf(p) ? std::max(s, std::abs(x + 0.03125)) : s + std::pow(std::abs(x + 0.03125), p);
      return std::isinf(p) ? s : std::pow(s, 1 / p);
    };
  };
  const double infinity = std::numeric_limits<double>::infinity();
  // Of no two elements of one size, and none of 0.
  for (double p : {1.0, 2.0, 3.0, infinity})
    reduction(
        c, "norm", "p " + std::to_string(p),
        [p](auto& x, const auto& axes, auto dims) { return norm(x + 0.03125, p, axes, dims); }, reference(p),
        p < infinity);
  for (double p : {0.5, 1.5, 2.5})
    for (const std::vector<Index>& axes : {std::vector<Index>{}, {0}, {1}})
      c.add(
          "norm", "p " + std::to_string(p), {random({3, 4}, {-2, 2, {-1, -0.75, -0.5, -0.25, 0, 0.25}})},
          [=](const auto& x) { return norm(x[0] + 0.03125, p, detail::axes_of(axes)); },
          detail::reduced(axes, figment::Dims::drop, reference(p)));
  for (double p : {0.5, 1.0, 1.5, 2.0, 3.0, infinity})
    c.add(
         "norm", "zeros", {Tensor<double>({3, 2}, {0, 0, 0, 2, 0, -0.0})},
         [p](const auto& x) { return norm(x[0], p, 1); },
         [](Inputs<double>) {
           return Tensor<double>({3}, {0, 2, 0});
         })
        .differences = false;
}

/// Products where factors are 0: none, one, two, all.
inline void product_cases(OpCases& c) {
  for (const std::vector<Index>& axes : {std::vector<Index>{}, {0}, {1}})
    c.add(
        "prod", "zeros",
        {Tensor<double>({4, 5}, {1, -2, 0.5, 1.5, 3, 1, 0, 2, -1, 2, 0, 2, 1, 0, 1, 0, 0, 0, 0, 0})},
        [axes](const auto& x) { return prod(x[0], detail::axes_of(axes)); },
        detail::reduced(axes, figment::Dims::drop, detail::product_of));
  OpCase& many = c.add(
      "prod", "many", {random({301, 200}, {0.97, 1.03})}, [](const auto& x) { return prod(x[0], 1); },
      detail::reduced({1}, figment::Dims::drop, detail::product_of));
  many.error = 400;  // as reduction's
  many.differences = false;
}

inline void softmax_cases(OpCases& c) {
  const auto row = [&c](const Shape& shape, Index axis, const Range& range) {
    const std::size_t d = static_cast<std::size_t>(axis < 0 ? axis + shape.rank() : axis);
    const auto reference = [=](bool logarithm) {
      return [=](Inputs<double> in) {
        const Tensor<double>& x = in[0];
        Shape lines = shape;
        lines[axis] = 1;
        // Folds f(value so far, element, position) over each line.
        const auto along = [&](double start, auto f) {
          return build(lines, [&](std::vector<Index> i) {
            double value = start;
            for (i[d] = 0; i[d] < shape[axis]; ++i[d]) value = f(value, at(x, i), i);
            return value;
          });
        };
        const auto best = along(-1e300, [](double v, double e, const auto&) { return std::max(v, e); });
        const auto total =
            along(0, [&](double v, double e, const auto& i) { return v + std::exp(e - at(best, i)); });
        return build(shape, [&](const std::vector<Index>& i) {
          const double above = at(x, i) - at(best, i);
          return logarithm ? above - std::log(at(total, i)) : std::exp(above) / at(total, i);
        });
      };
    };
    const std::string variant = "axis " + std::to_string(axis);
    OpCase& s = c.add(
        "softmax", variant, {random(shape, range)}, [axis](const auto& x) { return softmax(x[0], axis); },
        reference(false));
    const bool differences = shape.size() < 100 && (axis >= 0 || shape.rank() == 2);
    s.differences = differences;  // before the next row may move this one
    OpCase& l = c.add(
        "log_softmax", variant, {random(shape, range)},
        [axis](const auto& x) { return log_softmax(x[0], axis); }, reference(true));
    l.differences = differences;
    // x - logsumexp rounds at the size of x.
    l.error = std::max(16.0, 4 * range.high);
  };
  row({3, 5}, -1, {-2, 2});
  for (const Shape& shape : axis_shapes())
    for (Index axis = -shape.rank(); axis < shape.rank(); ++axis)
      if (shape[axis] > 0) row(shape, axis, {-2, 2});
  row({3, 5}, -1, {-90, 90});  // e^90 is beyond float
  row({300, 401}, -1, {-2, 2});
  for (Index columns : {7, 8, 9, 17, 40}) row({3, columns}, -1, {-2, 2});  // each kind of tail
  // Lines side by side, fewer and more than a vector or a block of them has, of every length about its own.
  for (Index extent : {1, 2, 31, 32, 33})
    for (Index inner : {1, 3, 4, 5, 7, 8, 9, 33}) row({2, extent, inner}, 1, {-2, 2});
  for (const Shape& shape : {Shape{2, 3, 300}, Shape{300, 3, 1}, Shape{1, 1000, 9}, Shape{2, 1000, 1}})
    row(shape, 1, {-2, 2});
  row({7, 41}, 0, {-90, 90});
}

}  // namespace test

// Rows of ops/flip.hpp, ops/gather.hpp, ops/pad.hpp, ops/sort.hpp, ops/split.hpp, ops/tile.hpp, and of slices
// of several axes.
#pragma once

#include <numeric>

#include "figment/ops/sort.hpp"
#include "support/op_cases/shape.hpp"

namespace test {

namespace detail {

/// Each axis of axis_shapes(), those from the end without differences, which would be the same again.
template <class F>
void each_axis(F f) {
  for (const Shape& shape : axis_shapes())
    for (Index axis = -shape.rank(); axis < shape.rank(); ++axis)
      f(shape, axis, static_cast<std::size_t>(axis < 0 ? axis + shape.rank() : axis));
}

inline std::string said(std::initializer_list<Index> numbers) {
  std::string s;
  for (const Index n : numbers) s += (s.empty() ? "" : " ") + std::to_string(n);
  return s;
}

}  // namespace detail

inline void slices_cases(OpCases& c) {
  using figment::Slice, detail::moved;
  // What the slices are of each axis: where they begin, and their steps.
  const auto row = [&c](const Shape& from, const Shape& to, std::vector<Index> begin, std::vector<Index> step,
                        std::initializer_list<Slice> slices) {
    const std::vector<Slice> all(slices);
    std::string variant;
    for (const Slice& s : slices)
      variant += (s.begin == Slice::none ? "" : std::to_string(s.begin)) + ":" +
                 (s.end == Slice::none ? "" : std::to_string(s.end)) + ":" + std::to_string(s.step) + " ";
    const auto source = [=](std::vector<Index> i) {
      for (std::size_t d = 0; d < begin.size(); ++d) i[d] = begin[d] + i[d] * step[d];
      return i;
    };
    c.add(
        "slice/axes", variant, {random(from)},
        [all](auto x) {
          switch (all.size()) {
            case 0:
              return slice(x[0], {});
            case 1:
              return slice(x[0], {all[0]});
            case 2:
              return slice(x[0], {all[0], all[1]});
            default:
              return slice(x[0], {all[0], all[1], all[2]});
          }
        },
        moved(to, source));
  };
  row({3, 4}, {3, 4}, {}, {}, {});
  row({}, {}, {}, {}, {});
  row({5}, {5}, {4}, {-1}, {{.step = -1}});
  row({5}, {2}, {3}, {-2}, {{3, 0, -2}});
  row({5}, {3}, {4}, {-2}, {{-1, Slice::none, -2}});
  row({5}, {0}, {2}, {-1}, {{2, 2, -1}});
  row({0, 2}, {0, 2}, {0, 0}, {-1, 1}, {{.step = -1}});
  row({3, 4, 2}, {2, 4, 2}, {1}, {1}, {{1, 3}});
  row({3, 4, 2}, {3, 2, 2}, {0, 1, 0}, {1, 2, 1}, {{}, {1, 4, 2}, {}});
  row({3, 4, 2}, {2, 2, 1}, {2, 3, 0}, {-2, -3, 1}, {{.step = -2}, {.step = -3}, {0, 1}});
  row({3, 4, 2}, {3, 4, 2}, {0, 0, 1}, {1, 1, -1}, {{}, {}, {.step = -1}});
  row({4, 3, 30}, {2, 2, 29}, {3, 0, 28}, {-2, 2, -1}, {{.step = -2}, {.step = 2}, {28, Slice::none, -1}});
  row({2, 0, 3}, {1, 0, 2}, {1, 0, 0}, {1, 1, 2}, {{1, 2}, {}, {.step = 2}});
  // Backwards along one axis.
  c.add(
      "slice", "5:1:-2", {random({2, 6, 3})}, [](auto x) { return slice(x[0], 1, 5, 1, -2); },
      moved({2, 2, 3}, [](std::vector<Index> i) {
        i[1] = 5 - 2 * i[1];
        return i;
      }));
}

inline void gather_cases(OpCases& c) {
  using detail::moved;
  detail::each_axis([&c](const Shape& shape, Index axis, std::size_t d) {
    const auto with = [&](Index extent) { return figment::detail::with_extent(shape, axis, extent); };
    const Index n = shape[axis];
    for (const Index count : {n > 0 ? 4 : 0, 0}) {
      const figment::Indices rows = detail::labels_of({count}, std::max<Index>(1, n));
      c.add(
           "index_select", detail::said({axis, count}), {random(shape)},
           [=](auto x) { return index_select(x[0], axis, rows); },
           moved(with(count),
                 [=](auto i) {
                   i[d] = rows.data()[i[d]];
                   return i;
                 }))
          .differences = axis >= 0;
      const auto positions = detail::labels_of(with(count), std::max<Index>(1, n));
      const auto which = figment::cast<double>(positions);
      c.add(
           "gather", detail::said({axis, count}), {random(shape)},
           [=](auto x) { return gather(x[0], axis, positions); },
           moved(with(count),
                 [=](auto i) {
                   i[d] = static_cast<Index>(at(which, i));
                   return i;
                 }))
          .differences = axis >= 0;
      c.add(
           "scatter_add", detail::said({axis, count}), {random(shape), random(with(count), {}, 2)},
           [=](auto x) { return scatter_add(x[0], axis, positions, x[1]); },
           [=](Inputs<double> x) {
             return build(shape, [&](const auto& i) {
               double s = at(x[0], i);
               for (Index k = 0; k < count; ++k) {
                 auto from = i;
                 from[d] = k;
                 if (at(which, from) == static_cast<double>(i[d])) s += at(x[1], from);
               }
               return s;
             });
           })
          .differences = axis >= 0;
    }
  });
  // Fewer positions than x has along the other axes.
  const figment::Indices fewer({2, 2, 1}, {2, 0, 2, 1});
  c.add(
      "gather", "fewer", {random({3, 3, 2})}, [=](auto x) { return gather(x[0], 1, fewer); },
      moved({2, 2, 1}, [fewer](auto i) {
        i[1] = fewer(i[0], i[1], 0);
        return i;
      }));
  c.add(
      "scatter_add", "fewer", {random({3, 3, 2}), random({2, 2, 1}, {}, 2)},
      [=](auto x) { return scatter_add(x[0], 1, fewer, x[1]); },
      [fewer](Inputs<double> x) {
        Tensor<double> y = x[0].clone();
        for (const Index i : {0, 1})
          for (const Index k : {0, 1}) y(i, fewer(i, k, 0), 0) += x[1](i, k, 0);
        return y;
      });
  const auto many = detail::labels_of({300, 301}, 40);  // for several threads
  c.add(
       "gather", "many", {random({300, 40})}, [=](auto x) { return gather(x[0], 1, many); },
       moved({300, 301},
             [many](auto i) {
               i[1] = many.data()[i[0] * 301 + i[1]];
               return i;
             }))
      .differences = false;
  c.add(
       "index_select", "many", {random({200, 40, 5})},
       [row = slice(many, 0, 0, 1).view_as({301})](auto x) { return index_select(x[0], 1, row); },
       moved({200, 301, 5},
             [many](auto i) {
               i[1] = many.data()[i[1]];
               return i;
             }))
      .differences = false;
  // Two of one: each adds its gradient to the other's.
  const auto first = detail::labels_of({2, 5}, 3), second = detail::labels_of({2, 5}, 2);
  c.add(
      "gather", "twice of one", {random({2, 3})},
      [=](auto x) { return gather(x[0], 1, first) * gather(x[0], 1, second); },
      [first, second](Inputs<double> x) {
        return build({2, 5}, [&](const auto& i) {
          return x[0](i[0], first(i[0], i[1])) * x[0](i[0], second(i[0], i[1]));
        });
      });
}

/// The elements of one line of an axis.
inline std::vector<double> line_of(const Tensor<double>& x, std::vector<Index> i, std::size_t d) {
  std::vector<double> line;
  for (i[d] = 0; i[d] < x.dim(static_cast<Index>(d)); ++i[d]) line.push_back(at(x, i));
  return line;
}

inline void sort_cases(OpCases& c) {
  detail::each_axis([&c](const Shape& shape, Index axis, std::size_t d) {
    const auto ordered = [d](bool descending, const Shape& to) {
      return [=](Inputs<double> x) {
        return build(to, [&](const auto& i) {
          auto line = line_of(x[0], i, d);
          std::sort(line.begin(), line.end());
          if (descending) std::reverse(line.begin(), line.end());
          return line[static_cast<std::size_t>(i[d])];
        });
      };
    };
    for (const bool descending : {false, true}) {
      c.add(
           "sort", detail::said({axis, descending}), {distinct(shape)},
           [=](auto x) { return sort(x[0], axis, descending).values; }, ordered(descending, shape))
          .differences = axis >= 0;
      const Index k = (shape[axis] + 1) / 2;
      c.add(
           "topk", detail::said({k, axis, descending}), {distinct(shape)},
           [=](auto x) { return topk(x[0], k, axis, descending).values; },
           ordered(descending, figment::detail::with_extent(shape, axis, k)))
          .differences = axis >= 0;
    }
  });
  c.add(
      "sort", "of the last axis", {distinct({3, 30})}, [](auto x) { return sort(x[0]).values; },
      [](Inputs<double> x) {
        return build({3, 30}, [&](const auto& i) {
          auto line = line_of(x[0], i, 1);
          std::sort(line.begin(), line.end());
          return line[static_cast<std::size_t>(i[1])];
        });
      });
}

}  // namespace test

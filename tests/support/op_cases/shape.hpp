// Rows of ops/shape.hpp, ops/index.hpp and the broadcasting of autograd/arithmetic.hpp.
#pragma once

#include <array>

#include "figment/ops/index.hpp"
#include "figment/ops/shape.hpp"
#include "support/op_case.hpp"

namespace test {

namespace detail {

/// The same values under another shape: what every reshape must give.
inline Function<double> same_values(const Shape& shape) {
  return [shape](Inputs<double> x) { return Tensor<double>(shape, x[0].values()); };
}

/// Labels 0 to classes - 1 in no order.
inline figment::Indices labels_of(const Shape& shape, Index classes) {
  figment::Indices labels(shape);
  for (Index i = 0; i < labels.size(); ++i)
    labels.mutable_data()[i] = static_cast<std::int32_t>((i * 7 + 2) % classes);
  return labels;
}

/// The reference y(i) = x(source(i)).
template <class F>
Function<double> moved(const Shape& shape, F source) {
  return [=](Inputs<double> x) {
    return build(shape, [&](std::vector<Index> i) { return at(x[0], source(std::move(i))); });
  };
}

}  // namespace detail

inline void reshape_cases(OpCases& c) {
  using detail::same_values;
  c.add(
      "reshape/shape", "", {random({3, 4})},
      [](auto x) {
        return reshape(x[0], Shape{2, 6});
      },
      same_values({2, 6}));
  c.add(
      "reshape/shape", "to its own", {random({3, 4})},
      [](auto x) {
        return reshape(x[0], Shape{3, 4});
      },
      same_values({3, 4}));
  c.add(
      "reshape/list", "-1", {random({3, 4})},
      [](auto x) {
        return reshape(x[0], {2, -1, 2});
      },
      same_values({2, 3, 2}));
  c.add(
      "reshape/list", "scalar", {random({1, 1})}, [](auto x) { return reshape(x[0], {}); }, same_values({}));
  c.add(
      "reshape/list", "nothing", {random({0, 3})},
      [](auto x) {
        return reshape(x[0], {3, -1});
      },
      same_values({3, 0}));
  c.add(
      "flatten", "", {random({3, 2, 2})}, [](auto x) { return flatten(x[0]); }, same_values({3, 4}));
  c.add(
      "flatten", "vector", {random({3})}, [](auto x) { return flatten(x[0]); }, same_values({3, 1}));
  c.add(
      "flatten", "empty batch", {random({0, 2, 5})}, [](auto x) { return flatten(x[0]); },
      same_values({0, 10}));
  // A negative axis is the other one from the start on: its differences would be the same, again.
  for (const Shape& shape : axis_shapes())
    for (Index axis = -shape.rank() - 1; axis <= shape.rank(); ++axis) {
      std::vector<Index> dims(shape.begin(), shape.end());
      dims.insert(dims.begin() + (axis < 0 ? axis + shape.rank() + 1 : axis), 1);
      const Shape longer{std::span<const Index>(dims)};
      const std::string variant = "axis " + std::to_string(axis);
      c.add(
           "unsqueeze", variant, {random(shape)}, [axis](auto x) { return unsqueeze(x[0], axis); },
           same_values(longer))
          .differences = axis >= 0;
      c.add(
           "squeeze", variant, {random(longer)}, [axis](auto x) { return squeeze(x[0], axis); },
           same_values(shape))
          .differences = axis >= 0;
    }
}

inline void order_cases(OpCases& c) {
  using detail::moved;
  const auto permutation = [&c](const Shape& from, const Shape& order, const Shape& to) {
    c.add(
        "permute", to_string(order), {random(from)}, [order](auto x) { return permute(x[0], order); },
        moved(to, [order](const std::vector<Index>& i) {
          std::vector<Index> source(i.size());
          for (std::size_t d = 0; d < i.size(); ++d)
            source[static_cast<std::size_t>(order[static_cast<Index>(d)])] = i[d];
          return source;
        }));
  };
  for (const Shape& shape : {Shape{2, 3, 4}, Shape{1, 3, 1}, Shape{2, 0, 3}})
    for (std::array<Index, 3> order{0, 1, 2};;) {
      permutation(shape, {order[0], order[1], order[2]}, {shape[order[0]], shape[order[1]], shape[order[2]]});
      if (!std::next_permutation(order.begin(), order.end())) break;
    }
  permutation({2, 3, 4, 2}, {3, 1, 0, 2}, {2, 3, 2, 4});
  permutation({2, 1, 2, 3, 1, 2}, {5, 4, 3, 2, 1, 0}, {2, 1, 3, 2, 1, 2});
  permutation({2, 3, 9, 35}, {0, 3, 1, 2}, {2, 35, 3, 9});  // squares, and what is left of them
  permutation({10, 9, 2, 11}, {3, 2, 1, 0}, {11, 2, 9, 10});
  permutation({3, 5, 9}, {1, 0, 2}, {5, 3, 9});
  permutation({}, {}, {});
  permutation({5}, {0}, {5});
  permutation({0, 3}, {1, 0}, {3, 0});
  const auto exchanged = [](std::vector<Index> i) {
    std::swap(i[i.size() - 1], i[i.size() - 2]);
    return i;
  };
  c.add(
      "transpose", "", {random({3, 5})}, [](auto x) { return transpose(x[0]); }, moved({5, 3}, exchanged));
  c.add(
      "transpose", "batch", {random({2, 3, 4})}, [](auto x) { return transpose(x[0]); },
      moved({2, 4, 3}, exchanged));
}

inline void part_cases(OpCases& c) {
  using detail::moved;
  const auto part = [&c](const Shape& from, const Shape& to, Index axis, Index begin, Index end, Index step,
                         Index first) {
    const std::size_t d = static_cast<std::size_t>(axis < 0 ? axis + from.rank() : axis);
    c.add(
         "slice",
         "axis " + std::to_string(axis) + " " + std::to_string(begin) + ":" + std::to_string(end) + ":" +
             std::to_string(step),
         {random(from)}, [=](auto x) { return slice(x[0], axis, begin, end, step); },
         moved(to,
               [=](std::vector<Index> i) {
                 i[d] = first + i[d] * step;
                 return i;
               }))
        .differences = axis >= 0;
  };
  part({5}, {3}, 0, 1, 4, 1, 1);
  part({4, 5}, {4, 2}, 1, 1, 5, 2, 1);
  part({4, 5}, {4, 3}, -1, 0, 5, 2, 0);
  part({4, 5, 2}, {2, 5, 2}, 0, -3, -1, 1, 1);
  part({4, 5, 2}, {4, 1, 2}, 1, 2, 4, 7, 2);
  part({4, 5}, {4, 0}, 1, 2, 2, 1, 2);
  part({0, 5}, {0, 2}, 1, 0, 2, 1, 0);
  for (const Shape& shape : axis_shapes())
    for (Index axis = -shape.rank(); axis < shape.rank(); ++axis) {
      const Index n = shape[axis];
      const auto with = [&](Index extent) { return figment::detail::with_extent(shape, axis, extent); };
      part(shape, with((n + 1) / 2), axis, 0, n, 2, 0);
      part(shape, with(0), axis, n, n, 1, n);
      if (n > 1) part(shape, with(n - 1), axis, 1 - n, n, 1, 1);
      if (n == 0) continue;
      const std::size_t d = static_cast<std::size_t>(axis < 0 ? axis + shape.rank() : axis);
      std::vector<Index> rest(shape.begin(), shape.end());
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(d));
      for (const Index at_end : {Index{0}, Index{-1}})
        c.add(
             "select", "axis " + std::to_string(axis) + " " + std::to_string(at_end), {random(shape)},
             [=](auto x) { return select(x[0], axis, at_end); },
             moved(Shape(std::span<const Index>(rest)),
                   [=](std::vector<Index> i) {
                     i.insert(i.begin() + static_cast<std::ptrdiff_t>(d), at_end == 0 ? 0 : n - 1);
                     return i;
                   }))
            .differences = axis >= 0;
    }
  part({3, 20}, {3, 9}, 1, 4, 13, 1, 4);
  part({3, 5, 9}, {3, 2, 9}, 1, 1, 5, 2, 1);
  // Parts that overlap: each adds its gradient to the others'.
  c.add(
      "slice", "three of one", {random({3, 7})},
      [](auto x) { return slice(x[0], 1, 0, 3) * slice(x[0], 1, 2, 5) + slice(x[0], -1, 0, 6, 2); },
      [](Inputs<double> x) {
        return build({3, 3}, [&](const auto& i) {
          return at(x[0], i) * at(x[0], {i[0], i[1] + 2}) + at(x[0], {i[0], 2 * i[1]});
        });
      });
  c.add(
      "select", "first axis", {random({3, 4})}, [](auto x) { return select(x[0], 0, 1); },
      moved({4}, [](const auto& i) {
        return std::vector<Index>{1, i[0]};
      }));
  c.add(
      "select", "from the end", {random({3, 4, 2})}, [](auto x) { return select(x[0], -2, -1); },
      moved({3, 2}, [](const auto& i) {
        return std::vector<Index>{i[0], 3, i[1]};
      }));
  c.add(
      "select", "scalar", {random({3})}, [](auto x) { return select(x[0], 0, -3); },
      moved({}, [](const auto&) { return std::vector<Index>{0}; }));
}

inline void join_cases(OpCases& c) {
  // f is concat or stack; the reference walks the parts along the axis.
  const auto parts = [](const auto& x) {
    return std::vector<std::decay_t<decltype(x[0])>>(x.begin(), x.end());
  };
  const auto joined = [](const Shape& shape, std::size_t axis) {
    return [=](Inputs<double> x) {
      return build(shape, [&](std::vector<Index> i) {
        std::size_t p = 0;
        while (i[axis] >= x[p].dim(static_cast<Index>(axis))) i[axis] -= x[p++].dim(static_cast<Index>(axis));
        return at(x[p], i);
      });
    };
  };
  c.add(
      "concat", "axis 0", {random({2, 3}), random({1, 3}, {}, 2), random({4, 3}, {}, 3)},
      [=](auto x) { return concat(parts(x)); }, joined({7, 3}, 0));
  c.add(
      "concat", "axis 1", {random({2, 3}), random({2, 0}), random({2, 2}, {}, 3)},
      [=](auto x) { return concat(parts(x), 1); }, joined({2, 5}, 1));
  c.add(
      "concat/list", "axis 1", {random({2, 3}), random({2, 4}, {}, 2)},
      [=](auto x) {
        return figment::concat({x[0], x[1]}, 1);
      },
      joined({2, 7}, 1));
  c.add(
      "concat", "middle", {random({2, 1, 3}), random({2, 4, 3}, {}, 2)},
      [=](auto x) { return concat(parts(x), -2); }, joined({2, 5, 3}, 1));
  c.add(
      "concat", "one part", {random({3})}, [=](auto x) { return concat(parts(x)); }, joined({3}, 0));
  c.add(
      "concat", "nothing", {random({0, 3}), random({0, 3})}, [=](auto x) { return concat(parts(x)); },
      joined({0, 3}, 0));
  for (const Shape& shape : axis_shapes())
    for (Index axis = -shape.rank(); axis < shape.rank(); ++axis) {
      const auto with = [&](Index extent) { return figment::detail::with_extent(shape, axis, extent); };
      c.add(
           "concat", "axis " + std::to_string(axis), {random(shape), random(with(2), {}, 2), random(with(0))},
           [=](auto x) { return concat(parts(x), axis); },
           joined(with(shape[axis] + 2), static_cast<std::size_t>(axis < 0 ? axis + shape.rank() : axis)))
          .differences = axis >= 0;
    }

  const auto stacked = [](const Shape& shape, std::size_t axis) {
    return [=](Inputs<double> x) {
      return build(shape, [&](std::vector<Index> i) {
        const auto p = static_cast<std::size_t>(i[axis]);
        i.erase(i.begin() + static_cast<std::ptrdiff_t>(axis));
        return at(x[p], i);
      });
    };
  };
  for (const Shape& shape : axis_shapes())
    for (Index axis = -shape.rank() - 1; axis <= shape.rank(); ++axis) {
      const Index place = axis < 0 ? axis + shape.rank() + 1 : axis;
      std::vector<Index> dims(shape.begin(), shape.end());
      dims.insert(dims.begin() + place, 2);
      c.add(
           "stack", "axis " + std::to_string(axis), {random(shape), random(shape, {}, 2)},
           [=](auto x) { return stack(parts(x), axis); },
           stacked(Shape(std::span<const Index>(dims)), static_cast<std::size_t>(place)))
          .differences = axis >= 0;
    }
  c.add(
      "stack", "three", {random({2, 3}), random({2, 3}, {}, 2), random({2, 3}, {}, 3)},
      [=](auto x) { return stack(parts(x), -1); }, stacked({2, 3, 3}, 2));
}

inline void index_cases(OpCases& c) {
  using detail::moved;
  const auto rows = [&c](const Shape& from, const std::vector<std::int32_t>& order, const Shape& to) {
    const figment::Indices indices(Shape{static_cast<Index>(order.size())}, order);
    c.add(
        "take", std::to_string(order.size()) + " rows", {random(from)},
        [indices](auto x) { return take(x[0], indices); }, moved(to, [order](std::vector<Index> i) {
          i[0] = order[static_cast<std::size_t>(i[0])];
          return i;
        }));
  };
  rows({4, 3}, {2, 0, 2, 3, 2}, {5, 3});  // row 1 has no part in it, row 2 three
  rows({4}, {3}, {1});
  rows({2, 2, 3}, {1, 1}, {2, 2, 3});
  rows({4, 3}, {}, {0, 3});
  const figment::Indices first({2}, {3, 0}), second({2}, {3, 3});
  c.add(
      "take", "twice of one", {random({4, 9})},
      [=](auto x) { return take(x[0], first) * take(x[0], second); },
      [](Inputs<double> x) {
        return build({2, 9}, [&](const auto& i) {
          return at(x[0], {i[0] == 0 ? 3 : 0, i[1]}) * at(x[0], {3, i[1]});
        });
      });
  // Positions along the last axis, of any rank.
  const auto columns = [&c](const Shape& rows_of, Index extent) {
    const figment::Indices indices = detail::labels_of(rows_of, extent);
    Shape from = rows_of;
    from.push_back(extent);
    const auto which = figment::cast<double>(indices);
    c.add(
        "pick", "", {random(from)}, [indices](auto x) { return pick(x[0], indices); },
        moved(rows_of, [which](std::vector<Index> i) {
          i.push_back(static_cast<Index>(at(which, i)));
          return i;
        }));
    c.add(
        "one_hot", to_string(rows_of), {},
        [indices, extent](auto x) {
          return figment::one_hot<typename std::decay_t<decltype(x[0])>::value_type>(indices, extent);
        },
        [which, from](Inputs<double>) {
          return build(from, [&](std::vector<Index> i) {
            const Index place = i.back();
            i.pop_back();
            return at(which, i) == static_cast<double>(place) ? 1 : 0;
          });
        });
  };
  for (const Shape& shape : {Shape{4}, Shape{1}, Shape{0}, Shape{}, Shape{2, 3}, Shape{2, 0}, Shape{0, 3},
                             Shape{2, 1, 3}, Shape{1, 2, 1, 2, 1}})
    for (const Index extent : {1, 3}) columns(shape, extent);
}

inline void broadcast_cases(OpCases& c) {
  const auto row = [&c](const Shape& small, const Shape& large) {
    c.add(
        "broadcast_to", to_string(large), {random(small)},
        [large](auto x) { return broadcast_to(x[0], large); },
        [large](Inputs<double> x) { return build(large, [&](const auto& i) { return at(x[0], i); }); });
    OpCase& sum = c.add(
        "sum_to", to_string(small), {random(large)}, [small](auto x) { return sum_to(x[0], small); },
        [small](Inputs<double> x) {
          Tensor<double> y = Tensor<double>::zeros(small);
          double* out = y.mutable_data();
          const Tensor<double> place = build(small, [n = 0.0](const auto&) mutable { return n++; });
          each_position(x[0].shape(),
                        [&](const auto& i) { out[static_cast<Index>(at(place, i))] += at(x[0], i); });
          return y;
        });
    // Each addition rounds what is at most the sum of all magnitudes, here about one for each term.
    const double terms = static_cast<double>(large.size()) / std::max(1.0, static_cast<double>(small.size()));
    sum.error = 16 + terms;
    sum.differences = large.size() < 100;
  };
  row({}, {});
  row({}, {3, 4});
  row({1}, {5});
  row({4}, {3, 4});
  row({3, 1}, {3, 4});
  row({2, 1, 3, 1}, {2, 4, 3, 2});
  row({1, 3, 1}, {2, 3, 2});
  row({3}, {0, 3});
  row({0, 1}, {0, 4});
  row({1, 1}, {1, 1, 1, 1});
  row({}, {150001});              // many chunks
  row({101}, {1000, 101});        // columns that no vector divides, for several threads
  row({500, 1}, {500, 203});      // rows for several threads
  row({1, 37, 1}, {40, 37, 70});  // two separate runs of summed dimensions
}

}  // namespace test

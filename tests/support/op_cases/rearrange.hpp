// Rows of ops/flip.hpp, ops/gather.hpp, ops/pad.hpp, ops/sort.hpp, ops/split.hpp, ops/tile.hpp, and of slices
// of several axes.
#pragma once

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

}  // namespace test

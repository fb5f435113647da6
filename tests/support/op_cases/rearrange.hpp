// Rows of ops/flip.hpp, ops/gather.hpp, ops/pad.hpp, ops/sort.hpp, ops/split.hpp, ops/tile.hpp, and of slices
// of several axes.
#pragma once

#include <numeric>

#include "figment/ops/pad.hpp"
#include "figment/ops/sort.hpp"
#include "figment/ops/split.hpp"
#include "figment/ops/tile.hpp"
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

inline void flip_cases(OpCases& c) {
  using detail::moved;
  detail::each_axis([&c](const Shape& shape, Index axis, std::size_t d) {
    const Index n = shape[axis];
    c.add(
         "flip", detail::said({axis}), {random(shape)}, [axis](auto x) { return flip(x[0], axis); },
         moved(shape,
               [=](std::vector<Index> i) {
                 i[d] = n - 1 - i[d];
                 return i;
               }))
        .differences = axis >= 0;
    for (const Index shift : {0, 1, -1, 7})
      c.add(
           "roll/axis", detail::said({shift, axis}), {random(shape)},
           [=](auto x) { return roll(x[0], shift, axis); },
           moved(shape,
                 [=](std::vector<Index> i) {
                   i[d] = ((i[d] - shift) % n + n) % n;
                   return i;
                 }))
          .differences = axis >= 0 && shift != 0;
  });
  for (const Shape& shape : axis_shapes()) {
    c.add(
        "flip", "all", {random(shape)}, [](auto x) { return flip(x[0]); }, moved(shape, [=](auto i) {
          for (std::size_t d = 0; d < i.size(); ++d) i[d] = shape[static_cast<Index>(d)] - 1 - i[d];
          return i;
        }));
    c.add(
        "roll/flat", "2", {random(shape)}, [](auto x) { return roll(x[0], 2); },
        [shape](Inputs<double> x) {
          std::vector<double> v(x[0].data(), x[0].data() + x[0].size());
          if (!v.empty()) std::rotate(v.rbegin(), v.rbegin() + 2 % x[0].size(), v.rend());
          return Tensor<double>(shape, v);
        });
  }
  c.add(
      "flip", "two", {random({3, 4, 2})},
      [](auto x) {
        return flip(x[0], {-1, 0});
      },
      moved({3, 4, 2}, [](std::vector<Index> i) {
        i[0] = 2 - i[0], i[2] = 1 - i[2];
        return i;
      }));
  c.add(
      "roll/axes", "two", {random({3, 4, 2})},
      [](auto x) {
        return roll(x[0], {1, -2, 1}, {0, 1, 0});
      },
      moved({3, 4, 2}, [](std::vector<Index> i) {
        i[0] = (i[0] + 1) % 3, i[1] = (i[1] + 2) % 4;
        return i;
      }));
}

inline void pad_cases(OpCases& c) {
  using figment::PadMode, figment::PadWidth;
  const auto row = [&c](const std::string& op, const Shape& from, const std::vector<PadWidth>& widths,
                        PadMode mode, double value, auto f) {
    Shape to = from;
    for (std::size_t d = 0; d < widths.size(); ++d)
      to[static_cast<Index>(d)] += widths[d].before + widths[d].after;
    c.add(op, std::to_string(static_cast<int>(mode)), {random(from)}, f, [=](Inputs<double> x) {
      return build(to, [&](std::vector<Index> i) {
        bool inside = true;
        for (std::size_t d = 0; d < widths.size(); ++d) {
          const Index n = from[static_cast<Index>(d)];
          Index& p = i[d];
          p -= widths[d].before;
          inside = inside && p >= 0 && p < n;
          if (mode == PadMode::reflect) p = p < 0 ? -p : p >= n ? 2 * n - 2 - p : p;
          if (mode == PadMode::replicate) p = std::clamp<Index>(p, 0, n - 1);
          if (mode == PadMode::circular) p = (p + n) % n;
        }
        return mode == PadMode::constant && !inside ? value : at(x[0], i);
      });
    });
  };
  const auto widths = [&](const Shape& from, const std::vector<PadWidth>& w, PadMode mode, double value = 0) {
    row("pad/span", from, w, mode, value,
        [=](auto x) { return pad(x[0], std::span<const PadWidth>(w), mode, value); });
  };
  for (const PadMode mode : {PadMode::constant, PadMode::reflect, PadMode::replicate, PadMode::circular}) {
    widths({3}, {{2, 1}}, mode);
    widths({3, 4}, {{1, 0}, {0, 3}}, mode);
    widths({2, 3, 2}, {{}, {2, 2}}, mode);
    widths({2, 3, 4, 2}, {{}, {1, 2}, {3, 1}, {}}, mode, 0);
    widths({0, 2}, {{}, {1, 1}}, mode);
    widths({1, 2}, {}, mode);
    widths({}, {}, mode);
    if (mode == PadMode::reflect) continue;  // which one element is too few for
    widths({1}, {{1, 1}}, mode);
    widths({1, 2, 1}, {{1, 0}, {1, 1}, {0, 1}}, mode);
  }
  widths({2, 3}, {{1, 1}, {2, 0}}, PadMode::constant, -1.5);
  widths({0, 2}, {{2, 1}}, PadMode::constant, 3);
  row("pad/list", {2, 3}, {{0, 0}, {1, 2}}, PadMode::constant, 0.5, [](auto x) {
    return pad(x[0], {{}, {1, 2}}, PadMode::constant, 0.5);
  });
}

inline void tile_cases(OpCases& c) {
  using detail::moved;
  for (const Shape& from : {Shape{}, Shape{1}, Shape{3}, Shape{2, 3}, Shape{0, 2}, Shape{2, 1, 3}}) {
    // Of two numbers, aligned at the last axes.
    for (const auto& [u, v] : {std::pair<Index, Index>{2, 3}, {1, 2}, {3, 1}, {0, 2}, {1, 1}}) {
      const Index rank = std::max<Index>(2, from.rank());
      Shape to;
      for (Index i = 0; i < rank; ++i)
        to.push_back((i < rank - from.rank() ? 1 : from[i - rank + from.rank()]) * (i == rank - 2   ? u
                                                                                    : i == rank - 1 ? v
                                                                                                    : 1));
      const auto source = [from, rank](std::vector<Index> i) {
        i.erase(i.begin(), i.begin() + (rank - from.rank()));
        for (std::size_t d = 0; d < i.size(); ++d) i[d] %= from[static_cast<Index>(d)];
        return i;
      };
      const Index a = u, b = v;
      c.add(
          "tile", detail::said({u, v}), {random(from)},
          [=](auto x) {
            return tile(x[0], {a, b});
          },
          moved(to, source));
      if (from.rank() <= 2)
        c.add(
            "repeat", detail::said({u, v}), {random(from)},
            [=](auto x) {
              return repeat(x[0], {a, b});
            },
            moved(to, source));
    }
  }
  detail::each_axis([&c](const Shape& shape, Index axis, std::size_t d) {
    for (const Index times : {0, 1, 3}) {
      const Index n = times;
      c.add(
           "repeat_interleave", detail::said({times, axis}), {random(shape)},
           [=](auto x) { return repeat_interleave(x[0], n, axis); },
           moved(figment::detail::with_extent(shape, axis, shape[axis] * n),
                 [=](std::vector<Index> i) {
                   i[d] /= n;
                   return i;
                 }))
          .differences = axis >= 0;
    }
  });
  const figment::Indices each({3}, {2, 0, 3});
  c.add(
      "repeat_interleave/each", "", {random({2, 3, 2})},
      [each](auto x) { return repeat_interleave(x[0], each, 1); }, moved({2, 5, 2}, [](std::vector<Index> i) {
        i[1] = i[1] < 2 ? 0 : 2;
        return i;
      }));
}

inline void split_cases(OpCases& c) {
  // The parts joined again, each with a factor of its own, so that none is another's.
  const auto joined = [](const auto& parts, Index axis) {
    std::vector<std::decay_t<decltype(parts[0])>> scaled;
    double factor = 1;
    for (const auto& p : parts) scaled.push_back(p * factor++);
    return concat(scaled, axis);
  };
  const auto row = [&](const std::string& op, const Shape& shape, std::vector<Index> sizes, Index axis,
                       auto f) {
    std::string variant;
    for (const Index n : sizes) variant += std::to_string(n) + " ";
    const auto d = static_cast<std::size_t>(axis < 0 ? axis + shape.rank() : axis);
    c.add(
        op, variant + "axis " + std::to_string(axis), {random(shape)},
        [=](auto x) { return joined(f(x[0]), axis); },
        [=](Inputs<double> x) {
          return build(shape, [&](const std::vector<Index>& i) {
            Index end = 0;
            double factor = 0;
            for (const Index n : sizes)
              if (end <= i[d]) end += n, ++factor;
            return factor * at(x[0], i);
          });
        });
  };
  const auto sizes = [&](const Shape& shape, const std::vector<Index>& n, Index axis) {
    row("split/sizes", shape, n, axis, [=](const auto& x) { return split(x, n, axis); });
  };
  sizes({5}, {2, 3}, 0);
  sizes({5}, {5}, -1);
  sizes({2, 6, 2}, {1, 3, 2}, 1);
  sizes({2, 6, 3}, {1, 1}, 0);
  sizes({2, 4}, {1, 0, 3}, 1);
  sizes({0, 4}, {3, 1}, 1);
  sizes({0, 4}, {0, 0}, 0);
  row("split/list", {3, 4}, {1, 3}, 1, [](const auto& x) { return split(x, {1, 3}, 1); });
  row("split/size", {3, 5}, {2, 2, 1}, 1, [](const auto& x) { return split(x, 2, 1); });
  row("split/size", {4, 2}, {2, 2}, 0, [](const auto& x) { return split(x, 2); });
  row("split/size", {4, 0}, {0}, 1, [](const auto& x) { return split(x, 3, 1); });
  row("split/equal", {4, 2}, {2, 2}, 0, [](const auto& x) { return figment::split<2>(x); });
  row("split/equal", {2, 6, 3}, {2, 2, 2}, -2, [](const auto& x) { return figment::split<3>(x, -2); });
  row("split/equal", {2, 0}, {0, 0}, 1, [](const auto& x) { return figment::split<2>(x, 1); });
  row("chunk", {3, 7}, {3, 3, 1}, 1, [](const auto& x) { return chunk(x, 3, 1); });
  row("chunk", {7, 2}, {2, 2, 2, 1}, 0, [](const auto& x) { return chunk(x, 5); });  // four
  row("chunk", {2, 2}, {1, 1}, -1, [](const auto& x) { return chunk(x, 4, -1); });
  row("chunk", {2, 0}, {0, 0}, 1, [](const auto& x) { return chunk(x, 2, 1); });
  // Parts of which one has no part in the result, and products of others.
  c.add(
      "split/equal", "used unevenly", {random({2, 6})},
      [](auto x) {
        const auto [a, b, unused] = figment::split<3>(x[0], 1);
        return a * b + a;
      },
      [](Inputs<double> x) {
        return build({2, 2}, [&](const auto& i) { return at(x[0], i) * (1 + at(x[0], {i[0], i[1] + 2})); });
      });
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
  // Of long lines the largest are kept as they come.
  for (const Index k : {Index{1}, Index{3}, Index{70}, Index{400}})
    c.add(
         "topk", "long " + std::to_string(k), {distinct({3, 400})},
         [k](auto x) { return topk(x[0], k).values; },
         [k](Inputs<double> x) {
           return build({3, k}, [&](const auto& i) {
             auto line = line_of(x[0], i, 1);
             std::sort(line.rbegin(), line.rend());
             return line[static_cast<std::size_t>(i[1])];
           });
         })
        .differences = false;
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

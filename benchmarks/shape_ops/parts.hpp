// Parts of tensors, joined, reordered, repeated and resized.
#pragma once

#include "shape_ops/case.hpp"

namespace shape_ops {

/// y(position) = x(source(position)).
template <class F>
std::function<Tensor<double>(const Wide&)> moved(const Shape& shape, F source) {
  return
      [=](const Wide& x) { return build(shape, [&](const Place& p) { return element(x[0], source(p)); }); };
}

inline std::vector<Case> slice_cases() {
  namespace f = figment;
  std::vector<Case> list;
  const auto x = normal(images);
  const auto axis_name = [](const char* name, Index axis) { return f::format("{} axis {}", name, axis); };
  for (Index axis = 0; axis < 4; ++axis) {
    const Index n = images[axis];
    Shape half = images;
    half[axis] = n / 2;
    list.push_back({axis_name("slice", axis),
                    {x},
                    [=](const Inputs& in) { return f::slice(in[0], axis, n / 4, n / 4 + n / 2); },
                    moved(half, [=](const Place& p) { return p.with(axis, p[axis] + n / 4); })});
    list.push_back({axis_name("slice step 2", axis),
                    {x},
                    [=](const Inputs& in) { return f::slice(in[0], axis, 0, n, 2); },
                    moved(half, [=](const Place& p) { return p.with(axis, 2 * p[axis]); })});
    list.push_back({axis_name("select", axis),
                    {x},
                    [=](const Inputs& in) { return f::select(in[0], axis, 3); },
                    moved(without(images, axis), [=](const Place& p) {
                      Place from;
                      for (Index d = 0; d < 4; ++d) from.at[d] = d == axis ? 3 : p[d - (d > axis)];
                      return from;
                    })});
  }
  return list;
}

inline std::vector<Case> join_cases() {
  namespace f = figment;
  std::vector<Case> list;
  const auto a = normal(images), b = normal(images, 2);
  for (Index axis = 0; axis < 4; ++axis) {
    Shape twice = images;
    twice[axis] *= 2;
    list.push_back({f::format("concat axis {}", axis),
                    {a, b},
                    [=](const Inputs& in) {
                      return f::concat({in[0], in[1]}, axis);
                    },
                    [=](const Wide& x) {
                      const Index n = images[axis];
                      return build(twice, [&](const Place& p) {
                        return p[axis] < n ? element(x[0], p) : element(x[1], p.with(axis, p[axis] - n));
                      });
                    }});
  }
  for (Index axis = 0; axis < 5; ++axis) {
    Shape shape;
    for (Index d = 0; d < 5; ++d) shape.push_back(d == axis ? 2 : images[d - (d > axis)]);
    list.push_back({f::format("stack axis {}", axis),
                    {a, b},
                    [=](const Inputs& in) { return f::stack(in, axis); },
                    [=](const Wide& x) {
                      return build(shape, [&](const Place& p) {
                        Place from;
                        for (Index d = 0; d < 4; ++d) from.at[d] = p[d + (d >= axis)];
                        return element(x[static_cast<std::size_t>(p[axis])], from);
                      });
                    }});
  }
  return list;
}

inline std::vector<Case> order_cases() {
  namespace f = figment;
  std::vector<Case> list;
  const auto x = normal(images);
  for (const Shape& order : {Shape{0, 3, 1, 2}, Shape{0, 2, 3, 1}, Shape{0, 1, 3, 2}, Shape{0, 2, 1, 3},
                             Shape{1, 0, 2, 3}, Shape{3, 0, 1, 2}, Shape{3, 2, 1, 0}, Shape{2, 3, 0, 1}}) {
    Shape shape;
    for (Index d = 0; d < 4; ++d) shape.push_back(images[order[d]]);
    list.push_back({f::format("permute {}", order),
                    {x},
                    [=](const Inputs& in) { return f::permute(in[0], order); },
                    moved(shape, [=](const Place& p) {
                      Place from;
                      for (Index d = 0; d < 4; ++d) from.at[order[d]] = p[d];
                      return from;
                    })});
  }
  list.push_back({"transpose (896, 896)",
                  {normal({896, 896})},
                  [](const Inputs& in) { return f::transpose(in[0]); },
                  moved({896, 896}, [](const Place& p) {
                    return Place{{p[1], p[0]}};
                  })});
  return list;
}

inline std::vector<Case> index_cases() {
  namespace f = figment;
  const auto x = normal(images), rows = normal({25088, 32});
  std::vector<std::int32_t> order, columns;
  for (Index i = 0; i < 48; ++i) order.push_back(static_cast<std::int32_t>(i * 7 % 32));
  for (Index i = 0; i < 25088; ++i) columns.push_back(static_cast<std::int32_t>(i * 13 % 32));
  const Indices taken(Shape{48}, order), picked(Shape{25088}, columns);
  const auto flat = [](const Place& p) { return p[0] * 32 + p[1]; };
  std::vector<std::int32_t> many;
  for (Index i = 0; i < 25088; ++i) many.push_back(static_cast<std::int32_t>(i * 7919 % 1000));
  const Indices words(Shape{25088}, many);
  return {{"take 48 images",
           {x},
           [=](const Inputs& in) { return f::take(in[0], taken); },
           moved({48, 28, 28, 32}, [=](const Place& p) { return p.with(0, p[0] * 7 % 32); })},
          {"take 25088 rows",
           {normal({1000, 32})},
           [=](const Inputs& in) { return f::take(in[0], words); },
           moved({25088, 32}, [=](const Place& p) { return p.with(0, p[0] * 7919 % 1000); })},
          {"pick (25088, 32)",
           {rows},
           [=](const Inputs& in) { return f::pick(in[0], picked); },
           moved({25088},
                 [=](const Place& p) {
                   return Place{{p[0], p[0] * 13 % 32}};
                 })},
          {"one_hot (25088, 32)",
           {},
           [=](const Inputs&) { return f::one_hot(picked, 32); },
           [=](const Wide&) {
             return build({25088, 32}, [&](const Place& p) { return flat(p) % 32 == p[0] * 13 % 32; });
           }}};
}

inline std::vector<Case> image_cases() {
  namespace f = figment;
  const auto x = normal(images);
  const Shape twice{32, 56, 56, 32}, half{32, 14, 14, 32};
  const auto window = [](const Tensor<double>& in, const Place& p, auto fold) {
    double y = 0;
    for (Index k = 0; k < 4; ++k) {
      const Place at{{p[0], 2 * p[1] + k / 2, 2 * p[2] + k % 2, p[3]}};
      y = k == 0 ? element(in, at) : fold(y, element(in, at));
    }
    return y;
  };
  const auto linear = [](const Tensor<double>& in, const Place& p) {
    const auto side = [](Index o, Index n, Index& low, Index& high) {
      const double at = std::max(0.0, (static_cast<double>(o) + 0.5) / 2 - 0.5);
      low = static_cast<Index>(at), high = std::min(low + 1, n - 1);
      return at - static_cast<double>(low);
    };
    Index top, bottom, left, right;
    const double r = side(p[1], 28, top, bottom), c = side(p[2], 28, left, right);
    const auto v = [&](Index i, Index j) { return element(in, Place{{p[0], i, j, p[3]}}); };
    return (1 - r) * ((1 - c) * v(top, left) + c * v(top, right)) +
           r * ((1 - c) * v(bottom, left) + c * v(bottom, right));
  };
  return {{"max_pool2d",
           {x},
           [](const Inputs& in) { return f::max_pool2d(in[0]); },
           [=](const Wide& in) {
             return build(half, [&](const Place& p) {
               return window(in[0], p, [](double a, double b) { return std::max(a, b); });
             });
           }},
          {"avg_pool2d",
           {x},
           [](const Inputs& in) { return f::avg_pool2d(in[0]); },
           [=](const Wide& in) {
             return build(half, [&](const Place& p) {
               return window(in[0], p, [](double a, double b) { return a + b; }) / 4;
             });
           }},
          {"upsample2d nearest",
           {x},
           [](const Inputs& in) { return f::upsample2d(in[0], 2); },
           moved(twice,
                 [](const Place& p) {
                   return Place{{p[0], p[1] / 2, p[2] / 2, p[3]}};
                 })},
          {"upsample2d bilinear",
           {x},
           [](const Inputs& in) { return f::upsample2d(in[0], 2, f::Interpolation::bilinear); },
           [=](const Wide& in) { return build(twice, [&](const Place& p) { return linear(in[0], p); }); }}};
}

}  // namespace shape_ops

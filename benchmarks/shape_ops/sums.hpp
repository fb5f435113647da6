// Reductions over each axis and over several.
#pragma once

#include "shape_ops/case.hpp"

namespace shape_ops {

/// What some of x's dimensions are reduced to, with extents of 1: calls f(group, value) for every element.
template <class F>
void each_of(const Tensor<double>& x, const Shape& kept, F f) {
  each_place(x.shape(), [&](const Place& p, Index n) {
    Index group = 0;
    for (Index d = 0; d < kept.rank(); ++d) group = group * kept[d] + (kept[d] == 1 ? 0 : p[d]);
    f(group, x.data()[n], n);
  });
}
/// The fold of each group of x.
template <class F>
Tensor<double> folded(const Tensor<double>& x, const Shape& kept, double start, F f) {
  auto y = Tensor<double>::full(kept, start);
  double* out = y.mutable_data();
  each_of(x, kept, [&](Index group, double v, Index) { out[group] = f(out[group], v); });
  return y;
}
inline Tensor<double> sums(const Tensor<double>& x, const Shape& kept) {
  return folded(x, kept, 0, [](double a, double b) { return a + b; });
}

/// f(value, its group's value of y).
template <class F>
Tensor<double> against(const Tensor<double>& x, const Tensor<double>& y, F f) {
  Tensor<double> z(x.shape());
  double* out = z.mutable_data();
  each_of(x, y.shape(), [&](Index group, double v, Index n) { out[n] = f(v, y.data()[group]); });
  return z;
}
template <class F>
Tensor<double> each(const Tensor<double>& x, F f) {
  return against(x, sums(x, x.shape()), [&](double v, double) { return f(v); });
}

inline std::vector<Case> reduction_cases() {
  namespace f = figment;
  std::vector<Case> list;
  const auto x = normal(images);
  struct Over {
    const char* name;
    f::Axes axes;
  };
  const Over all[] = {{"axis 0", 0},
                      {"axis 1", 1},
                      {"axis 2", 2},
                      {"axis 3", 3},
                      {"all axes", {}},
                      {"axes 1 2", {1, 2}},
                      {"axes 0 1 2", {0, 1, 2}},
                      {"axes 1 2 3", {1, 2, 3}}};
  for (const Over& chosen : all) {
    const f::Axes axes = chosen.axes;
    const Shape kept = axes.kept(images, "");
    const double count = static_cast<double>(images.size()) / static_cast<double>(kept.size());
    const auto over = [&](const char* op, auto run, auto exact, double error) {
      list.push_back({f::format("{} {}", op, chosen.name),
                      {x},
                      [=](const Inputs& in) { return run(in[0], axes); },
                      [=](const Wide& in) { return exact(in[0]); },
                      error});
    };
    // Each addition rounds what has been summed so far; more than a thousand are summed in double.
    const double rounding = 4 + (std::min)(count, 1024.0) / 2;
    over(
        "sum", [](auto& v, auto& a) { return f::sum(v, a); }, [=](auto& v) { return sums(v, kept); },
        rounding);
    over(
        "mean", [](auto& v, auto& a) { return f::mean(v, a); },
        [=](auto& v) { return each(sums(v, kept), [=](double s) { return s / count; }); }, 4);
    const auto variance = [=](const Tensor<double>& v) {
      const auto mean = each(sums(v, kept), [=](double s) { return s / count; });
      const auto squares = against(v, mean, [](double a, double m) { return (a - m) * (a - m); });
      return each(sums(squares, kept), [=](double s) { return s / count; });
    };
    over(
        "var", [](auto& v, auto& a) { return f::var(v, a); }, variance, 16);
    over(
        "max", [](auto& v, auto& a) { return (f::max)(v, a); },
        [=](auto& v) { return folded(v, kept, -1e30, [](double a, double b) { return std::max(a, b); }); },
        0);
    over(
        "min", [](auto& v, auto& a) { return (f::min)(v, a); },
        [=](auto& v) { return folded(v, kept, 1e30, [](double a, double b) { return std::min(a, b); }); }, 0);
    over(
        "logsumexp", [](auto& v, auto& a) { return f::logsumexp(v, a); },
        [=](auto& v) {
          return each(sums(each(v, [](double a) { return std::exp(a); }), kept),
                      [](double s) { return std::log(s); });
        },
        8);
  }
  for (Index axis = 0; axis < 4; ++axis) {
    const Shape kept = with_one(images, axis);
    const auto total = [=](const Tensor<double>& v) {
      return sums(each(v, [](double a) { return std::exp(a); }), kept);
    };
    list.push_back({f::format("softmax axis {}", axis),
                    {x},
                    [=](const Inputs& in) { return f::softmax(in[0], axis); },
                    [=](const Wide& in) {
                      return against(in[0], total(in[0]), [](double v, double s) { return std::exp(v) / s; });
                    }});
    list.push_back({f::format("log_softmax axis {}", axis),
                    {x},
                    [=](const Inputs& in) { return f::log_softmax(in[0], axis); },
                    [=](const Wide& in) {
                      return against(in[0], total(in[0]), [](double v, double s) { return v - std::log(s); });
                    },
                    8});
    const auto place = [=](double sign) {
      return [=](const Wide& in) {
        const auto best =
            folded(in[0], kept, -1e30, [=](double a, double b) { return std::max(a, sign * b); });
        return build(kept, [&](const Place& p) {
          for (Index i = 0;; ++i)
            if (sign * element(in[0], p.with(axis, i)) == element(best, p)) return static_cast<double>(i);
        });
      };
    };
    list.push_back({f::format("argmax axis {}", axis),
                    {x},
                    [=](const Inputs& in) { return f::argmax(in[0], axis); },
                    place(1)});
    list.push_back({f::format("argmin axis {}", axis),
                    {x},
                    [=](const Inputs& in) { return f::argmin(in[0], axis); },
                    place(-1)});
  }
  return list;
}

}  // namespace shape_ops

// Elementwise operations with broadcasting, and functions of one tensor.
#pragma once

#include "shape_ops/case.hpp"

namespace shape_ops {

/// run(a, b) with b broadcast to a, or a to b.
template <class F, class G>
Case pair(const std::string& name, const Tensor<float>& a, const Tensor<float>& b, F run, G exact) {
  return {name,
          {a, b},
          [=](const Inputs& in) { return run(in[0], in[1]); },
          [=](const Wide& x) {
            return build(figment::broadcast(x[0].shape(), x[1].shape(), ""), [&](const Place& p) {
              return static_cast<double>(exact(element(x[0], p, 4), element(x[1], p, 4)));
            });
          }};
}

inline std::vector<Case> broadcast_cases() {
  namespace f = figment;
  std::vector<Case> list;
  const auto a = normal(images);
  const auto positive = f::Rng(3).uniform<float>(images) + 0.5f;
  const std::vector<Shape> partners{
      images, {1, 28, 28, 32}, {32, 1, 28, 32}, {32, 28, 1, 32}, {32, 28, 28, 1},
      {32},   {32, 1, 1, 32},  {1, 28, 28, 1},  {32, 1, 1, 1},   {28, 1, 1}};
  for (const Shape& shape : partners) {
    const auto b = normal(shape, 2);
    list.push_back(pair(
        f::format("add {}", shape), a, b, [](auto& u, auto& v) { return u + v; },
        [](double u, double v) { return u + v; }));
    list.push_back(pair(
        f::format("mul {}", shape), a, b, [](auto& u, auto& v) { return u * v; },
        [](double u, double v) { return u * v; }));
    const Mask mask = f::greater(b, 0.0f);
    list.push_back({f::format("where {}", shape),
                    {a, positive},
                    [=](const Inputs& in) { return f::where(mask, in[0], in[1]); },
                    [=](const Wide& x) {
                      return build(images, [&](const Place& p) {
                        return element(x[element(mask, p, 4) != 0 ? 0 : 1], p);
                      });
                    }});
    if (shape != images)
      list.push_back(
          {f::format("broadcast_to {}", shape),
           {b},
           [](const Inputs& in) { return f::broadcast_to(in[0], images); },
           [](const Wide& x) { return build(images, [&](const Place& p) { return element(x[0], p, 4); }); }});
  }
  list.push_back(pair(
      "mul (32, 28, 28, 1) (32)", normal({32, 28, 28, 1}), normal({32}, 2),
      [](auto& u, auto& v) { return u * v; }, [](double u, double v) { return u * v; }));
  for (const Shape& shape : {images, Shape{32}, Shape{32, 28, 28, 1}}) {
    const auto b = normal(shape, 2), c = f::Rng(4).uniform<float>(shape) + 0.5f;
    list.push_back(pair(
        f::format("sub {}", shape), a, b, [](auto& u, auto& v) { return u - v; },
        [](double u, double v) { return u - v; }));
    list.push_back(pair(
        f::format("div {}", shape), a, c, [](auto& u, auto& v) { return u / v; },
        [](double u, double v) { return u / v; }));
    list.push_back(pair(
        f::format("maximum {}", shape), a, b, [](auto& u, auto& v) { return f::maximum(u, v); },
        [](double u, double v) { return std::max(u, v); }));
    list.push_back(pair(
        f::format("minimum {}", shape), a, b, [](auto& u, auto& v) { return f::minimum(u, v); },
        [](double u, double v) { return std::min(u, v); }));
    list.push_back(pair(
        f::format("pow {}", shape), positive, b, [](auto& u, auto& v) { return f::pow(u, v); },
        [](double u, double v) { return std::pow(u, v); }));
    list.push_back(pair(
        f::format("greater {}", shape), a, b, [](auto& u, auto& v) { return f::greater(u, v); },
        [](double u, double v) { return u > v; }));
    list.push_back(pair(
        f::format("equal {}", shape), a, b, [](auto& u, auto& v) { return f::equal(u, v); },
        [](double u, double v) { return u == v; }));
  }
  return list;
}

inline std::vector<Case> function_cases() {
  namespace f = figment;
  std::vector<Case> list;
  const auto any = normal(images), positive = f::Rng(3).uniform<float>(images) + 0.5f;
  const auto add = [&](const char* name, const Tensor<float>& x, auto run, double (*exact)(double)) {
    list.push_back({name,
                    {x},
                    [=](const Inputs& in) { return run(in[0]); },
                    [=](const Wide& in) {
                      return build(images, [&](const Place& p) { return exact(element(in[0], p)); });
                    }});
  };
  // sign has no gradient that a difference would show across 0.
  const auto away = f::where(f::greater(any, 0.0f), positive, -positive);
  add(
      "sin", any, [](auto& x) { return f::sin(x); }, [](double x) { return std::sin(x); });
  add(
      "cos", any, [](auto& x) { return f::cos(x); }, [](double x) { return std::cos(x); });
  add(
      "abs", any, [](auto& x) { return f::abs(x); }, [](double x) { return std::abs(x); });
  add(
      "sign", away, [](auto& x) { return f::sign(x); }, [](double x) { return x > 0 ? 1.0 : -1.0; });
  add(
      "clamp", any, [](auto& x) { return f::clamp(x, -0.5, 0.75); },
      [](double x) { return std::clamp(x, -0.5, 0.75); });
  add(
      "add number", any, [](auto& x) { return x + 1.5f; }, [](double x) { return x + 1.5; });
  add(
      "div number", any, [](auto& x) { return x / 1.5f; }, [](double x) { return x / 1.5; });
  add(
      "pow 2", any, [](auto& x) { return f::pow(x, 2); }, [](double x) { return x * x; });
  add(
      "pow 0.5", positive, [](auto& x) { return f::pow(x, 0.5); }, [](double x) { return std::sqrt(x); });
  add(
      "pow 1.7", positive, [](auto& x) { return f::pow(x, 1.7); }, [](double x) { return std::pow(x, 1.7); });
  add(
      "is_finite", any, [](auto& x) { return f::is_finite(x); },
      [](double x) { return static_cast<double>(std::isfinite(x)); });
  return list;
}

}  // namespace shape_ops

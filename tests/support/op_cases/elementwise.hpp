// Rows of ops/math.hpp, ops/activation.hpp, ops/arithmetic.hpp, ops/compare.hpp.
#pragma once

#include "figment/ops/activation.hpp"
#include "figment/ops/arithmetic.hpp"
#include "figment/ops/assign.hpp"
#include "figment/ops/compare.hpp"
#include "figment/ops/math.hpp"
#include "support/op_case.hpp"

namespace test {

inline void math_cases(OpCases& c) {
  c.unary(
      "exp", "", {-3, 3}, [](auto& x) { return exp(x); }, [](double x) { return std::exp(x); });
  c.unary(
      "log", "", {0.1, 5}, [](auto& x) { return log(x); }, [](double x) { return std::log(x); });
  c.unary(
      "log1p", "", {-0.8, 3}, [](auto& x) { return log1p(x); }, [](double x) { return std::log1p(x); });
  c.unary(
      "expm1", "", {-2, 2}, [](auto& x) { return expm1(x); }, [](double x) { return std::expm1(x); });
  c.unary(
      "sqrt", "", {0.2, 4}, [](auto& x) { return sqrt(x); }, [](double x) { return std::sqrt(x); });
  c.unary(
      "square", "", {-3, 3}, [](auto& x) { return square(x); }, [](double x) { return x * x; });
  c.unary(
      "reciprocal", "", {0.4, 3}, [](auto& x) { return reciprocal(x); }, [](double x) { return 1 / x; });
  c.unary(
      "rsqrt", "", {0.4, 3}, [](auto& x) { return rsqrt(x); }, [](double x) { return 1 / std::sqrt(x); });
  c.unary(
      "sin", "", {-4, 4}, [](auto& x) { return sin(x); }, [](double x) { return std::sin(x); });
  c.unary(
      "cos", "", {-4, 4}, [](auto& x) { return cos(x); }, [](double x) { return std::cos(x); });
  c.unary(
      "tan", "", {-1.1, 1.1}, [](auto& x) { return tan(x); }, [](double x) { return std::tan(x); });
  c.unary(
      "erf", "", {-2, 2}, [](auto& x) { return erf(x); }, [](double x) { return std::erf(x); });
  c.unary(
      "sign", "", {-2, 2, {0, -0.0}}, [](auto& x) { return sign(x); },
      [](double x) { return static_cast<double>((x > 0) - (x < 0)); });
  const Range between_whole{-3, 3, {-2, -1, -0.0, 0, 1, 2}};
  c.unary(
      "floor", "", between_whole, [](auto& x) { return floor(x); }, [](double x) { return std::floor(x); });
  c.unary(
      "ceil", "", between_whole, [](auto& x) { return ceil(x); }, [](double x) { return std::ceil(x); });
  c.unary(
      "round", "", {-3, 3, {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}}, [](auto& x) { return round(x); },
      [](double x) { return x - std::remainder(x, 1); });
  c.unary(
      "abs", "", {-2, 2, {0, -0.0}}, [](auto& x) { return abs(x); }, [](double x) { return x < 0 ? -x : x; });
  c.unary(
      "clamp", "", {-2, 2, {-0.5, 1}}, [](auto& x) { return clamp(x, -0.5, 1); },
      [](double x) { return std::min(std::max(x, -0.5), 1.0); });
}

inline void activation_cases(OpCases& c) {
  const Range around_zero{-3, 3, {0, -0.0}};
  c.unary(
      "relu", "", around_zero, [](auto& x) { return relu(x); }, [](double x) { return x > 0 ? x : 0; });
  c.unary(
      "leaky_relu", "", around_zero, [](auto& x) { return leaky_relu(x); },
      [](double x) { return x > 0 ? x : 0.3 * x; });
  c.unary(
      "leaky_relu", "slope 0.01", around_zero, [](auto& x) { return leaky_relu(x, 0.01); },
      [](double x) { return x > 0 ? x : 0.01 * x; });
  c.unary(
      "sigmoid", "", {-6, 6}, [](auto& x) { return sigmoid(x); },
      [](double x) { return 1 / (1 + std::exp(-x)); });
  c.unary(
      "tanh", "", {-3, 3}, [](auto& x) { return tanh(x); }, [](double x) { return std::tanh(x); });
  c.unary(
      "softplus", "", {-4, 4}, [](auto& x) { return softplus(x); },
      [](double x) { return std::log1p(std::exp(x)); });
  c.unary(
      "log_sigmoid", "", {-4, 4}, [](auto& x) { return log_sigmoid(x); },
      [](double x) { return -std::log1p(std::exp(-x)); });
  c.unary(
      "elu", "", around_zero, [](auto& x) { return elu(x); },
      [](double x) { return x > 0 ? x : std::exp(x) - 1; });
  c.unary(
      "elu", "alpha 0.5", around_zero, [](auto& x) { return elu(x, 0.5); },
      [](double x) { return x > 0 ? x : 0.5 * (std::exp(x) - 1); });
  c.unary(
      "silu", "", {-4, 4}, [](auto& x) { return silu(x); }, [](double x) { return x / (1 + std::exp(-x)); });
  c.unary(
      "gelu", "", {-3, 3}, [](auto& x) { return gelu(x); },
      [](double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); });
  c.unary(
      "gelu_tanh", "", {-3, 3}, [](auto& x) { return gelu_tanh(x); },
      [](double x) {
        return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
      });
}

inline void arithmetic_cases(OpCases& c) {
  const Range any{-3, 3}, positive{0.4, 3};
  c.unary(
      "affine", "", any, [](auto& x) { return affine(x, -1.5, 0.25); },
      [](double x) { return -1.5 * x + 0.25; });
  c.unary(
      "operator-/x", "", any, [](auto& x) { return -x; }, [](double x) { return -x; });
  c.unary(
      "operator+/x_number", "", any, [](auto& x) { return x + 2; }, [](double x) { return x + 2; });
  c.unary(
      "operator+/number_x", "", any, [](auto& x) { return 2 + x; }, [](double x) { return 2 + x; });
  c.unary(
      "operator-/x_number", "", any, [](auto& x) { return x - 2; }, [](double x) { return x - 2; });
  c.unary(
      "operator-/number_x", "", any, [](auto& x) { return 2 - x; }, [](double x) { return 2 - x; });
  c.unary(
      "operator*/x_number", "", any, [](auto& x) { return x * 2.5; }, [](double x) { return x * 2.5; });
  c.unary(
      "operator*/number_x", "", any, [](auto& x) { return 2.5 * x; }, [](double x) { return 2.5 * x; });
  c.unary(
      "operator//x_number", "", any, [](auto& x) { return x / 3; }, [](double x) { return x / 3; });
  c.unary(
      "operator//number_x", "", positive, [](auto& x) { return 3 / x; }, [](double x) { return 3 / x; });
  for (double p : {-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.75, 2.0, 3.0, 5.0})
    c.unary(
        "pow/number", "p " + std::to_string(p), positive, [p](auto& x) { return pow(x, p); },
        [p](double x) { return std::pow(x, p); });
  // Whole powers have a derivative at and below 0.
  c.unary(
      "pow/number", "p 3, signed", {-2, 2, {0}}, [](auto& x) { return pow(x, 3); },
      [](double x) { return x * x * x; });

  c.binary(
      "operator+/tensors", any, any, [](auto& a, auto& b) { return a + b; },
      [](double a, double b) { return a + b; });
  c.binary(
      "operator-/tensors", any, any, [](auto& a, auto& b) { return a - b; },
      [](double a, double b) { return a - b; });
  c.binary(
      "operator*/tensors", any, any, [](auto& a, auto& b) { return a * b; },
      [](double a, double b) { return a * b; });
  c.binary(
      "operator//tensors", any, positive, [](auto& a, auto& b) { return a / b; },
      [](double a, double b) { return a / b; });
  c.binary(
      "pow/tensors", positive, {-2, 2}, [](auto& a, auto& b) { return pow(a, b); },
      [](double a, double b) { return std::pow(a, b); });
  // The upper half of the plane, and the lower: the value leaps between, and the slopes are steep at (0, 0).
  for (const Range& half : {Range{0.4, 3}, Range{-3, -0.4}})
    c.binary(
        "atan2", half, any, [](auto& a, auto& b) { return atan2(a, b); },
        [](double a, double b) { return std::atan2(a, b); });
  c.binary(
      "xlogy", any, positive, [](auto& a, auto& b) { return xlogy(a, b); },
      [](double a, double b) { return a * std::log(b); });
  c.add(
      "xlogy", "0 log b", {Tensor<double>::zeros({3}), Tensor<double>({3}, {0.5, 1, 2})},
      [](const auto& in) { return xlogy(in[0], in[1]); },
      [](Inputs<double>) { return Tensor<double>::zeros({3}); });
  // On two grids that share no value: a tie is a kink.
  const Range grid{-2, 2, {}, 0.25, 0}, between{-2, 2, {}, 0.25, 0.125};
  c.binary(
      "maximum", grid, between, [](auto& a, auto& b) { return maximum(a, b); },
      [](double a, double b) { return a > b ? a : b; });
  c.binary(
      "minimum", grid, between, [](auto& a, auto& b) { return minimum(a, b); },
      [](double a, double b) { return a < b ? a : b; });
  for (bool larger : {true, false})
    c.add(
         larger ? "maximum" : "minimum", "ties", {random({3, 4}, grid, 1), random({4}, grid, 9)},
         [larger](const auto& in) { return larger ? maximum(in[0], in[1]) : minimum(in[0], in[1]); },
         [larger](Inputs<double> in) {
           return build({3, 4}, [&](const auto& i) {
             const double a = at(in[0], i), b = at(in[1], i);
             return (a > b) == larger ? a : b;
           });
         })
        .differences = false;
}

/// Of a result, as a parameter may not change: in place where nothing is recorded, else as x = x + y.
inline void assignment_cases(OpCases& c) {
  const auto row = [&c](const char* op, auto f) {
    c.add(
        op, "", {random({3, 4}, {-3, 3}, 1), random({4}, {0.4, 3}, 2)},
        [f](const auto& in) {
          auto y = in[0] * 1;
          f(y, in[1]);
          f(y, 0.5);
          return y;
        },
        [f](Inputs<double> in) {
          return build({3, 4}, [&](const auto& i) {
            double y = at(in[0], i);
            f(y, at(in[1], i));
            f(y, 0.5);
            return y;
          });
        });
  };
  row("operator+=", [](auto& x, const auto& y) { x += y; });
  row("operator-=", [](auto& x, const auto& y) { x -= y; });
  row("operator*=", [](auto& x, const auto& y) { x *= y; });
  row("operator/=", [](auto& x, const auto& y) { x /= y; });
}

inline void where_cases(OpCases& c) {
  const auto row = [&c](const Shape& m, const Shape& a, const Shape& b) {
    figment::Mask mask(m);
    std::uint8_t* bits = mask.mutable_data();
    for (Index i = 0; i < mask.size(); ++i) bits[i] = static_cast<std::uint8_t>(i % 3 == 1 ? 1 : 0);
    const auto chosen = figment::cast<double>(mask);
    OpCase& added = c.add(
        "where", to_string(m), {random(a, {}, 1), random(b, {}, 2)},
        [mask](const auto& in) { return where(mask, in[0], in[1]); },
        [chosen](Inputs<double> in) {
          const Shape shape = common_shape(chosen.shape(), common_shape(in[0].shape(), in[1].shape()));
          return build(shape,
                       [&](const auto& i) { return at(chosen, i) != 0 ? at(in[0], i) : at(in[1], i); });
        });
    added.differences = common_shape(m, common_shape(a, b)).size() < 1000;
  };
  row({3, 7}, {3, 7}, {3, 7});
  row({4}, {3, 1}, {});
  row({3, 1}, {}, {2, 1, 4});
  row({}, {5}, {5});
  row({0}, {0}, {0});
  row({0, 1}, {4}, {});
  row({30, 33}, {30, 33}, {});
  row({30, 33}, {1, 33}, {30, 1});
  row({30, 1}, {}, {30, 33});
  row({2, 20}, {3, 1, 20}, {3, 2, 1});  // each stays where another goes on
  row({3, 1, 2}, {2, 2}, {3, 1, 1});
  row({1, 17}, {3, 1}, {1});
  row({300, 1}, {301}, {300, 301});
  row({301}, {300, 1}, {1, 301});
}

}  // namespace test

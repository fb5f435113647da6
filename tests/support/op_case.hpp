// One row of the list of operations: inputs, the operation in float and double, and a plain reference.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "figment/core/tensor.hpp"

namespace test {

using figment::Index;
using figment::Shape;
using figment::Tensor;

template <class T>
using Inputs = std::span<const Tensor<T>>;
template <class T>
using Function = std::function<Tensor<T>(Inputs<T>)>;

/// What the list says of one operation at one choice of shapes and options.
struct OpCase {
  std::string op;                      ///< the public function; "/overload" where there are several
  std::string variant;                 ///< the shapes or options of this row
  std::vector<Tensor<double>> inputs;  ///< their values are exact in float too
  Function<double> f64;
  Function<float> f32;
  Function<double> reference;
  /// Allowed |result - reference|, in units of epsilon * max(1, |reference|). The default: a kernel is
  /// within 3 units, compositions have up to five of them, and the reference rounds too.
  double error = 16;
  /// Small, and away from kinks: finite differences apply.
  bool differences = true;
  /// Of an elementwise function, its name in tests/golden/special.txt.
  std::string special = {};

  std::string name() const { return op + " " + variant; }
};

// ---------------------------------------------------------------------------------------------- references

/// Calls f(position) for each position of a shape, in row-major order.
template <class F>
void each_position(const Shape& shape, F f) {
  std::vector<Index> i(static_cast<std::size_t>(shape.rank()), 0);
  for (Index n = 0; n < shape.size(); ++n) {
    f(std::as_const(i));
    for (std::size_t d = i.size(); d-- > 0;) {
      if (++i[d] < shape[static_cast<Index>(d)]) break;
      i[d] = 0;
    }
  }
}

/// The element of x at a position, aligned at the last dimension; extents of 1 repeat.
inline double at(const Tensor<double>& x, const std::vector<Index>& i) {
  Index offset = 0;
  const auto lead = i.size() - static_cast<std::size_t>(x.rank());
  for (std::size_t d = lead; d < i.size(); ++d) {
    const Index n = x.dim(static_cast<Index>(d - lead));
    offset = offset * n + (n == 1 ? 0 : i[d]);
  }
  return x.data()[offset];
}

/// The tensor whose element at each position is f(position).
template <class F>
Tensor<double> build(const Shape& shape, F f) {
  std::vector<double> values;
  each_position(shape, [&](const std::vector<Index>& i) { values.push_back(f(i)); });
  return Tensor<double>(shape, values);
}

/// NumPy's common shape, said another way than core/shape.hpp says it.
inline Shape common_shape(const Shape& a, const Shape& b) {
  std::vector<Index> dims(static_cast<std::size_t>(std::max(a.rank(), b.rank())), 1);
  for (const Shape& s : {a, b})
    for (Index i = 1; i <= s.rank(); ++i)
      if (s[-i] != 1) dims[dims.size() - static_cast<std::size_t>(i)] = s[-i];
  return Shape(std::span<const Index>(dims));
}

// -------------------------------------------------------------------------------------------------- inputs

/// Where inputs are drawn from.
struct Range {
  double low = -2, high = 2;
  std::vector<double> kinks = {};  ///< no value comes within 0.05 of these
  double grid = 0, offset = 0;     ///< if set, values are offset + a multiple of grid
};

inline double draw(std::mt19937_64& engine, const Range& r) {
  double v = r.low + (r.high - r.low) * (static_cast<double>(engine() >> 11) * 0x1p-53);
  for (double kink : r.kinks)
    if (std::abs(v - kink) < 0.05) v = kink + (v < kink ? -0.05 : 0.05);
  if (r.grid > 0) v = r.offset + r.grid * std::round(v / r.grid);
  return static_cast<double>(static_cast<float>(v));
}

inline Tensor<double> random(const Shape& shape, const Range& range = {}, std::uint64_t seed = 1) {
  std::mt19937_64 engine(seed * 1000 + static_cast<std::uint64_t>(shape.size()));
  return build(shape, [&](const auto&) { return draw(engine, range); });
}

/// Values no two of which are within 1/8 of each other, in no order.
inline Tensor<double> distinct(const Shape& shape) {
  std::vector<double> values;
  for (Index i = 0; i < shape.size(); ++i)
    values.push_back(0.125 * static_cast<double>(i - shape.size() / 2));
  std::shuffle(values.begin(), values.end(), std::mt19937_64(3));
  return Tensor<double>(shape, values);
}

inline std::string list(const std::vector<Tensor<double>>& inputs) {
  std::string s;
  for (const auto& x : inputs) s += (s.empty() ? "" : " ") + to_string(x.shape());
  return s;
}

/// Shapes of which every axis is tried: of nothing, of one element, of more.
inline const std::vector<Shape>& axis_shapes() {
  static const std::vector<Shape> shapes{{},        {1},       {5},       {0},         {2, 3},
                                         {1, 3},    {0, 3},    {3, 0},    {2, 3, 4},   {1, 1, 1},
                                         {2, 1, 3}, {2, 0, 3}, {0, 2, 0}, {3, 2, 1, 2}};
  return shapes;
}

// ------------------------------------------------------------------------------------------------ the list

/// The rows, with short ways to add them.
class OpCases {
 public:
  const std::vector<OpCase>& rows() const { return rows_; }

  /// Only the rows that take little time: without those of large inputs.
  void keep_small() {
    std::erase_if(rows_, [](const OpCase& c) {
      return std::any_of(c.inputs.begin(), c.inputs.end(), [](const auto& x) { return x.size() > 20000; });
    });
  }

  /// f(inputs) is written once, for float and double.
  template <class F>
  OpCase& add(std::string op, std::string variant, std::vector<Tensor<double>> inputs, F f,
              Function<double> reference) {
    variant += (variant.empty() ? "" : " ") + list(inputs);
    rows_.push_back({std::move(op), std::move(variant), std::move(inputs), Function<double>(f),
                     Function<float>(f), std::move(reference)});
    return rows_.back();
  }

  /// y = f(x) elementwise, over edge shapes; at its kinks too, but not by finite differences.
  template <class F>
  void unary(const std::string& op, const std::string& variant, const Range& range, F f,
             std::function<double(double)> reference, double error = 16) {
    const auto row = [&](const Tensor<double>& x, bool differences) {
      OpCase& c = add(
          op, variant, {x}, [f](const auto& in) { return f(in[0]); }, over_one(reference));
      c.error = error;
      c.differences = differences;
      c.special = special_name(op, variant);
    };
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{17}, Shape{3, 7}, Shape{2, 0, 3}})
      row(random(shape, range), true);
    row(random(large, range), false);
    if (!range.kinks.empty())
      row(Tensor<double>(Shape{static_cast<Index>(range.kinks.size())}, range.kinks), false);
  }

  /// y = f(a, b) elementwise, over edge shapes and broadcasts.
  template <class F>
  void binary(const std::string& op, const Range& ra, const Range& rb, F f,
              std::function<double(double, double)> reference) {
    const std::pair<Shape, Shape> shapes[] = {{{}, {}},          {{0}, {0}},
                                              {{1}, {17}},       {{3, 7}, {3, 7}},
                                              {{3, 1}, {4}},     {{2, 1, 3}, {5, 1}},
                                              {{}, {3, 5}},      {{3, 5}, {}},
                                              {{0, 3}, {3}},     {{2, 3, 4}, {2, 1, 4}},
                                              {{9, 1}, {1, 9}},  {{1, 2, 3}, {1}},
                                              {{70, 3}, {3}},    {{5, 1, 2}, {5, 4, 1}},
                                              {{3, 40}, {3, 1}}, {{4, 1, 20}, {3, 1}},
                                              {large, large},    {{300, 1}, {301}},
                                              {large, {}}};
    for (const auto& [a, b] : shapes) {
      OpCase& c = add(
          op, "", {random(a, ra, 1), random(b, rb, 2)}, [f](const auto& in) { return f(in[0], in[1]); },
          over_two(reference));
      c.differences = common_shape(a, b).size() < 100;
      c.special = special_name(op, "");
    }
  }

  /// Above what elementwise loops take before they wake a third thread, and no multiple of a vector.
  static inline const Shape large{100003};

 private:
  static std::string special_name(const std::string& op, const std::string& variant) {
    std::string name = op + (variant.empty() ? "" : " " + variant);
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
  }
  static Function<double> over_one(std::function<double(double)> f) {
    return
        [f](Inputs<double> x) { return build(x[0].shape(), [&](const auto& i) { return f(at(x[0], i)); }); };
  }
  static Function<double> over_two(std::function<double(double, double)> f) {
    return [f](Inputs<double> x) {
      return build(common_shape(x[0].shape(), x[1].shape()),
                   [&](const auto& i) { return f(at(x[0], i), at(x[1], i)); });
    };
  }

  std::vector<OpCase> rows_;
};

}  // namespace test

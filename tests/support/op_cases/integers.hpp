// Rows of operations on integers and masks, and of others without gradients: values alone.
#pragma once

#include "figment/ops/batch_norm.hpp"
#include "figment/ops/comparison.hpp"
#include "figment/ops/loss.hpp"
#include "figment/ops/positions.hpp"
#include "figment/ops/reduce.hpp"
#include "support/op_case.hpp"
#include "support/op_cases/rearrange.hpp"
#include "support/op_cases/reduce.hpp"
#include "support/op_cases/scan.hpp"

namespace test {

/// One row: what an operation gives, and what it should.
struct IntegerCase {
  std::string op, variant;  ///< as OpCase's
  std::function<Tensor<double>()> found;
  Tensor<double> expected;

  std::string name() const { return op + " " + variant; }
};

class IntegerCases {
 public:
  const std::vector<IntegerCase>& rows() const { return rows_; }

  /// f() gives a tensor of type To.
  template <class To, class F>
  void add(const std::string& op, const std::string& variant, F f, Tensor<double> expected) {
    const auto as_double = [f] {
      const Tensor<To> y = f();
      return figment::cast<double>(y);
    };
    rows_.push_back({op, variant, as_double, std::move(expected)});
  }

  /// f of two tensors over broadcasts, each of type A and B, and g of their elements.
  template <class To, class A, class B, class F, class G>
  void pair(const std::string& op, const char* types, F f, G g) {
    for (const auto& [sa, sb] : {std::pair<Shape, Shape>{{3, 4}, {4}},
                                 {{}, {2, 3}},
                                 {{2, 1}, {1, 3}},
                                 {{0, 3}, {3}},
                                 {{1}, {1}},
                                 {{2, 3, 2}, {2, 1, 2}}}) {
      const auto a = whole<A>(sa, 1);
      const auto b = whole<B>(sb, 2);
      const auto da = figment::cast<double>(a), db = figment::cast<double>(b);
      add<To>(
          op, types + (" " + to_string(sa)) + to_string(sb), [=] { return f(a, b); },
          build(common_shape(sa, sb),
                [&](const auto& i) { return static_cast<double>(g(at(da, i), at(db, i))); }));
    }
  }

  /// Whole numbers from -3 to 3, or 0 and 1 for a mask.
  template <class T>
  static Tensor<T> whole(const Shape& shape, std::uint64_t seed = 1) {
    const bool mask = std::is_same_v<T, std::uint8_t>;
    return figment::cast<T>(random(shape, {mask ? 0.0 : -3.0, mask ? 1.0 : 3.0, {}, 1, 0}, seed));
  }

 private:
  std::vector<IntegerCase> rows_;
};

using Int = std::int32_t;
using Long = std::int64_t;
using Byte = std::uint8_t;

/// f over integers of every kind, and beside real numbers; integers give `Whole`, 32 bits unless said
/// otherwise.
template <class F, class G>
void mixed_pairs(IntegerCases& c, const std::string& op, F f, G g) {
  c.pair<Int, Int, Int>(op, "int int", f, g);
  c.pair<Int, Byte, Byte>(op, "mask mask", f, g);
  c.pair<Int, Int, Byte>(op, "int mask", f, g);
  c.pair<Long, Long, Int>(op, "long int", f, g);
  c.pair<float, float, Byte>(op, "float mask", f, g);
  c.pair<double, Int, double>(op, "int double", f, g);
}

inline void integer_arithmetic_cases(IntegerCases& c) {
  using W = IntegerCases;
  mixed_pairs(
      c, "operator+/integers", [](auto& a, auto& b) { return a + b; },
      [](double a, double b) { return a + b; });
  mixed_pairs(
      c, "operator-/integers", [](auto& a, auto& b) { return a - b; },
      [](double a, double b) { return a - b; });
  mixed_pairs(
      c, "operator*/integers", [](auto& a, auto& b) { return a * b; },
      [](double a, double b) { return a * b; });
  mixed_pairs(
      c, "maximum/integers", [](auto& a, auto& b) { return maximum(a, b); },
      [](double a, double b) { return a > b ? a : b; });
  mixed_pairs(
      c, "minimum/integers", [](auto& a, auto& b) { return minimum(a, b); },
      [](double a, double b) { return a < b ? a : b; });
  c.pair<float, Int, float>(
      "operator//integers", "", [](auto& a, auto& b) { return a / (b * 0.5f + 4); },
      [](double a, double b) { return static_cast<float>(a) / static_cast<float>(b * 0.5 + 4); });
  c.pair<double, double, Int>(
      "pow/integers", "", [](auto& a, auto& b) { return pow(a + 4, b); },
      [](double a, double b) { return std::pow(a + 4, b); });

  const auto number = [&c](const std::string& op, auto f, auto g) {
    for (const Shape& shape : {Shape{}, Shape{0, 2}, Shape{1}, Shape{2, 3}}) {
      const auto x = W::whole<Int>(shape);
      const auto mask = W::whole<Byte>(shape);
      const auto each = [&](const auto& t) {
        const auto d = figment::cast<double>(t);
        return build(shape, [&](const auto& i) { return static_cast<double>(g(at(d, i))); });
      };
      c.add<Int>(
          op, "int " + to_string(shape), [=] { return f(x); }, each(x));
      c.add<Int>(
          op, "mask " + to_string(shape), [=] { return f(mask); }, each(mask));
    }
  };
  number(
      "operator+/integers_number", [](auto& x) { return x + 300; }, [](double x) { return x + 300; });
  number(
      "operator+/number_integers", [](auto& x) { return -2 + x; }, [](double x) { return x - 2; });
  number(
      "operator-/integers_number", [](auto& x) { return x - 2u; }, [](double x) { return x - 2; });
  number(
      "operator-/number_integers", [](auto& x) { return 2L - x; }, [](double x) { return 2 - x; });
  number(
      "operator*/integers_number", [](auto& x) { return x * -3; }, [](double x) { return -3 * x; });
  number(
      "operator*/number_integers", [](auto& x) { return std::size_t{3} * x; },
      [](double x) { return 3 * x; });
  number(
      "operator-/negated", [](auto& x) { return -x; }, [](double x) { return -x; });
  number(
      "maximum/number", [](auto& x) { return maximum(x, 1); }, [](double x) { return std::max(x, 1.0); });
  number(
      "minimum/number", [](auto& x) { return minimum(x, -1); }, [](double x) { return std::min(x, -1.0); });
  const auto x = W::whole<Int>({2, 3});
  const auto halves = [&](auto f) {
    return build({2, 3}, [&](const auto& i) { return f(at(figment::cast<double>(x), i)); });
  };
  c.add<float>(
      "operator*/integers_number", "real", [x] { return x * 0.5; }, halves([](double v) { return v * 0.5; }));
  c.add<float>(
      "operator+/number_integers", "real", [x] { return 0.25f + x; },
      halves([](double v) { return v + 0.25; }));
  c.add<float>(
      "operator//integers_number", "real", [x] { return x / 2.0; }, halves([](double v) { return v / 2; }));
  c.add<float>(
      "operator//number_integers", "real", [x] { return 2.0 / (x + 5); },
      halves([](double v) { return static_cast<float>(2 / (v + 5)); }));
  c.add<float>(
      "maximum/number", "real", [x] { return maximum(figment::cast<float>(x), 0.5); },
      halves([](double v) { return std::max(v, 0.5); }));
  c.add<float>(
      "minimum/number", "real", [x] { return minimum(x, 0.5); },
      halves([](double v) { return std::min(v, 0.5); }));
}

inline void comparison_cases(IntegerCases& c) {
  using W = IntegerCases;
  const auto compared = [&c](const std::string& op, auto f, auto g) {
    c.pair<Byte, Int, Int>(op + "/tensors", "int int", f, g);
    c.pair<Byte, Byte, Int>(op + "/tensors", "mask int", f, g);
    c.pair<Byte, Byte, Byte>(op + "/tensors", "mask mask", f, g);
    c.pair<Byte, Long, float>(op + "/tensors", "long float", f, g);
    c.pair<Byte, double, double>(op + "/tensors", "double double", f, g);
    const auto beside = [&](const char* name, const auto& x, auto number) {
      const auto d = figment::cast<double>(x);
      c.add<Byte>(
          op + "/number", name + (" " + std::to_string(number)), [=] { return f(x, number); },
          build(x.shape(),
                [&](const auto& i) { return g(at(d, i), static_cast<double>(number)) ? 1.0 : 0.0; }));
    };
    // None of these numbers is one of the tensor's type: a cast to it would be another.
    for (const double number : {0.5, -0.5, 1.0}) beside("int", W::whole<Int>({2, 3}), number);
    for (const int number : {-1, 256, 257, 1}) beside("mask", W::whole<Byte>({2, 3}), number);
    beside("mask", W::whole<Byte>({2, 3}), 0.5f);
    beside("int", W::whole<Int>({0, 3}), Long{1} << 32);
    beside("int", W::whole<Int>({2, 3}), Long{1} << 32);
    beside("float", W::whole<float>({2, 3}), 1);
  };
  compared(
      "greater", [](auto& a, auto b) { return greater(a, b); }, [](double a, double b) { return a > b; });
  compared(
      "less", [](auto& a, auto b) { return less(a, b); }, [](double a, double b) { return a < b; });
  compared(
      "equal", [](auto& a, auto b) { return equal(a, b); }, [](double a, double b) { return a == b; });
  const auto written = [&c](const std::string& op, auto f) {
    c.pair<Byte, float, float>(op, "float float", f, f);
    c.pair<Byte, Byte, Int>(op, "mask int", f, f);
    const auto x = W::whole<float>({2, 3});
    const auto d = figment::cast<double>(x);
    c.add<Byte>(
        op, "number", [=] { return f(x, 1); },
        build({2, 3}, [&](const auto& i) { return f(at(d, i), 1.0) ? 1.0 : 0.0; }));
    c.add<Byte>(
        op, "number first", [=] { return f(0.5, x); },
        build({2, 3}, [&](const auto& i) { return f(0.5, at(d, i)) ? 1.0 : 0.0; }));
  };
  written("operator>", [](const auto& a, const auto& b) { return a > b; });
  written("operator<", [](const auto& a, const auto& b) { return a < b; });
  written("operator>=", [](const auto& a, const auto& b) { return a >= b; });
  written("operator<=", [](const auto& a, const auto& b) { return a <= b; });
  written("operator==", [](const auto& a, const auto& b) { return a == b; });
  written("operator!=", [](const auto& a, const auto& b) { return a != b; });
  c.pair<Byte, Byte, Byte>(
      "operator&", "", [](auto& a, auto& b) { return a & b; },
      [](double a, double b) { return a != 0 && b != 0; });
  c.pair<Byte, Byte, Byte>(
      "operator|", "", [](auto& a, auto& b) { return a | b; },
      [](double a, double b) { return a != 0 || b != 0; });
  c.pair<Byte, Byte, Byte>(
      "operator^", "", [](auto& a, auto& b) { return a ^ b; },
      [](double a, double b) { return (a != 0) != (b != 0); });
  // Many bytes, of any number that is not 0.
  for (const auto& [sa, sb] : {std::pair<Shape, Shape>{{5, 21}, {5, 21}}, {{5, 21}, {21}}, {{5, 1}, {21}}}) {
    const auto bytes = [](const Shape& shape, Byte step) {
      figment::Mask m = W::whole<Byte>(shape, step);
      for (Index i = 0; i < m.size(); ++i) m.mutable_data()[i] = static_cast<Byte>(m.data()[i] << (i % step));
      return m;
    };
    const auto a = bytes(sa, 8), b = bytes(sb, 7);
    const auto da = figment::cast<double>(a), db = figment::cast<double>(b);
    const std::string shapes = to_string(sa) + to_string(sb);
    const auto row = [&](const char* op, auto f) {
      c.add<Byte>(
          op, shapes, [=] { return f(a, b); },
          build({5, 21}, [&](const auto& i) { return f(at(da, i) != 0, at(db, i) != 0) ? 1.0 : 0.0; }));
    };
    row("operator&", [](const auto& u, const auto& v) { return u & v; });
    row("operator|", [](const auto& u, const auto& v) { return u | v; });
    row("operator^", [](const auto& u, const auto& v) { return u ^ v; });
    row("operator!", [](const auto& u, const auto& v) { return (!u) & (!v); });
  }
  const auto mask = W::whole<Byte>({2, 3});
  const auto set = figment::cast<double>(mask);
  const auto chosen = [&](auto a, auto b) {
    return build({2, 3}, [&](const auto& i) { return at(set, i) != 0 ? a(i) : b(i); });
  };
  const auto constant = [](double v) { return [v](const auto&) { return v; }; };
  c.add<Byte>(
      "operator!", "", [mask] { return !mask; }, chosen(constant(0), constant(1)));
  c.add<Byte>(
      "is_finite", "",
      [] {
        return is_finite(Tensor<double>({2}, {1, 1e308 * 10}));
      },
      Tensor<double>({2}, {1, 0}));
  const double infinity = std::numeric_limits<double>::infinity();
  const Tensor<double> ends({6}, {0, 1e308, infinity, -infinity, std::nan(""), -std::nan("")});
  c.add<Byte>(
      "is_nan", "", [ends] { return is_nan(ends) | is_nan(figment::cast<float>(ends)); },
      Tensor<double>({6}, {0, 0, 0, 0, 1, 1}));
  c.add<Byte>(
      "is_inf", "", [ends] { return is_inf(ends); }, Tensor<double>({6}, {0, 0, 1, 1, 0, 0}));
  const auto x = W::whole<Int>({2, 3});
  const auto of_x = [d = figment::cast<double>(x)](const auto& i) { return at(d, i); };
  c.add<Int>(
      "where/numbers", "whole", [mask] { return where(mask, 1, 0); }, set);
  c.add<float>(
      "where/numbers", "real", [mask] { return where(mask, 0.5, -1); }, chosen(constant(0.5), constant(-1)));
  c.add<Int>(
      "where/tensor_number", "int", [=] { return where(mask, x, 7); }, chosen(of_x, constant(7)));
  c.add<float>(
      "where/tensor_number", "real", [=] { return where(mask, x, 0.5); }, chosen(of_x, constant(0.5)));
  c.add<double>(
      "where/number_tensor", "double", [=] { return where(mask, 0.1, figment::cast<double>(x)); },
      chosen(constant(0.1), of_x));
  c.add<float>(
      "where/two_types", "", [=] { return where(mask, x, Tensor<float>::scalar(0.5f)); },
      chosen(of_x, constant(0.5)));
  c.add<Int>(
      "where/two_types", "mask", [=] { return where(mask, x, mask); }, chosen(of_x, constant(0)));
  c.add<Int>(
      "where/integers", "", [=] { return where(mask, x, figment::Indices::scalar(9)); },
      chosen(of_x, constant(9)));
}

inline void integer_reduction_cases(IntegerCases& c) {
  using figment::Axes, figment::Dims;
  using Values = const std::vector<double>&;
  const auto each = [&c](const std::string& op, const char* type, const auto& make, auto f, auto reference,
                         bool of_nothing) {
    using To = typename decltype(f(make(Shape{1}), Axes(), Dims::drop))::value_type;
    for (const Shape& shape : axis_shapes()) {
      std::vector<std::vector<Index>> choices{{}};
      for (Index axis = -shape.rank(); axis < shape.rank(); ++axis) choices.push_back({axis});
      if (shape.rank() == 3) choices.insert(choices.end(), {{0, 2}, {1, -1}, {0, 1, 2}});
      const auto x = make(shape);
      for (const auto& axes : choices)
        for (const Dims dims : {Dims::drop, Dims::keep}) {
          const bool nothing = shape.size() == 0;
          if (nothing && !of_nothing) continue;
          std::string variant = type + (" " + to_string(shape)) + " over";
          for (const Index a : axes) variant += " " + std::to_string(a);
          const Tensor<double> d = figment::cast<double>(x);
          c.add<To>(
              op, variant + (dims == Dims::keep ? " keep" : ""),
              [=] { return f(x, detail::axes_of(axes), dims); },
              detail::reduced(axes, dims, reference)(std::span(&d, 1)));
        }
    }
  };
  const auto kinds = [&](const std::string& op, auto f, auto reference, bool of_nothing) {
    each(
        op, "mask", [](const Shape& s) { return IntegerCases::whole<Byte>(s); }, f, reference, of_nothing);
    each(
        op, "int", [](const Shape& s) { return IntegerCases::whole<Int>(s); }, f, reference, of_nothing);
  };
  const auto total = [](Values v) {
    double s = 0;
    for (double x : v) s += x;
    return s;
  };
  kinds(
      "sum/integers", [](const auto& x, const Axes& a, Dims d) { return sum(x, a, d); }, total, true);
  kinds(
      "mean/integers", [](const auto& x, const Axes& a, Dims d) { return mean(x, a, d); },
      [total](Values v) {
        return static_cast<double>(static_cast<float>(total(v) / static_cast<double>(v.size())));
      },
      true);
  kinds(
      "max/integers", [](const auto& x, const Axes& a, Dims d) { return max(x, a, d); },
      [](Values v) { return *std::max_element(v.begin(), v.end()); }, false);
  kinds(
      "min/integers", [](const auto& x, const Axes& a, Dims d) { return min(x, a, d); },
      [](Values v) { return *std::min_element(v.begin(), v.end()); }, false);
  kinds(
      "any", [](const auto& x, const Axes& a, Dims d) { return any(x, a, d); },
      [](Values v) { return std::any_of(v.begin(), v.end(), [](double e) { return e != 0; }) ? 1.0 : 0.0; },
      true);
  kinds(
      "all", [](const auto& x, const Axes& a, Dims d) { return all(x, a, d); },
      [](Values v) { return std::all_of(v.begin(), v.end(), [](double e) { return e != 0; }) ? 1.0 : 0.0; },
      true);
  for (const Shape& shape : {Shape{5}, Shape{2, 3}, Shape{0, 2}, Shape{3, 9, 2}})
    for (Index axis = -shape.rank(); axis < shape.rank(); ++axis) {
      const auto mask = IntegerCases::whole<Byte>(shape);
      const auto whole = IntegerCases::whole<Int>(shape);
      const std::string variant = to_string(shape) + " " + std::to_string(axis);
      c.add<Int>(
          "cumsum/integers", "mask " + variant, [=] { return cumsum(mask, axis); },
          detail::cumulative(figment::cast<double>(mask), axis));
      c.add<Int>(
          "cumsum/integers", "int " + variant, [=] { return cumsum(whole, axis); },
          detail::cumulative(figment::cast<double>(whole), axis));
    }
  c.add<Int>(
      "sum/integers", "long",
      [] {
        return sum(Tensor<Long>({2}, {Long{1} << 40, 5 - (Long{1} << 40)}));
      },
      Tensor<double>::scalar(5));
  c.add<Byte>(
      "any", "real",
      [] {
        return any(Tensor<float>({2, 2}, {0, -0.0f, 0, 0.5f}), 1);
      },
      Tensor<double>({2}, {0, 1}));
  c.add<Byte>(
      "all", "real",
      [] {
        return all(Tensor<double>({2, 2}, {0, 1, -1, std::nan("")}), 1);
      },
      Tensor<double>({2}, {0, 1}));

  // The place of the first of equals, which whole numbers have many of.
  const auto place = [&c](const std::string& op, auto f, bool largest) {
    const auto rows = [&](const std::string& overload, const auto& make) {
      for (const Shape& shape : axis_shapes())
        for (Index axis = -shape.rank(); axis < shape.rank(); ++axis) {
          if (shape[axis] == 0) continue;
          const auto x = make(shape);
          const Tensor<double> d = figment::cast<double>(x);
          c.add<Int>(
              op + overload, to_string(shape) + " " + std::to_string(axis), [=] { return f(x, axis); },
              detail::reduced({axis}, Dims::drop, [largest](Values v) {
                return static_cast<double>(
                    (largest ? std::max_element(v.begin(), v.end()) : std::min_element(v.begin(), v.end())) -
                    v.begin());
              })(std::span(&d, 1)));
        }
    };
    rows("/axis", [](const Shape& s) { return IntegerCases::whole<float>(s); });
    rows("/integers", [](const Shape& s) { return IntegerCases::whole<Int>(s); });
    rows("/integers", [](const Shape& s) { return IntegerCases::whole<Byte>(s); });
  };
  place(
      "argmax", [](const auto& x, Index axis) { return argmax(x, axis); }, true);
  place(
      "argmin", [](const auto& x, Index axis) { return argmin(x, axis); }, false);
  c.add<Long>(
      "argmax/all", "",
      [] {
        return Tensor<Long>::scalar(argmax(figment::Indices({2, 2}, {1, 3, 3, 2})) +
                                    argmax(Tensor<float>({2}, {1, 2})));
      },
      Tensor<double>::scalar(2));
}

/// Parts of integers, and in another order; and the positions that orders are made of.
inline void integer_order_cases(IntegerCases& c) {
  // NaN is above all numbers, and -0 is 0.
  const auto real = [](const Shape& s) {
    auto x = IntegerCases::whole<float>(s);
    for (Index i = 0; i < x.size(); i += 5) x.mutable_data()[i] = i % 2 ? std::nanf("") : -0.0f;
    return x;
  };
  const auto kinds = [&c](const std::string& type, const auto& make) {
    detail::each_axis([&](const Shape& shape, Index axis, std::size_t d) {
      const auto x = make(shape);
      const Tensor<double> wide = figment::cast<double>(x);
      using T = typename decltype(make(shape))::value_type;
      for (const bool descending : {false, true}) {
        const auto place = [&](const Shape& to) {
          return build(to, [&](const auto& i) {
            const auto line = line_of(wide, i, d);
            std::vector<std::size_t> order(line.size());
            std::iota(order.begin(), order.end(), std::size_t{0});
            const auto less = [](double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; };
            std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
              return descending ? less(line[b], line[a]) : less(line[a], line[b]);
            });
            return static_cast<double>(order[static_cast<std::size_t>(i[d])]);
          });
        };
        const std::string variant = type + to_string(shape) + " " + detail::said({axis, descending});
        const Index k = (shape[axis] + 1) / 2;
        const Shape few = figment::detail::with_extent(shape, axis, k);
        c.add<Int>(
            "argsort", variant, [=] { return argsort(x, axis, descending); }, place(shape));
        c.add<Int>(
            "sort", variant, [=] { return sort(x, axis, descending).indices; }, place(shape));
        c.add<Int>(
            "topk", variant, [=] { return topk(x, k, axis, descending).indices; }, place(few));
        c.add<T>(
            "sort", variant + " values", [=] { return gather(x, axis, sort(x, axis, descending).indices); },
            figment::cast<double>(sort(x, axis, descending).values));
      }
    });
  };
  kinds("int", [](const Shape& s) { return IntegerCases::whole<Int>(s); });
  kinds("mask", [](const Shape& s) { return IntegerCases::whole<Byte>(s); });
  kinds("float", real);
  c.add<Int>(
      "argsort", "long and lowest",
      [] {
        return argsort(
            Tensor<Long>({4}, {Long{1} << 40, -(Long{1} << 40), 0, (std::numeric_limits<Long>::min)()}));
      },
      Tensor<double>({4}, {3, 1, 2, 0}));
  // Of very many equal ones the first, also where the others are left out as they come.
  for (const bool largest : {false, true})
    c.add<Int>(
        "topk", "equal",
        [largest] {
          return topk(IntegerCases::whole<Byte>({3, 500}), 40, 1, largest).indices;
        },
        [largest] {
          const auto x = IntegerCases::whole<Byte>({3, 500});
          std::vector<double> places;
          for (Index row = 0; row < 3; ++row)
            for (Index i = 0, n = 0; n < 40; ++i)
              if (x(row, i) == largest) places.push_back(static_cast<double>(i)), ++n;
          return Tensor<double>({3, 40}, places);
        }());
  c.add<Int>(
      "argsort", "infinite",
      [] {
        const double inf = std::numeric_limits<double>::infinity();
        return argsort(Tensor<double>({6}, {inf, std::nan(""), -inf, 1e-310, -1e-310, 0}));
      },
      Tensor<double>({6}, {2, 4, 5, 3, 0, 1}));

  // Without gradients the rest is what it is of real numbers.
  const auto x = IntegerCases::whole<Int>({2, 3});
  const auto mask = IntegerCases::whole<Byte>({2, 3});
  const figment::Indices order({4}, {2, 0, 0, 1}), places({2, 2}, {2, 0, 0, 1});
  const auto as_real = [&](const std::string& op, auto f) {
    c.add<Int>(
        op, "int", [=] { return f(x); }, f(figment::cast<double>(x)));
    c.add<Byte>(
        op, "mask", [=] { return f(mask); }, f(figment::cast<double>(mask)));
  };
  as_real("flip", [](const auto& t) { return flip(t, 1); });
  as_real("roll/axis", [](const auto& t) { return roll(t, 2, 1); });
  as_real("pad/list", [](const auto& t) { return pad(t, {{1, 0}, {2, 2}}, figment::PadMode::constant, 1); });
  as_real("pad/list", [](const auto& t) { return pad(t, {{1, 1}, {2, 0}}, figment::PadMode::replicate); });
  as_real("tile", [](const auto& t) { return tile(t, {2, 3}); });
  as_real("split/size", [](const auto& t) { return split(t, 2, 1)[0]; });
  as_real("slice/axes", [](const auto& t) { return slice(t, {{.step = -1}, {1, 3}}); });
  as_real("index_select", [=](const auto& t) { return index_select(t, 1, order); });
  as_real("gather", [=](const auto& t) { return gather(t, 1, places); });
}

/// Losses whose targets are integers, beside the same of real ones.
inline void integer_target_cases(IntegerCases& c) {
  const auto x = random({2, 3}, {0.1, 0.9});
  const auto mask = IntegerCases::whole<Byte>({2, 3});
  const auto row = [&](const std::string& op, auto f) {
    c.add<double>(
        op + "/integers", "", [=] { return f(x, mask); }, f(x, figment::cast<double>(mask)));
  };
  row("mse", [](const auto& a, const auto& b) { return mse(a, b); });
  row("mae", [](const auto& a, const auto& b) { return mae(a, b, figment::Reduction::none); });
  row("huber", [](const auto& a, const auto& b) { return huber(a, b, 0.25, figment::Reduction::sum); });
  row("bce", [](const auto& a, const auto& b) { return bce(a, b); });
  row("bce_with_logits", [](const auto& a, const auto& b) { return bce_with_logits(a, b); });
}

inline void moments_cases(IntegerCases& c) {
  for (const Shape& shape : {Shape{2, 2}, Shape{1, 2, 1, 2}, Shape{2, 1, 2}})
    c.add<double>(
        "batch_moments", to_string(shape),
        [shape] {
          const auto m = figment::batch_moments(Tensor<double>(shape, {1, 2, 3, 6}));
          return figment::concat({m.mean, m.var});
        },
        Tensor<double>({4}, {2, 4, 1, 4}));
}

/// Of angles that are whole numbers; tests/nn/attention_test.cpp has others.
inline void position_value_cases(IntegerCases& c) {
  const auto row = [&](const Shape& shape, std::vector<double> expected) {
    c.add<double>(
        "sinusoidal_positions", to_string(shape),
        [=] { return figment::sinusoidal_positions<double>(shape[0], shape[1]); },
        Tensor<double>(shape, expected));
  };
  row({1, 5}, {0, 1, 0, 1, 0});
  row({0, 3}, {});
  row({3, 1}, {0, std::sin(1.0), std::sin(2.0)});
  row({2, 2}, {0, 1, std::sin(1.0), std::cos(1.0)});
}

inline const std::vector<IntegerCase>& integer_cases() {
  static const IntegerCases list = [] {
    IntegerCases c;
    integer_arithmetic_cases(c);
    comparison_cases(c);
    integer_reduction_cases(c);
    integer_order_cases(c);
    integer_target_cases(c);
    moments_cases(c);
    position_value_cases(c);
    return c;
  }();
  return list.rows();
}

}  // namespace test

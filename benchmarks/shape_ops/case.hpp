// What one row of benchmarks/shape_ops is made of.
#pragma once

#include <cmath>
#include <figment/figment.hpp>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace shape_ops {

using figment::Index;
using figment::Indices;
using figment::Mask;
using figment::Shape;
using figment::Tensor;

using Inputs = std::vector<Tensor<float>>;
using Wide = std::vector<Tensor<double>>;
using Result = std::variant<Tensor<float>, Indices, Mask>;

/// One operation on fixed inputs. Its gradient by all of them is measured as well, where it has one.
struct Case {
  std::string name;
  Inputs inputs;
  std::function<Result(const Inputs&)> run;
  std::function<Tensor<double>(const Wide&)> exact;  ///< in plain loops
  double error = 4;                                  ///< allowed, in units of epsilon * max(1, |exact|)
};

/// The images that all operations are measured on: a batch, rows, columns, channels.
inline const Shape images{32, 28, 28, 32};
inline Tensor<float> normal(const Shape& shape, std::uint64_t seed = 1) {
  return figment::Rng(seed).normal<float>(shape);
}

inline Shape with_one(Shape shape, Index axis) {
  shape[axis] = 1;
  return shape;
}
inline Shape without(const Shape& shape, Index axis) {
  Shape out;
  for (Index i = 0; i < shape.rank(); ++i)
    if (i != axis) out.push_back(shape[i]);
  return out;
}

/// A position of a tensor.
struct Place {
  Index at[figment::max_rank] = {};
  Index operator[](Index axis) const { return at[axis]; }
  Place with(Index axis, Index value) const {
    Place p = *this;
    p.at[axis] = value;
    return p;
  }
};

/// The element of x at a position of a shape that x broadcasts to.
template <class T>
double element(const Tensor<T>& x, const Place& p, Index rank) {
  Index offset = 0;
  for (Index d = 0; d < x.rank(); ++d) {
    const Index n = x.dim(d);
    offset = offset * n + (n == 1 ? 0 : p[d + rank - x.rank()]);
  }
  return static_cast<double>(x.data()[offset]);
}
template <class T>
double element(const Tensor<T>& x, const Place& p) {
  return element(x, p, x.rank());
}

/// Calls f(position, number) for every position in row-major order.
template <class F>
void each_place(const Shape& shape, F f) {
  Place p;
  for (Index n = 0; n < shape.size(); ++n) {
    f(p, n);
    for (Index d = shape.rank() - 1; d >= 0 && ++p.at[d] == shape[d]; --d) p.at[d] = 0;
  }
}

/// y(position) = f(position).
template <class F>
Tensor<double> build(const Shape& shape, F f) {
  Tensor<double> y(shape);
  double* out = y.mutable_data();
  each_place(shape, [&](const Place& p, Index n) { out[n] = f(p); });
  return y;
}

}  // namespace shape_ops

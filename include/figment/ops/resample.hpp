// Windows over images: the tables of what each output reads, the split over threads, and the linear ones as
// a recorded operation.
#pragma once

#include "figment/autograd/record.hpp"
#include "figment/core/map.hpp"
#include "figment/ops/conv_geometry.hpp"

namespace figment {

namespace detail {

/// What each output along an axis reads. An Axis has an `input` and an `output` extent, and each(f) calls
/// f(output, input, value) for every tap; the adjoint exchanges the two.
template <class T>
class AxisTaps {
 public:
  template <class Axis>
  AxisTaps(const Axis& axis, bool adjoint)
      : outputs_(adjoint ? axis.input : axis.output), starts_(Indices::zeros({outputs_ + 2})) {
    // First the counts, two places on; then running sums; and filling in moves each start to its end.
    std::int32_t* next = starts_.mutable_data() + 1;
    axis.each([&](Index o, Index i, double) { ++next[(adjoint ? i : o) + 1]; });
    for (Index o = 0; o < outputs_; ++o) next[o + 1] += next[o];
    index_ = Indices(Shape{next[outputs_]});
    value_ = Tensor<T>(index_.shape());
    std::int32_t* index = index_.mutable_data();
    T* value = value_.mutable_data();
    axis.each([&](Index o, Index i, double v) {
      const std::int32_t at = next[adjoint ? i : o]++;
      index[at] = static_cast<std::int32_t>(adjoint ? o : i);
      value[at] = static_cast<T>(v);
    });
  }

  Index outputs() const { return outputs_; }
  /// From an output on.
  kernels::Taps<T> from(Index output) const {
    return {starts_.data() + output, index_.data(), value_.data()};
  }

 private:
  Index outputs_;
  Indices starts_, index_;
  Tensor<T> value_;
};

/// y from x, both (N, H, W, C), by windows; `chosen` and `from` are theirs, if the operation has them.
template <class T, class Op>
void run_windows(Op f, const AxisTaps<T>& rows, const AxisTaps<T>& columns, const Tensor<T>& x, Tensor<T>& y,
                 std::type_identity_t<T*> chosen = nullptr, std::type_identity_t<const T*> from = nullptr) {
  const Index lines = y.dim(0) * y.dim(1);
  if (y.size() == 0) return;
  T* const out = y.mutable_data();
  const Index image = x.dim(1) * x.dim(2) * x.dim(3), line = y.dim(2) * y.dim(3);
  const Index work = (std::max)(x.size(), y.size()) / lines + 1;
  parallel_for(lines, elementwise_grain / work + 1, [&](Index begin, Index end) {
    kernels::WindowRow<T> row{};
    row.columns = columns.from(0), row.outputs = y.dim(2), row.channels = y.dim(3),
    row.line = x.dim(2) * x.dim(3);
    for (Index l = begin; l < end; ++l) {
      const Index n = l / y.dim(1);
      row.rows = rows.from(l % y.dim(1));
      row.x = x.data() + n * image, row.x_room = x.size() - n * image;
      row.y = out + l * line, row.y_room = (end - l) * line;
      if (chosen) row.chosen = chosen + l * line;
      if (from) row.from = from + (std::is_same_v<Op, kernels::op::WindowRoute> ? n * image : l * line);
      kernels::window(f, row);
    }
  });
}

/// The sums of x by its windows' weights, recorded; its gradient is its adjoint, whose gradient it is.
template <class T, class Axis>
Tensor<T> resample(const char* name, const Axis& rows, const Axis& columns, const Tensor<T>& x,
                   bool adjoint = false) {
  // First, as the tables of a size that no memory holds should not be made.
  Tensor<T> y(Shape{x.dim(0), adjoint ? rows.input : rows.output, adjoint ? columns.input : columns.output,
                    x.dim(3)});
  const AxisTaps<T> r(rows, adjoint), c(columns, adjoint);
  run_windows(kernels::op::WindowSum{}, r, c, x, y);
  return record(
      name, {x}, std::move(y),
      [name, rows, columns, adjoint](auto&, auto& dy, auto& dx) {
        dx(0, [&] { return resample(name, rows, columns, dy, !adjoint); });
      },
      Keep::nothing);
}

}  // namespace detail

}  // namespace figment

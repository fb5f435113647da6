// Group normalisation (Wu and He, 2018), channels last. With a group for each channel it is instance
// normalisation.
#pragma once

#include "figment/ops/batch_norm.hpp"

namespace figment {

namespace detail {

/// The sizes of x (N, …, C) seen as `samples` matrices of `rows` by `channels`, split into groups.
struct GroupedRows {
  Index samples, rows, channels, groups, in_group;

  GroupedRows(const Shape& x, Index count)
      : samples(x[0]),
        rows(x.size() / std::max<Index>(1, x[0] * x[-1])),
        channels(x[-1]),
        groups(count),
        in_group(x[-1] / count) {}

  Index sample() const { return rows * channels; }
  Shape grouped() const { return {samples, rows, groups, in_group}; }
  /// Calls f(sample) for each of them; those of a thread are neighbours.
  template <class F>
  void each_sample(F f) const {
    if (sample() > 0)
      parallel_for(samples, elementwise_grain / sample() + 1, [&](Index begin, Index end) {
        for (Index n = begin; n < end; ++n) f(n);
      });
  }
};

/// What a group norm's forward and its gradient share, a row for each sample.
template <class T>
struct GroupNormalisation {
  GroupedRows v;
  Tensor<T> mean, inverse;  ///< (N, C): of the channel's group, 1 / deviation

  /// Of these parameters a row.
  kernels::NormArgs<T> args(const Tensor<T>& x, Index n, const T* scale, const T* shift) const {
    return {x.data() + n * v.sample(), mean.data() + n * v.channels, scale, shift, v.rows, v.channels};
  }
};

/// Each group's mean and deviation, by its channels' two-pass moments: large means do not cancel.
template <class T>
GroupNormalisation<T> group_moments(const Tensor<T>& x, Index groups, double epsilon) {
  const GroupedRows v(x.shape(), groups);
  const Shape row{v.samples, v.channels};
  GroupNormalisation<T> norm{v, Tensor<T>(row), Tensor<T>(row)};
  Tensor<T> parts(Shape{v.samples, 3, v.channels});
  T *const all = parts.mutable_data(), *const means = norm.mean.mutable_data(),
           *const inverses = norm.inverse.mutable_data();
  const double rows = static_cast<double>(v.rows), count = rows * static_cast<double>(v.in_group);
  v.each_sample([&](Index n) {
    T *const mean = all + 3 * n * v.channels, *const drift = mean + v.channels,
             *const squares = drift + v.channels;
    kernels::moments(x.data() + n * v.sample(), v.rows, v.channels, mean, drift, squares);
    for (Index first = 0; first < v.channels; first += v.in_group) {
      // By the distances from one of the means: equal numbers have that mean to the last digit.
      const auto start = static_cast<double>(mean[first]);
      double centre = 0, square = 0;
      for (Index c = first; c < first + v.in_group; ++c)
        centre += rows * (static_cast<double>(mean[c]) - start) + static_cast<double>(drift[c]);
      centre = start + centre / count;
      for (Index c = first; c < first + v.in_group; ++c) {
        const double d = static_cast<double>(mean[c]) - centre;
        square += static_cast<double>(squares[c]) + d * (2 * static_cast<double>(drift[c]) + rows * d);
      }
      const double var = square < 0 ? 0 : square / count;
      std::fill_n(means + n * v.channels + first, v.in_group, static_cast<T>(centre));
      std::fill_n(inverses + n * v.channels + first, v.in_group,
                  static_cast<T>(1 / std::sqrt(var + epsilon)));
    }
  });
  return norm;
}

/// With d = x - mean, r = 1 / deviation, dz = gamma dy and means over a group: dx = r (dz - mean(dz) -
/// d r^2 mean(dz d)), dgamma = sum r d dy, dbeta = sum dy, over samples and positions.
template <class T>
void fused_group_gradient(const Tensor<T>& x, const Tensor<T>& gamma, const GroupNormalisation<T>& norm,
                          const Tensor<T>& dy, InputGradients<T>& dx) {
  const GroupedRows& v = norm.v;
  const Index channels = v.channels;
  const Tensor<T> one = Tensor<T>::ones({channels}), zero = Tensor<T>::zeros({channels});
  // Of each sample and channel: sum dy and sum dy d; and what they make of the group.
  Tensor<T> sums = Tensor<T>::zeros({v.samples, 4, channels});
  T* const all = sums.mutable_data();
  const double count = static_cast<double>(v.rows * v.in_group);
  v.each_sample([&](Index n) {
    T *const sum = all + 4 * n * channels, *const along = sum + channels, *const mean_dz = along + channels,
             *const mean_dz_d = mean_dz + channels;
    kernels::normalise_sums(norm.args(x, n, one.data(), zero.data()), dy.data() + n * v.sample(), sum, along);
    for (Index first = 0; first < channels; first += v.in_group) {
      double dz = 0, dz_d = 0;
      for (Index c = first; c < first + v.in_group; ++c) {
        const double scale = gamma.defined() ? static_cast<double>(gamma.data()[c]) : 1;
        dz += scale * static_cast<double>(sum[c]), dz_d += scale * static_cast<double>(along[c]);
      }
      const auto r = static_cast<double>(norm.inverse.data()[n * channels + first]);
      std::fill_n(mean_dz + first, v.in_group, static_cast<T>(dz / count));
      std::fill_n(mean_dz_d + first, v.in_group, static_cast<T>(dz_d * r * r / count));
    }
  });
  dx(0, [&] {
    Tensor<T> gradient(x.shape());
    T* const out = gradient.mutable_data();
    v.each_sample([&](Index n) {
      const T *dz = dy.data() + n * v.sample(), *const means = all + (4 * n + 2) * channels;
      T* const to = out + n * v.sample();
      if (gamma.defined()) {
        const kernels::RowsOf<T> rows{dz, 1, channels}, scale{gamma.data(), 1, 0};
        kernels::binary_rows(kernels::op::Mul{}, rows, scale, to, v.rows, channels);
        dz = to;
      }
      kernels::normalise_gradient(norm.args(x, n, norm.inverse.data() + n * channels, zero.data()), dz, means,
                                  means + channels, to);
    });
    return gradient;
  });
  const auto total = [&](Index which, bool scaled) {
    Tensor<T> t(Shape{channels});
    T* const to = t.mutable_data();
    for (Index c = 0; c < channels; ++c) {
      double sum = 0;
      for (Index n = 0; n < v.samples; ++n) {
        const double part = static_cast<double>(all[(4 * n + which) * channels + c]);
        sum += scaled ? part * static_cast<double>(norm.inverse.data()[n * channels + c]) : part;
      }
      to[c] = static_cast<T>(sum);
    }
    return t;
  };
  dx(1, [&] { return total(1, true); });
  dx(2, [&] { return total(0, false); });
}

/// The same composed of recorded operations.
template <class T>
void recorded_group_gradient(const Tensor<T>& x, const Tensor<T>& gamma, const GroupNormalisation<T>& norm,
                             double epsilon, const Tensor<T>& dy, InputGradients<T>& dx) {
  const GroupedRows& v = norm.v;
  const Axes group{1, 3};
  // From the group's mean, a constant, first: the sum of large numbers would be rounded at their size.
  const auto own = norm.mean.view_as({v.samples, 1, v.groups, v.in_group});
  const auto near_zero = reshape(x, v.grouped()) - own;
  const auto d = near_zero - mean(near_zero, group, Dims::keep);
  const auto r = T(1) / sqrt(affine(mean(square(d), group, Dims::keep), 1, epsilon));
  const auto xh = d * r, dz = reshape(dy, v.grouped());
  dx(0, [&] {
    const auto g = gamma.defined() ? dz * reshape(gamma, Shape{v.groups, v.in_group}) : dz;
    return reshape(r * (g - mean(g, group, Dims::keep) - xh * mean(g * xh, group, Dims::keep)), x.shape());
  });
  dx(1, [&] { return reshape(dz * xh, x.shape()); });
  dx(2, [&] { return dy; });
}

}  // namespace detail

/// (x - mean) / sqrt(var + epsilon) * gamma + beta with the mean and the biased variance of each sample's
/// groups: x (N, …, C), its channels in `groups` runs of C / groups; gamma and beta (C,) or undefined.
template <detail::Real T>
Tensor<T> group_norm(const Tensor<T>& x, Index groups, const Tensor<T>& gamma, const Tensor<T>& beta,
                     double epsilon) {
  ensure(x.rank() >= 2, "group_norm: expected (N, …, C), found shape {}", x.shape());
  ensure(groups >= 1 && x.dim(-1) % groups == 0, "group_norm: {} group(s) do not divide the channels of {}",
         groups, x.shape());
  for (const Tensor<T>* p : {&gamma, &beta})
    ensure(!p->defined() || p->shape() == Shape{x.dim(-1)}, "group_norm: parameter {} for {} channels of {}",
           p->shape(), x.dim(-1), x.shape());
  ensure(epsilon > 0, "group_norm: expected a positive epsilon, found {}", epsilon);
  const auto norm = detail::group_moments(x, groups, epsilon);
  const detail::GroupedRows& v = norm.v;
  const auto shift = detail::channel_parameter(beta, v.channels, T(0));
  const auto scale = gamma.defined() ? no_grad([&] { return norm.inverse * gamma; }) : norm.inverse;
  Tensor<T> y(x.shape());
  T* const out = y.mutable_data();
  v.each_sample([&](Index n) {
    kernels::normalise(norm.args(x, n, scale.data() + n * v.channels, shift.data()), out + n * v.sample());
  });
  return record(
      "group_norm", {x, gamma, beta}, std::move(y),
      [norm, epsilon](auto& s, auto& dy, auto& dx) {
        const auto &in = s.in(0), &g = s.in(1);
        // Products with an infinite gamma are of both signs, which only sums of them show.
        const bool odd = g.defined() && !kernels::all_finite(g.data(), g.size());
        if (odd || recording(dy, in, g))
          detail::recorded_group_gradient(in, g, norm, epsilon, dy, dx);
        else
          detail::fused_group_gradient(in, g, norm, dy, dx);
      },
      Keep::inputs);
}

}  // namespace figment

// Batch normalisation (Ioffe and Szegedy, 2015), channels last.
#pragma once

#include "figment/ops/matmul.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

/// Each channel's mean and biased variance over all other dimensions, (C,) each. Not recorded.
template <class T>
struct BatchMoments {
  Tensor<T> mean, var;  ///< of the batch, for the running ones to follow
};

namespace detail {

/// x as rows of channels, in chunks that stay in the cache. Sums over a chunk are combined in order: the same
/// bits for any number of threads.
struct ChannelRows {
  Index channels, rows, chunk_rows, chunks;

  explicit ChannelRows(const Shape& shape)
      : channels(shape[-1]),
        rows(channels > 0 ? shape.size() / channels : 0),
        chunk_rows(std::max<Index>(1, 32768 / std::max<Index>(1, channels))),
        chunks((rows + chunk_rows - 1) / chunk_rows) {}

  Index rows_of(Index chunk) const { return (std::min)(chunk_rows, rows - chunk * chunk_rows); }

  /// part(first row, rows, out) leaves `count` values a channel in out, (count, C), for each chunk.
  template <class T, class F>
  Tensor<T> sums(Index count, F part) const {
    Tensor<T> all(Shape{chunks, count, channels});
    T* out = all.mutable_data();
    parallel_for(chunks, 2, [&](Index begin, Index end) {
      for (Index k = begin; k < end; ++k) part(k * chunk_rows, rows_of(k), out + k * count * channels);
    });
    return all;
  }
};

/// A channel's parameter, or its stand-in of one value.
template <class T>
Tensor<T> channel_parameter(const Tensor<T>& p, Index channels, T otherwise) {
  return p.defined() ? p : Tensor<T>::full({channels}, otherwise);
}

template <class T>
void check_norm(const Tensor<T>& x, std::initializer_list<const Tensor<T>*> parameters, double epsilon,
                Activation activation, double slope) {
  ensure(x.rank() >= 2, "batch_norm: expected (N, …, C), found shape {}", x.shape());
  for (const Tensor<T>* p : parameters)
    ensure(!p->defined() || p->shape() == Shape{x.dim(-1)}, "batch_norm: parameter {} for {} channels of {}",
           p->shape(), x.dim(-1), x.shape());
  ensure(epsilon > 0, "batch_norm: expected a positive epsilon, found {}", epsilon);
  ensure(activation == Activation::none || activation == Activation::relu ||
             (activation == Activation::leaky_relu && slope > 0),
         "batch_norm: closes with none, relu, or leaky_relu of a positive slope");
}

/// What gradients read: of y the signs, as linear's and conv2d's do. Computed again, a z beside 0 may round
/// to the other side.
inline Keep norm_keep(Activation activation) {
  return activation == Activation::none ? Keep::inputs : Keep::all;
}

/// What a batch norm's forward and gradients share.
template <class T>
struct Normalisation {
  Tensor<T> mean, scale, shift;  ///< (C,): scale is gamma / deviation, shift beta
  Activation activation;
  double slope;

  kernels::NormArgs<T> args(const Tensor<T>& x, Index row, Index rows) const {
    const Index channels = mean.size();
    return {x.data() + row * channels,
            mean.data(),
            scale.data(),
            shift.data(),
            rows,
            channels,
            activation,
            slope};
  }
  Tensor<T> apply(const Tensor<T>& x) const {
    Tensor<T> y(x.shape());
    T* out = y.mutable_data();
    const Index channels = mean.size();
    if (x.size() > 0)
      parallel_for(x.size() / channels, elementwise_grain / channels + 1, [&](Index begin, Index end) {
        kernels::normalise(args(x, begin, end - begin), out + begin * channels);
      });
    return y;
  }
};

/// gamma / sqrt(var + epsilon).
template <class T>
Tensor<T> norm_scale(const Tensor<T>& gamma, const Tensor<T>& var, double epsilon) {
  Tensor<T> scale(var.shape());
  T* out = scale.mutable_data();
  for (Index c = 0; c < var.size(); ++c) {
    const double deviation = std::sqrt(static_cast<double>(var.data()[c]) + epsilon);
    out[c] = static_cast<T>((gamma.defined() ? static_cast<double>(gamma.data()[c]) : 1.0) / deviation);
  }
  return scale;
}

/// The gradients in two passes over memory. With d = x - mean, r = 1 / deviation and sums over the batch of
/// n: dbeta = sum dz, dgamma = r sum dz d, dx = gamma r (dz - (sum dz) / n - d r^2 (sum dz d) / n).
template <class T>
void fused_norm_gradient(const Tensor<T>& x, const Normalisation<T>& norm, const Tensor<T>& var,
                         double epsilon, const Tensor<T>& dy, InputGradients<T>& dx) {
  const ChannelRows v(x.shape());
  const Index channels = v.channels;
  const Tensor<T> parts = v.template sums<T>(2, [&](Index row, Index rows, T* out) {
    kernels::normalise_sums(norm.args(x, row, rows), dy.data() + row * channels, out, out + channels);
  });
  Tensor<T> dgamma(Shape{channels}), dbeta(Shape{channels}), mean_dz(Shape{channels}), along(Shape{channels});
  T *pg = dgamma.mutable_data(), *pb = dbeta.mutable_data();
  T *pm = mean_dz.mutable_data(), *pa = along.mutable_data();
  const double n = static_cast<double>(v.rows);
  Tensor<double> totals = Tensor<double>::zeros({2, channels});
  double* total = totals.mutable_data();
  for (Index k = 0; k < v.chunks; ++k)
    for (Index c = 0; c < 2 * channels; ++c)
      total[c] += static_cast<double>(parts.data()[2 * k * channels + c]);
  for (Index c = 0; c < channels; ++c) {
    const double sum = total[c], sum_d = total[channels + c];
    const double variance = static_cast<double>(var.data()[c]) + epsilon;
    pg[c] = static_cast<T>(sum_d / std::sqrt(variance)), pb[c] = static_cast<T>(sum);
    pm[c] = static_cast<T>(sum / n), pa[c] = static_cast<T>(sum_d / variance / n);
  }
  dx(0, [&] {
    Tensor<T> gradient(x.shape());
    T* out = gradient.mutable_data();
    parallel_for(v.rows, elementwise_grain / channels + 1, [&](Index begin, Index end) {
      const Index at = begin * channels;
      kernels::normalise_gradient(norm.args(x, begin, end - begin), dy.data() + at, pm, pa, out + at);
    });
    return gradient;
  });
  dx(1, [&] { return dgamma; });
  dx(2, [&] { return dbeta; });
}

/// The same composed of recorded operations, with xh = d r and the means over the batch:
/// dx = gamma r (dz - mean(dz) - xh mean(dz xh)).
template <class T>
void recorded_norm_gradient(const Tensor<T>& x, const Tensor<T>& gamma, const Tensor<T>& own_mean,
                            double epsilon, const Tensor<T>& dz_of_x, InputGradients<T>& dx) {
  const Shape flat{x.size() / x.dim(-1), x.dim(-1)};
  // From the batch's mean, a constant, first: the sum of large numbers would be rounded at their size.
  const auto rows = reshape(x, flat) - own_mean;
  const auto d = rows - mean(rows, 0, Dims::keep);
  const auto r = T(1) / sqrt(mean(square(d), 0, Dims::keep) + static_cast<T>(epsilon));
  const auto xh = d * r;
  const auto dz = reshape(dz_of_x, flat);
  dx(0, [&] {
    const auto scale = gamma.defined() ? r * gamma : r;
    return reshape(scale * (dz - mean(dz, 0, Dims::keep) - xh * mean(dz * xh, 0, Dims::keep)), x.shape());
  });
  dx(1, [&] { return dz * xh; });
  dx(2, [&] { return dz; });
}

}  // namespace detail

/// Each channel's mean and biased variance over a batch (N, …, C), by chunks' two-pass moments combined as
/// Chan et al. (1979) have it: large means do not cancel. `op` names the caller in the error.
template <detail::Real T>
BatchMoments<T> batch_moments(const Tensor<T>& x, const char* op = "batch_moments") {
  ensure(x.rank() >= 2 && x.size() > 0, "{}: expected some examples (N, …, C), found shape {}", op,
         x.shape());
  const detail::ChannelRows v(x.shape());
  const Index channels = v.channels;
  const Tensor<T> parts = v.template sums<T>(3, [&](Index row, Index rows, T* out) {
    kernels::moments(x.data() + row * channels, rows, channels, out, out + channels, out + 2 * channels);
  });
  const double n = static_cast<double>(v.rows);
  Tensor<double> totals = Tensor<double>::zeros({2, channels});
  double *centre = totals.mutable_data(), *squares = centre + channels;
  for (Index k = 0; k < v.chunks; ++k) {
    const T *mean = parts.data() + 3 * k * channels, *drift = mean + channels;
    const double weight = static_cast<double>(v.rows_of(k)) / n;
    for (Index c = 0; c < channels; ++c)
      centre[c] += weight * static_cast<double>(mean[c]) + static_cast<double>(drift[c]) / n;
  }
  for (Index k = 0; k < v.chunks; ++k) {
    const T *mean = parts.data() + 3 * k * channels, *drift = mean + channels, *square = drift + channels;
    const double rows = static_cast<double>(v.rows_of(k));
    for (Index c = 0; c < channels; ++c) {
      // Distances from the chunk's mean become distances from the whole's, d further off.
      const double d = static_cast<double>(mean[c]) - centre[c];
      squares[c] += static_cast<double>(square[c]) + d * (2 * static_cast<double>(drift[c]) + rows * d);
    }
  }
  BatchMoments<T> m{Tensor<T>(Shape{channels}), Tensor<T>(Shape{channels})};
  T *mean = m.mean.mutable_data(), *var = m.var.mutable_data();
  for (Index c = 0; c < channels; ++c)
    mean[c] = static_cast<T>(centre[c]), var[c] = static_cast<T>(squares[c] < 0 ? 0 : squares[c] / n);
  return m;
}

/// act((x - m) / sqrt(v + epsilon) * gamma + beta) with m and v the batch's own moments, through which
/// gradients flow: x (N, …, C), gamma and beta (C,) or undefined. `slope` is leaky_relu's; other activations
/// but relu do not close it. `moments`, if given, receives m and v.
template <detail::Real T>
Tensor<T> batch_norm(const Tensor<T>& x, const Tensor<T>& gamma, const Tensor<T>& beta, double epsilon,
                     Activation activation = Activation::none, double slope = 0.3,
                     BatchMoments<T>* moments = nullptr) {
  detail::check_norm(x, {&gamma, &beta}, epsilon, activation, slope);
  const Index channels = x.dim(-1);
  const BatchMoments<T> own = batch_moments(x, "batch_norm");
  if (moments) *moments = {own.mean.clone(), own.var.clone()};
  const detail::Normalisation<T> norm{own.mean, detail::norm_scale(gamma, own.var, epsilon),
                                      detail::channel_parameter(beta, channels, T(0)), activation, slope};
  return record(
      "batch_norm", {x, gamma, beta}, norm.apply(x),
      [norm, epsilon, var = own.var](auto& s, auto& dy, auto& dx) {
        const auto &in = s.in(0), &g = s.in(1);
        if (recording(dy, in, g))
          detail::recorded_norm_gradient(in, g, norm.mean, epsilon,
                                         detail::activation_gradient(norm.activation, norm.slope, dy, s), dx);
        else
          detail::fused_norm_gradient(in, norm, var, epsilon, dy, dx);
      },
      detail::norm_keep(activation));
}

/// The same with given moments, such as a layer's running ones: mean and var (C,).
template <detail::Real T>
Tensor<T> batch_norm(const Tensor<T>& x, const Tensor<T>& gamma, const Tensor<T>& beta, const Tensor<T>& mean,
                     const Tensor<T>& var, double epsilon, Activation activation = Activation::none,
                     double slope = 0.3) {
  detail::check_norm(x, {&gamma, &beta, &mean, &var}, epsilon, activation, slope);
  ensure(mean.defined() && var.defined(), "batch_norm: mean and variance are needed");
  const detail::Normalisation<T> norm{mean, detail::norm_scale(gamma, var, epsilon),
                                      detail::channel_parameter(beta, x.dim(-1), T(0)), activation, slope};
  return record(
      "batch_norm", {x, gamma, beta, mean, var}, norm.apply(x),
      [epsilon, activation, slope](auto& s, auto& dy, auto& dx) {
        const auto& g = s.in(1);
        const auto d = s.in(0) - s.in(3), r = T(1) / sqrt(s.in(4) + static_cast<T>(epsilon));
        const auto scale = g.defined() ? g * r : r;
        const auto dz = detail::activation_gradient(activation, slope, dy, s);
        dx(0, [&] { return dz * scale; });
        dx(1, [&] { return dz * d * r; });
        dx(2, [&] { return dz; });
        dx(3, [&] { return -(dz * scale); });
        dx(4, [&] { return dz * d * affine(scale * square(r), -0.5, 0); });
      },
      detail::norm_keep(activation));
}

}  // namespace figment

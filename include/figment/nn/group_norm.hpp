// The group and instance normalisation layers.
#pragma once

#include <string>

#include "figment/nn/report.hpp"
#include "figment/ops/group_norm.hpp"

namespace figment {

/// Of GroupNorm.
struct GroupNormOptions {
  double epsilon = 1e-3;  ///< added to the variance: Keras'; PyTorch has 1e-5
  bool affine = true;     ///< scale by gamma and shift by beta, which begin as 1 and 0
};

/// y = (x - mean) / sqrt(var + epsilon) * gamma + beta, where mean and biased variance are those of each
/// sample's groups of channels, over all positions (Wu and He, 2018): x (N, …, C), alike in training and use.
///
///   GroupNorm(8, 64)   // 8 groups of 8 channels; 1 group normalises the whole sample
template <class T = float>
struct GroupNorm {
  using value_type = T;

  Index groups, channels;  ///< as many groups as channels: InstanceNorm
  Tensor<T> gamma, beta;   ///< (channels,), undefined unless affine
  double epsilon;          ///< added to the variance

  /// Throws unless the groups divide the channels and epsilon is positive.
  GroupNorm(Index group_count, Index channel_count, GroupNormOptions options = {})
      : groups(group_count),
        channels(channel_count),
        gamma(options.affine ? parameter(Tensor<T>::ones({channels})) : Tensor<T>()),
        beta(options.affine ? parameter(Tensor<T>::zeros({channels})) : Tensor<T>()),
        epsilon(options.epsilon) {
    ensure(groups >= 1 && channels >= 1 && channels % groups == 0,
           "GroupNorm: {} group(s) do not divide {} channels", groups, channels);
    ensure(epsilon > 0, "GroupNorm: expected a positive epsilon, found {}", epsilon);
  }

  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] {
      ensure(x.rank() >= 2 && x.dim(-1) == channels, "group_norm: x {} needs {} channels", x.shape(),
             channels);
      return group_norm(x, groups, gamma, beta, epsilon);
    });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void visit(auto&& v) {
    if (gamma.defined()) v("gamma", gamma, Layout::scale), v("beta", beta, Layout::shift);
  }

  std::string describe() const { return figment::format("GroupNorm({}, {})", groups, channels); }
};

/// Of InstanceNorm.
struct InstanceNormOptions {
  double epsilon = 1e-3;  ///< added to the variance: as the other norms have it; PyTorch has 1e-5
  bool affine = false;    ///< scale by gamma and shift by beta, which begin as 1 and 0
};

/// y = (x - mean) / sqrt(var + epsilon) * gamma + beta, where mean and biased variance are those of each
/// sample's channel over its positions (Ulyanov et al., 2016): x (N, …, C), alike in training and use.
template <class T = float>
struct InstanceNorm {
  using value_type = T;

  Index channels;         ///< the last extent of x
  Tensor<T> gamma, beta;  ///< (channels,), undefined unless affine
  double epsilon;         ///< added to the variance

  /// Throws unless epsilon is positive.
  explicit InstanceNorm(Index channel_count, InstanceNormOptions options = {})
      : channels(channel_count),
        gamma(options.affine ? parameter(Tensor<T>::ones({channels})) : Tensor<T>()),
        beta(options.affine ? parameter(Tensor<T>::zeros({channels})) : Tensor<T>()),
        epsilon(options.epsilon) {
    ensure(channels >= 1, "InstanceNorm: expected 1 or more channels, found {}", channels);
    ensure(epsilon > 0, "InstanceNorm: expected a positive epsilon, found {}", epsilon);
  }

  /// Throws when x has other channels, or a single position, which is its own mean.
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] {
      ensure(x.rank() >= 3 && x.dim(-1) == channels, "instance_norm: x {} needs positions and {} channels",
             x.shape(), channels);
      ensure(x.dim(0) == 0 || x.size() / x.dim(0) != channels,
             "instance_norm: takes 2 or more positions, found x {}", x.shape());
      return group_norm(x, channels, gamma, beta, epsilon);
    });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }

  void visit(auto&& v) {
    if (gamma.defined()) v("gamma", gamma, Layout::scale), v("beta", beta, Layout::shift);
  }

  std::string describe() const { return figment::format("InstanceNorm({})", channels); }
};

}  // namespace figment

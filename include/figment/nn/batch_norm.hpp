// The batch normalisation layer.
#pragma once

#include "figment/nn/context.hpp"
#include "figment/nn/describe.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/batch_norm.hpp"

namespace figment {

/// Of BatchNorm.
struct BatchNormOptions {
  double momentum = 0.99;  ///< how much of the running moments stays each step: Keras'; PyTorch has 1 - 0.9
  double epsilon = 1e-3;   ///< added to the variance: Keras'; PyTorch has 1e-5
  bool affine = true;      ///< scale by gamma and shift by beta, which begin as 1 and 0
  Activation activation = Activation::none;  ///< or relu or leaky_relu, in the same pass over memory
  double slope = 0.3;                        ///< of leaky_relu
};

/// y = act((x - mean) / sqrt(var + epsilon) * gamma + beta) for each channel of x (N, C) or (N, …, C) (Ioffe
/// and Szegedy, 2015). While training, mean and var are the batch's, var biased, and the running ones follow
/// them: running = momentum * running + (1 - momentum) * batch, with the batch's unbiased variance (as
/// PyTorch; Keras takes the biased). Otherwise the running ones are used.
template <class T = float>
struct BatchNorm {
  using value_type = T;

  /// (C,) each; gamma and beta are undefined unless affine.
  Tensor<T> gamma, beta, running_mean, running_var;
  double momentum, epsilon;  ///< as the options have them
  Activation activation;     ///< applied last
  double slope;              ///< of leaky_relu

  /// For C = features channels. Throws unless the momentum is in [0, 1] and epsilon positive.
  explicit BatchNorm(Index features, BatchNormOptions options = {})
      : gamma(options.affine ? parameter(Tensor<T>::ones({features})) : Tensor<T>()),
        beta(options.affine ? parameter(Tensor<T>::zeros({features})) : Tensor<T>()),
        running_mean(Tensor<T>::zeros({features})),
        running_var(Tensor<T>::ones({features})),
        momentum(options.momentum),
        epsilon(options.epsilon),
        activation(options.activation),
        slope(options.slope) {
    ensure(momentum >= 0 && momentum <= 1, "BatchNorm: expected a momentum in [0, 1], found {}", momentum);
    ensure(epsilon > 0, "BatchNorm: expected a positive epsilon, found {}", epsilon);
  }

  /// Throws when x has other channels, or while training fewer than 2 values of each.
  Tensor<T> forward(const Tensor<T>& x, const Context& context) const {
    return detail::reported(*this, x, [&] { return normalised(x, context); });
  }
  /// forward(x, context).
  Tensor<T> operator()(const Tensor<T>& x, const Context& context) const { return forward(x, context); }

  void visit(auto&& v) {
    if (gamma.defined()) v("gamma", gamma, Layout::scale), v("beta", beta, Layout::shift);
    v("running_mean", running_mean, buffer);
    v("running_var", running_var, buffer);
  }

  std::string describe() const {
    const std::string size = figment::format("BatchNorm({}", running_mean.size());
    return size + detail::closing_text(activation);
  }

 private:
  Tensor<T> normalised(const Tensor<T>& x, const Context& context) const {
    ensure(x.rank() >= 2 && x.dim(-1) == running_mean.size(), "batch_norm: x {} needs {} channels", x.shape(),
           running_mean.size());
    if (!context.training)
      return batch_norm(x, gamma, beta, running_mean, running_var, epsilon, activation, slope);
    const Index rows = x.size() / std::max<Index>(1, x.dim(-1));
    ensure(rows >= 2, "batch_norm: training takes 2 or more values a channel, found x {}", x.shape());
    BatchMoments<T> batch;
    const auto y = batch_norm(x, gamma, beta, epsilon, activation, slope, &batch);
    follow(running_mean, batch.mean, 1);
    follow(running_var, batch.var, static_cast<double>(rows) / static_cast<double>(rows - 1));
    return y;
  }

  /// By a handle to the same memory: the layer itself is constant while a model runs.
  void follow(Tensor<T> running, const Tensor<T>& batch, double scale) const {
    T* r = running.mutable_data();
    for (Index c = 0; c < running.size(); ++c)
      r[c] = static_cast<T>(momentum * static_cast<double>(r[c]) +
                            (1 - momentum) * scale * static_cast<double>(batch.data()[c]));
  }
};

}  // namespace figment

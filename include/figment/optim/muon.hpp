// Muon.
#pragma once

#include <cmath>

#include "figment/ops/matmul.hpp"
#include "figment/optim/optimizer.hpp"

namespace figment {

/// How long Muon's step is beside its rate, of a weight from `in` to `out` features.
enum class MuonScale {
  original,         ///< sqrt(max(1, out / in)), Jordan's
  match_rms_adamw,  ///< 0.2 sqrt(max(in, out)): as long as AdamW's, whose rate and decay then do (Liu et al.,
                    ///< 2025)
  spectral          ///< sqrt(out / in) (Bernstein, 2025); PyTorch calls it spectral_unclamped
};

/// Of Muon. PyTorch's defaults.
struct MuonOptions {
  double rate = 1e-3;                     ///< the learning rate of matrices
  double weight_decay = 0.1;              ///< shrinks the matrices themselves
  double momentum = 0.95;                 ///< how much of the mean of gradients stays each step
  bool nesterov = true;                   ///< look ahead by the momentum
  int iterations = 5;                     ///< of Newton and Schulz
  double epsilon = 1e-7;                  ///< the least norm that a gradient is divided by
  MuonScale scale = MuonScale::original;  ///< what the rate is multiplied by
  // Of what is no matrix, which AdamW steps:
  double adamw_rate = 1e-3;           ///< stays in this proportion to `rate`, which schedules write
  double adamw_weight_decay = 0.01;   ///< shrinks the parameters themselves
  double beta1 = 0.9, beta2 = 0.999;  ///< how much of m and of v stays each step
  double adamw_epsilon = 1e-7;        ///< added to the root of v
};

/// Momentum whose step, of a weight matrix, is made orthogonal: all its singular values are brought near 1,
/// so that rare directions are learnt as fast as common ones (Jordan et al., 2024). What is not of two
/// dimensions, as biases, scales and the weights of convolutions, steps as by AdamW. For hidden layers: give
/// it embeddings and the last layer's weight as `others`.
template <class T = float>
class Muon final : public Optimizer<T> {
 public:
  /// One array of state beside each matrix, two beside all else.
  explicit Muon(TensorList<T> parameters, MuonOptions options = {})
      : Muon(std::move(parameters), TensorList<T>{}, options) {}
  /// The same of groups.
  explicit Muon(const ParameterGroups<T>& groups, MuonOptions options = {})
      : Muon(detail::parameters_of(groups), options) {
    this->set_groups(groups);
  }
  /// Also of others, which follow in parameters(): whatever their dimensions, AdamW steps them.
  Muon(TensorList<T> parameters, const TensorList<T>& others, MuonOptions options)
      : Optimizer<T>(joined(parameters, others), options.rate, {true, true, false}),
        options_(options),
        listed_(parameters.size()),
        adamw_scale_(options.rate > 0 ? options.adamw_rate / options.rate : 1) {
    detail::check_settings("Muon", {options.momentum, options.beta1, options.beta2},
                           {options.epsilon, options.adamw_epsilon, options.weight_decay,
                            options.adamw_weight_decay, options.adamw_rate});
    ensure(options.iterations >= 1 && options.iterations < 100, "Muon: expected 1 to 99 iterations, found {}",
           options.iterations);
    for (std::size_t i = 0; i < this->parameters().size(); ++i)
      if (is_matrix(i)) this->state(i, 1) = {};
  }

 private:
  using Group = typename Optimizer<T>::Group;

  static TensorList<T> joined(TensorList<T> list, const TensorList<T>& others) {
    for (const auto& p : others) detail::append(list, p);
    return list;
  }
  bool is_matrix(std::size_t i) const { return i < listed_ && this->parameters()[i].rank() == 2; }

  void update(std::span<const Tensor<T>> gradients) override {
    NoGrad guard;
    const auto& o = options_;
    const auto t = static_cast<double>(this->steps());
    this->each_group(-1, [&](const Group& group) {
      for (std::size_t i = group.first; i < group.last; ++i) {
        const bool matrix = is_matrix(i);
        const double decay = group.weight_decay >= 0 ? group.weight_decay
                             : matrix                ? o.weight_decay
                                                     : o.adamw_weight_decay;
        const Group one{matrix ? group.rate : group.rate * adamw_scale_, decay, i, i + 1};
        if (matrix)
          turn(gradients[i], one);
        else
          this->apply(kernels::op::Adam{one.rate, o.beta1, o.beta2, o.adamw_epsilon, 0, 1 - one.rate * decay,
                                        1 / (1 - std::pow(o.beta1, t)),
                                        1 / std::sqrt(1 - std::pow(o.beta2, t)), false},
                      gradients, one);
      }
    });
  }

  void turn(const Tensor<T>& g, const Group& group) {
    Tensor<T> w = this->parameters()[group.first].detach();
    Tensor<T>& mean = this->state(group.first, 0);
    mean.copy_from(detail::map(kernels::op::Lerp{1 - options_.momentum}, mean, g, "Muon"));
    const Tensor<T> ahead =
        options_.nesterov ? detail::map(kernels::op::Lerp{options_.momentum}, g, mean, "Muon") : mean;
    const Tensor<T> along = affine(orthogonal(ahead), -group.rate * factor(w.shape()), 0);
    w.copy_from(affine(w, 1 - group.rate * group.weight_decay, 0) + along);
  }

  double factor(const Shape& shape) const {
    const auto in = static_cast<double>(shape[0]), out = static_cast<double>(shape[1]);
    switch (options_.scale) {
      case MuonScale::match_rms_adamw:
        return 0.2 * std::sqrt((std::max)(in, out));
      case MuonScale::spectral:
        return std::sqrt(out / in);
      default:
        return std::sqrt((std::max)(1.0, out / in));
    }
  }

  /// u v^T nearly, of g = u s v^T: its singular values, once their norm is 1 at most, go through an odd
  /// polynomial of the fifth degree that is steep at 0 and lands within 0.3 of 1.
  Tensor<T> orthogonal(const Tensor<T>& g) const {
    constexpr double a = 3.4445, b = -4.7750, c = 2.0315;
    const double norm = std::sqrt(detail::chunked_sum(g.size(), [&](Index begin, Index end) {
      return kernels::sum_unary(kernels::op::Square{}, g.data() + begin, end - begin);
    }));
    Tensor<T> x = affine(g, 1 / (std::max)(norm, options_.epsilon), 0);
    const bool tall = g.dim(0) > g.dim(1);  // the smaller of x x^T and x^T x does
    for (int i = 0; i < options_.iterations; ++i) {
      const Tensor<T> square = matmul(x, x, {.a = tall, .b = !tall});
      const Tensor<T> even = affine(square, b, 0) + affine(matmul(square, square), c, 0);
      x = affine(x, a, 0) + (tall ? matmul(x, even) : matmul(even, x));
    }
    return x;
  }

  MuonOptions options_;
  std::size_t listed_;  // before the others
  double adamw_scale_;
};

}  // namespace figment

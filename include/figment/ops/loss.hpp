// Losses: how far predictions are from targets.
#pragma once

#include "figment/ops/activation.hpp"
#include "figment/ops/compare.hpp"
#include "figment/ops/index.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

/// What becomes of the elements' losses: kept, averaged over all, summed over all, or summed over each
/// sample and averaged over the batch (the first dimension), which for pixels is nats per image.
enum class Reduction { none, mean, sum, batch_mean };

namespace detail {

/// What a sum of elements is divided by.
inline double loss_divisor(const Shape& shape, Reduction reduction) {
  switch (reduction) {
    case Reduction::mean:
      return static_cast<double>(shape.size());
    case Reduction::batch_mean:
      return static_cast<double>(shape.rank() ? shape[0] : 1);
    default:
      return 1.0;
  }
}

template <class T>
Tensor<T> reduce_loss(const Tensor<T>& elements, Reduction reduction) {
  if (reduction == Reduction::none) return elements;
  return divided_sum("loss", elements, {}, loss_divisor(elements.shape(), reduction));
}

template <class T>
void check_pair(const Tensor<T>& a, const Tensor<T>& b, const char* name) {
  ensure(a.shape() == b.shape(), "{}: prediction {} and target {} differ in shape", name, a.shape(),
         b.shape());
}

/// A target of integers, as a mask or labels of 0 and 1, as what the prediction is of.
template <class A, class B>
Tensor<A> target_of(const Tensor<B>& target) {
  one_real_type<A, B>();
  return cast<A>(target);
}

/// scale * the sum of f(a, b), in one pass.
template <class Op, class T>
Tensor<T> scaled_sum(Op f, const Tensor<T>& a, const Tensor<T>& b, double scale) {
  const T *pa = a.data(), *pb = b.data();
  const double total = chunked_sum(a.size(), [&](Index begin, Index end) {
    return kernels::sum_binary(f, pa + begin, pb + begin, end - begin);
  });
  return Tensor<T>::scalar(static_cast<T>(scale * total));
}

}  // namespace detail

/// (x - t)^2.
template <detail::Real T>
Tensor<T> mse(const Tensor<T>& x, const Tensor<T>& target, Reduction reduction = Reduction::mean) {
  detail::check_pair(x, target, "mse");
  return detail::reduce_loss(square(x - target), reduction);
}
/// Of a target of integers.
template <detail::Real A, detail::OtherThan<A> B>
auto mse(const Tensor<A>& x, const Tensor<B>& target, Reduction reduction = Reduction::mean) {
  return mse(x, detail::target_of<A>(target), reduction);
}

/// |x - t|.
template <detail::Real T>
Tensor<T> mae(const Tensor<T>& x, const Tensor<T>& target, Reduction reduction = Reduction::mean) {
  detail::check_pair(x, target, "mae");
  return detail::reduce_loss(abs(x - target), reduction);
}
/// Of a target of integers.
template <detail::Real A, detail::OtherThan<A> B>
auto mae(const Tensor<A>& x, const Tensor<B>& target, Reduction reduction = Reduction::mean) {
  return mae(x, detail::target_of<A>(target), reduction);
}

/// Quadratic up to |x - t| = delta, linear beyond (Huber, 1964): d^2 / 2, or delta (|d| - delta / 2).
template <detail::Real T>
Tensor<T> huber(const Tensor<T>& x, const Tensor<T>& target, double delta = 1,
                Reduction reduction = Reduction::mean) {
  detail::check_pair(x, target, "huber");
  ensure(delta > 0, "huber: expected a positive delta, found {}", delta);
  const auto distance = abs(x - target), close = clamp(distance, 0, delta);
  return detail::reduce_loss(close * (distance - affine(close, 0.5, 0)), reduction);
}
/// Of a target of integers.
template <detail::Real A, detail::OtherThan<A> B>
auto huber(const Tensor<A>& x, const Tensor<B>& target, double delta = 1,
           Reduction reduction = Reduction::mean) {
  return huber(x, detail::target_of<A>(target), delta, reduction);
}

/// Binary cross-entropy of probabilities, -t log(x) - (1 - t) log(1 - x). x is clipped to
/// [1e-7, 1 - 1e-7] first, as Keras does. Of logits, bce_with_logits is exact and faster.
template <detail::Real T>
Tensor<T> bce(const Tensor<T>& x, const Tensor<T>& target, Reduction reduction = Reduction::mean) {
  detail::check_pair(x, target, "bce");
  const auto p = clamp(x, 1e-7, 1 - 1e-7);
  return detail::reduce_loss(-(target * log(p) + (T(1) - target) * log1p(-p)), reduction);
}
/// Of a target of integers.
template <detail::Real A, detail::OtherThan<A> B>
auto bce(const Tensor<A>& x, const Tensor<B>& target, Reduction reduction = Reduction::mean) {
  return bce(x, detail::target_of<A>(target), reduction);
}

/// Binary cross-entropy of logits: bce(sigmoid(x), t) without its overflow, and with as many digits at (x, 1)
/// as at (-x, 0) for every x. dx = sigmoid(x) - t.
template <detail::Real T>
Tensor<T> bce_with_logits(const Tensor<T>& x, const Tensor<T>& target,
                          Reduction reduction = Reduction::mean) {
  namespace op = kernels::op;
  detail::check_pair(x, target, "bce_with_logits");
  const bool whole = reduction != Reduction::none;
  const double scale = 1 / detail::loss_divisor(x.shape(), reduction);
  return record(
      "bce_with_logits", {x, target},
      whole ? detail::scaled_sum(op::BceWithLogits{}, x, target, scale)
            : detail::map(op::BceWithLogits{}, x, target, "bce_with_logits"),
      [scale, whole](auto& s, auto& dy, auto& dx) {
        const auto &in = s.in(0), &t = s.in(1);
        dx(0, [&] {
          if (recording(dy, in, t)) return affine((T(1) - t) * sigmoid(in) - t * sigmoid(-in), scale, 0) * dy;
          const double each = whole ? scale * static_cast<double>(dy.item()) : 1;
          const auto slope = detail::map(op::BceWithLogitsGrad{each}, in, t, "bce_with_logits");
          return whole ? slope : slope * dy;
        });
        dx(1, [&] { return affine(in, -scale, 0) * dy; });
      },
      Keep::inputs);
}
/// Of a target of integers.
template <detail::Real A, detail::OtherThan<A> B>
auto bce_with_logits(const Tensor<A>& x, const Tensor<B>& target, Reduction reduction = Reduction::mean) {
  return bce_with_logits(x, detail::target_of<A>(target), reduction);
}

/// Of bce_with_logits.
template <class T = float>
struct BceOptions {
  Tensor<T> pos_weight{};                 ///< of the target's 1s, in a shape that broadcasts to x's; none: 1
  Reduction reduction = Reduction::mean;  ///< of the elements' losses
};

/// The same with what is there weighted against what is not, where few are: -w t log(sigmoid(x)) -
/// (1 - t) log(1 - sigmoid(x)), w being pos_weight, one or one a column, as PyTorch has it.
template <detail::Real A, class B>
Tensor<A> bce_with_logits(const Tensor<A>& x, const Tensor<B>& target, const BceOptions<A>& options) {
  if constexpr (!std::is_same_v<A, B>) {
    return bce_with_logits(x, detail::target_of<A>(target), options);
  } else {
    const Tensor<A>& weight = options.pos_weight;
    if (!weight.defined()) return bce_with_logits(x, target, options.reduction);
    detail::check_pair(x, target, "bce_with_logits");
    ensure(broadcast(x.shape(), weight.shape(), "bce_with_logits") == x.shape(),
           "bce_with_logits: pos_weight {} does not broadcast to the prediction's {}", weight.shape(),
           x.shape());
    // Two sums of the same sign: nothing cancels, however sure x is.
    return detail::reduce_loss(target * weight.detach() * softplus(-x) + (1.0 - target) * softplus(x),
                               options.reduction);
  }
}

/// -log(softmax(x)) at each label: logits (…, C), labels (…). Of (N, C) batch_mean is mean; of (N, H, W, C)
/// it is nats per image. dx = softmax(x) - one_hot(label).
template <detail::Real T>
Tensor<T> cross_entropy(const Tensor<T>& logits, const Indices& labels,
                        Reduction reduction = Reduction::mean) {
  detail::check_last_axis(logits.shape(), labels.shape(), "cross_entropy");
  const Index classes = logits.dim(-1);
  detail::check_positions(labels, classes, "cross_entropy");
  Tensor<T> losses(labels.shape()), kept(Shape{labels.size(), 3});
  T *out = losses.mutable_data(), *pk = kept.mutable_data();
  detail::parallel_rows(labels.size(), classes, [&](Index begin, Index rows) {
    kernels::cross_entropy(logits.data() + begin * classes, labels.data() + begin, out + begin,
                           pk + 3 * begin, rows, classes);
  });
  return detail::reduce_loss(record(
                                 "cross_entropy", {logits}, std::move(losses),
                                 [kept, label = detail::Kept(labels)](auto& s, auto& dy, auto& dx) {
                                   label.confirm("cross_entropy", "its labels");
                                   dx(0, [&] {
                                     const auto& x = s.in(0);
                                     const Index n = label.tensor.size(), c = x.dim(-1);
                                     if (recording(dy, x))
                                       return (softmax(x) - one_hot<T>(label.tensor, c)) * unsqueeze(dy, -1);
                                     Tensor<T> gradient(x.shape());
                                     T* g = gradient.mutable_data();
                                     detail::parallel_rows(n, c, [&](Index begin, Index rows) {
                                       kernels::cross_entropy_gradient(
                                           x.data() + begin * c, label.tensor.data() + begin,
                                           kept.data() + 3 * begin, dy.data() + begin, g + begin * c, rows,
                                           c);
                                     });
                                     return gradient;
                                   });
                                 },
                                 Keep::inputs),
                             reduction);
}

/// Of cross_entropy.
template <class T = float>
struct CrossEntropyOptions {
  double label_smoothing = 0;             ///< this part of the target is spread evenly over all classes
  Index ignore_index = -100;              ///< rows of this label have no loss, and no part in the mean
  Tensor<T> weight{};                     ///< of each class, (C,); none: 1
  Reduction reduction = Reduction::mean;  ///< `mean` divides by the weights of the rows' labels
};

namespace detail {

template <class T>
void check_cross_entropy(const Shape& logits, const CrossEntropyOptions<T>& options) {
  ensure(options.label_smoothing >= 0 && options.label_smoothing <= 1,
         "cross_entropy: expected a label_smoothing in [0, 1], found {}", options.label_smoothing);
  ensure(!options.weight.defined() || options.weight.shape() == Shape{logits[-1]},
         "cross_entropy: weight {} for logits {}, expected one number a class", options.weight.shape(),
         logits);
}

}  // namespace detail

/// The same of targets that are probabilities: -sum(p log(softmax(x))) over the classes, logits and p (…, C).
/// label_smoothing mixes p with equal ones; weight is a factor of each class' part. `mean` is over the rows;
/// ignore_index is for labels. dx = sum(p) softmax(x) - p.
template <detail::Real T>
Tensor<T> cross_entropy(const Tensor<T>& logits, const Tensor<T>& target,
                        const CrossEntropyOptions<T>& options = {}) {
  detail::check_pair(logits, target, "cross_entropy");
  ensure(logits.rank() >= 1, "cross_entropy: expected (…, C), found a scalar");
  detail::check_cross_entropy(logits.shape(), options);
  const double even = options.label_smoothing, classes = static_cast<double>(logits.dim(-1));
  Tensor<T> p = even > 0 ? affine(target, 1 - even, even / classes) : target;
  if (options.weight.defined()) p = p * options.weight.detach();
  return detail::reduce_loss(-sum(p * log_softmax(logits), -1), options.reduction);
}

/// The same of labels with classes weighted, labels left out, and targets smoothed (Szegedy et al., 2015):
/// PyTorch's formulas, by which the mean of all rows ignored is NaN.
template <detail::Real T>
Tensor<T> cross_entropy(const Tensor<T>& logits, const Indices& labels,
                        const CrossEntropyOptions<T>& options) {
  detail::check_last_axis(logits.shape(), labels.shape(), "cross_entropy");
  detail::check_cross_entropy(logits.shape(), options);
  const Index n = labels.size(), classes = logits.dim(-1);
  const double even = options.label_smoothing;
  const T* const weight = options.weight.data();
  // A row's label, 0 where it has none, and its weight, 0 there.
  Indices label(labels.shape());
  Tensor<T> of_row(labels.shape());
  std::int32_t* const l = label.mutable_data();
  T* const w = of_row.mutable_data();
  Mask kept(labels.shape());
  std::uint8_t* const k = kept.mutable_data();
  bool all_kept = true;
  for (Index i = 0; i < n; ++i) {
    const Index given = labels.data()[i];
    const bool ignored = given == options.ignore_index;
    ensure(ignored || (given >= 0 && given < classes),
           "cross_entropy: label {} at {} is not in 0 to {}, nor the ignore_index {}", given, i, classes - 1,
           options.ignore_index);
    all_kept &= !ignored;
    k[i] = !ignored;
    l[i] = ignored ? 0 : static_cast<std::int32_t>(given);
    w[i] = ignored ? T(0) : weight ? weight[given] : T(1);
  }
  Tensor<T> losses = cross_entropy(logits, label, Reduction::none);
  if (weight) losses = losses * of_row;
  if (even > 0) {
    const Tensor<T> logs = log_softmax(logits);
    const Tensor<T> all = weight ? sum(logs * options.weight.detach(), -1) : sum(logs, -1);
    losses = affine(losses, 1 - even, 0) - affine(all, even / static_cast<double>(classes), 0);
  }
  // Not by a factor of 0, of which an infinite loss would be NaN.
  if (!all_kept) losses = where(kept, losses, Tensor<T>::zeros({}));
  if (options.reduction != Reduction::mean) return detail::reduce_loss(losses, options.reduction);
  double total = 0;
  for (const T v : of_row.values()) total += static_cast<double>(v);
  return detail::divided_sum("loss", losses, {}, total);
}

/// KL(N(mean, e^log_var) || N(0, 1)) = (e^log_var + mean^2 - 1 - log_var) / 2 for each dimension
/// (Kingma and Welling, 2013, appendix B). batch_mean is nats per sample.
template <detail::Real T>
Tensor<T> gaussian_kl(const Tensor<T>& mean, const Tensor<T>& log_var,
                      Reduction reduction = Reduction::batch_mean) {
  namespace op = kernels::op;
  ensure(mean.shape() == log_var.shape(), "gaussian_kl: mean {} and log-variance {} differ in shape",
         mean.shape(), log_var.shape());
  if (reduction == Reduction::none) return affine(exp(log_var) + square(mean) - log_var, 0.5, -0.5);
  const double scale = 1 / detail::loss_divisor(mean.shape(), reduction);
  return record(
      "gaussian_kl", {mean, log_var}, detail::scaled_sum(op::GaussianKl{}, mean, log_var, scale),
      [scale](auto& s, auto& dy, auto& dx) {
        const auto &m = s.in(0), &lv = s.in(1);
        dx(0, [&] {
          if (recording(dy, m)) return affine(m, scale, 0) * dy;
          return affine(m, scale * static_cast<double>(dy.item()), 0);
        });
        dx(1, [&] {
          if (recording(dy, lv)) return affine(exp(lv), 0.5 * scale, -0.5 * scale) * dy;
          return detail::map(op::GaussianKlGradLogVar{scale * static_cast<double>(dy.item())}, lv);
        });
      },
      Keep::inputs);
}

/// KL(N(mean1, e^log_var1) || N(mean2, e^log_var2)) for each dimension; the second may be one for all, which
/// broadcasts to the first.
template <detail::Real T>
Tensor<T> gaussian_kl(const Tensor<T>& mean1, const Tensor<T>& log_var1, const Tensor<T>& mean2,
                      const Tensor<T>& log_var2, Reduction reduction = Reduction::batch_mean) {
  ensure(mean1.shape() == log_var1.shape() && mean2.shape() == log_var2.shape() &&
             broadcast(mean1.shape(), mean2.shape(), "gaussian_kl") == mean1.shape(),
         "gaussian_kl: means {} and {} and log-variances {} and {} differ in shape", mean1.shape(),
         mean2.shape(), log_var1.shape(), log_var2.shape());
  const auto ratio = exp(log_var1 - log_var2), distance = square(mean1 - mean2) * exp(-log_var2);
  return detail::reduce_loss(affine(ratio + distance - (log_var1 - log_var2), 0.5, -0.5), reduction);
}

/// Discrete KL(p || q): the sum of p log(p / q), where p = 0 adds nothing. The last dimension holds each
/// distribution's probabilities, so batch_mean of (N, C) is the mean over N.
template <detail::Real T>
Tensor<T> kl_divergence(const Tensor<T>& p, const Tensor<T>& q, Reduction reduction = Reduction::batch_mean) {
  ensure(p.shape() == q.shape(), "kl_divergence: p {} and q {} differ in shape", p.shape(), q.shape());
  const Mask some = greater(p, T(0));
  const Tensor<T> one = Tensor<T>::ones({});  // log(1) = 0 where p is 0, in the value and the gradient
  return detail::reduce_loss(p * (log(where(some, p, one)) - log(where(some, q, one))), reduction);
}

}  // namespace figment

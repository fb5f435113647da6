// The losses of adversarial training, of a discriminator's logits.
#pragma once

#include "figment/ops/loss.hpp"

namespace figment {

/// What the discriminator D and the generator G minimise. D ends in logits: sigmoid makes them the D(x) of
/// the first two kinds, and with the others they are D(x) themselves.
enum class GanLoss {
  /// D by cross-entropy, G by -log D(G(z)) (Goodfellow et al., 2014, section 3).
  non_saturating,
  /// The same game as one value, equation 1 of that paper: G by log(1 - D(G(z))), which hardly slopes where D
  /// is sure of a fake.
  minimax,
  /// Squared distances from the labels, halved (Mao et al., 2017, equation 2 with b = real_label, a =
  /// fake_label and c = 1).
  least_squares,
  /// max(0, 1 - D(x)) + max(0, 1 + D(G(z))) and -D(G(z)) (Lim and Ye, 2017; Miyato et al., 2018, equations 16
  /// and 17).
  hinge,
  /// D(G(z)) - D(x) and -D(G(z)) (Arjovsky et al., 2017, algorithm 1). D must be kept 1-Lipschitz: clip its
  /// weights, or add a gradient penalty.
  wasserstein,
};

/// Which of the losses, and its labels.
struct GanLossOptions {
  GanLoss kind = GanLoss::non_saturating;  ///< who minimises what
  /// D's targets. A real_label of 0.9 is one-sided label smoothing (Salimans et al., 2016, section 3.4). G
  /// aims at 1 always. hinge and wasserstein have none.
  double real_label = 1, fake_label = 0;
  /// Added to probabilities before their logarithm, with labels 1 and 0: 1e-4 in TensorFlow's early examples.
  double log_offset = 0;
};

/// Its name, as "least_squares".
inline std::string_view name(GanLoss kind) {
  switch (kind) {
    case GanLoss::minimax:
      return "minimax";
    case GanLoss::least_squares:
      return "least_squares";
    case GanLoss::hinge:
      return "hinge";
    case GanLoss::wasserstein:
      return "wasserstein";
    default:
      return "non_saturating";
  }
}

namespace detail {

inline void check_gan_loss(const GanLossOptions& o) {
  const bool plain = o.real_label == 1 && o.fake_label == 0;
  const bool logarithms = o.kind == GanLoss::non_saturating || o.kind == GanLoss::minimax;
  const auto probability = [](double p) { return p >= 0 && p <= 1; };
  ensure(logarithms || o.kind == GanLoss::least_squares || plain,
         "gan loss: {} has no labels, found real {} and fake {}", name(o.kind), o.real_label, o.fake_label);
  ensure(!logarithms || (probability(o.real_label) && probability(o.fake_label)),
         "gan loss: {} needs labels in [0, 1], found real {} and fake {}", name(o.kind), o.real_label,
         o.fake_label);
  ensure(o.log_offset >= 0, "gan loss: expected a log_offset of 0 or more, found {}", o.log_offset);
  ensure(o.log_offset == 0 || (logarithms && plain),
         "gan loss: a log_offset goes with non_saturating or minimax and labels 1 and 0, found {}, {} and {}",
         name(o.kind), o.real_label, o.fake_label);
}

/// scale * the mean.
template <class T>
Tensor<T> scaled_mean(const Tensor<T>& x, double scale) {
  return scale * mean(x);
}

/// -mean log(sigmoid(l) + offset).
template <class T>
Tensor<T> offset_log_loss(const Tensor<T>& logits, double offset) {
  return scaled_mean(log(sigmoid(logits) + offset), -1);
}

template <class T>
Tensor<T> label_loss(const Tensor<T>& logits, double label) {
  return bce_with_logits(logits, Tensor<T>::full(logits.shape(), static_cast<T>(label)));
}

}  // namespace detail

/// D's loss of the logits of real samples: a scalar, averaged over all elements.
template <class T>
Tensor<T> real_loss(const Tensor<T>& logits, const GanLossOptions& options = {}) {
  detail::check_gan_loss(options);
  switch (options.kind) {
    case GanLoss::least_squares:
      return detail::scaled_mean(square(logits - options.real_label), 0.5);
    case GanLoss::hinge:
      return detail::scaled_mean(relu(1 - logits), 1);
    case GanLoss::wasserstein:
      return detail::scaled_mean(logits, -1);
    default:
      if (options.log_offset > 0) return detail::offset_log_loss(logits, options.log_offset);
      return detail::label_loss(logits, options.real_label);
  }
}

/// D's loss of the logits of fakes; its whole loss is this and real_loss.
template <class T>
Tensor<T> fake_loss(const Tensor<T>& logits, const GanLossOptions& options = {}) {
  detail::check_gan_loss(options);
  switch (options.kind) {
    case GanLoss::least_squares:
      return detail::scaled_mean(square(logits - options.fake_label), 0.5);
    case GanLoss::hinge:
      return detail::scaled_mean(relu(logits + 1), 1);
    case GanLoss::wasserstein:
      return detail::scaled_mean(logits, 1);
    default:
      // 1 - sigmoid(l) is sigmoid(-l), which keeps its digits where D is sure.
      if (options.log_offset > 0) return detail::offset_log_loss(-logits, options.log_offset);
      return detail::label_loss(logits, options.fake_label);
  }
}

/// G's loss of the logits that D gives its fakes. Smoothed labels are D's alone.
template <class T>
Tensor<T> generator_loss(const Tensor<T>& logits, const GanLossOptions& options = {}) {
  detail::check_gan_loss(options);
  switch (options.kind) {
    case GanLoss::least_squares:
      return detail::scaled_mean(square(logits - 1), 0.5);
    case GanLoss::hinge:
    case GanLoss::wasserstein:
      return detail::scaled_mean(logits, -1);
    case GanLoss::minimax:
      if (options.log_offset > 0) return -detail::offset_log_loss(-logits, options.log_offset);
      return -detail::label_loss(logits, 0);
    default:
      if (options.log_offset > 0) return detail::offset_log_loss(logits, options.log_offset);
      return detail::label_loss(logits, 1);
  }
}

/// The game's value, mean log D(x) + mean log(1 - D(G(z))) (Goodfellow et al., 2014, equation 1), from logits
/// without overflow. -log 4 where D is 1/2 everywhere; the best D gives 2 JSD(data, fakes) - log 4 (theorem
/// 1).
template <class T>
Tensor<T> gan_value(const Tensor<T>& real_logits, const Tensor<T>& fake_logits) {
  return -(detail::label_loss(real_logits, 1) + detail::label_loss(fake_logits, 0));
}

}  // namespace figment

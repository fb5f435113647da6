// Generative adversarial networks (Goodfellow et al., 2014).
#pragma once

#include "figment/core/finite.hpp"
#include "figment/models/batched.hpp"
#include "figment/models/gan_loss.hpp"
#include "figment/models/gradient_penalty.hpp"
#include "figment/nn/layer.hpp"

namespace figment {

/// What the generator is given: numbers from N(0, 1), or uniform in [-1, 1).
enum class Noise { normal, uniform };

/// How the discriminator learns from a step's real and generated images.
enum class RealAndFake {
  joined,  ///< one batch of both, the loss a mean over both: batch norm sees them together
  summed,  ///< a batch of each, their losses added
  apart,   ///< a batch and a step of the optimiser for each
};

/// `Loss` is GanLossOptions, or a struct of your own with these three functions beside it, found by its type:
///
///   Tensor<T> real_loss(const Tensor<T>& logits, const Loss&)       of D, where it judges real images
///   Tensor<T> fake_loss(const Tensor<T>& logits, const Loss&)       of D, where it judges generated ones
///   Tensor<T> generator_loss(const Tensor<T>& logits, const Loss&)  of G, by D's logits of its images
template <class Loss>
struct GanOptionsWith {
  Loss loss{};                                ///< of the discriminator's logits
  Noise noise = Noise::normal;                ///< what the generator is given
  RealAndFake batches = RealAndFake::summed;  ///< how the discriminator is shown the two
  /// One generated batch serves both networks, whose gradients are both taken before either learns.
  /// Otherwise the generator learns after the discriminator, on a batch of its own.
  bool simultaneous = false;
  Index generated = 0;            ///< images in a generated batch; 0: as many as are real
  Index discriminator_steps = 1;  ///< for each of the generator's
  /// The discriminator learns from what the generator makes in use, with batch norm's running statistics.
  bool fakes_in_use = false;
  double gradient_penalty = 0;  ///< weight of (||grad D|| - 1)^2 between real and fake (WGAN-GP); usually 10
  double r1 = 0, r2 = 0;        ///< weight gamma of gamma / 2 ||grad D||^2 at real, at generated images
  double clip = 0;              ///< the discriminator's weights are kept in [-clip, clip] (WGAN)
  Index classes = 0;            ///< of labels that are joined to both inputs as one-hot columns; 0: none
};
/// With the losses that have a GanLoss kind.
using GanOptions = GanOptionsWith<GanLossOptions>;

namespace detail {

template <class T, class Loss>
concept GivesGanLoss = requires(const Tensor<T>& logits, const Loss& loss) {
  { real_loss(logits, loss) } -> std::same_as<Tensor<T>>;
  { fake_loss(logits, loss) } -> std::same_as<Tensor<T>>;
  { generator_loss(logits, loss) } -> std::same_as<Tensor<T>>;
};

}  // namespace detail

/// The discriminator's loss in its parts, and its logits.
template <class T>
struct DiscriminatorLoss {
  Tensor<T> real, fake;                ///< weighted as they are added
  Tensor<T> penalty;                   ///< undefined without one
  Tensor<T> real_logits, fake_logits;  ///< (N, 1), positive for real

  /// What the discriminator minimises.
  Tensor<T> total() const { return penalty.defined() ? real + fake + penalty : real + fake; }
};

/// A generator from noise (N, latent) to images, and a discriminator from images to logits (N, 1); any two
/// modules of that kind. With classes both see one-hot labels behind their flattened input.
template <class Generator, class Discriminator, class Loss = GanLossOptions>
struct Gan {
  using value_type = module_value_t<Generator>;
  using T = value_type;
  static_assert(
      detail::GivesGanLoss<T, Loss>,
      "figment: a GAN's loss needs the functions real_loss(logits, loss), fake_loss(logits, loss) and "
      "generator_loss(logits, loss), each of which returns a Tensor");

  Generator generator;           ///< from noise to images
  Discriminator discriminator;   ///< from images to logits
  Index latent;                  ///< numbers in the noise of an image
  GanOptionsWith<Loss> options;  ///< may change between steps

  /// Handles to the networks' tensors: the model trains them.
  Gan(Generator g, Discriminator d, Index latent_size, GanOptionsWith<Loss> o = {})
      : generator(std::move(g)), discriminator(std::move(d)), latent(latent_size), options(o) {}

  /// Noise for n images.
  Tensor<T> noise(Index n, Rng& rng) const {
    return options.noise == Noise::normal ? rng.normal<T>({n, latent}) : rng.uniform<T>({n, latent}, -1, 1);
  }
  /// Images of noise (N, latent), recorded; labels (N,) if there are classes.
  Tensor<T> generate(const Tensor<T>& z, const Indices& labels, const Context& context) const {
    return figment::forward("generator", generator, with_labels(z, labels), context);
  }
  /// Logits of images, positive for real.
  Tensor<T> discriminate(const Tensor<T>& x, const Indices& labels, const Context& context) const {
    return figment::forward("discriminator", discriminator, with_labels(x, labels), context);
  }

  /// The discriminator's loss on real and generated images of the same labels.
  DiscriminatorLoss<T> discriminator_loss(const Tensor<T>& real, const Tensor<T>& fake,
                                          const Indices& real_labels, const Indices& fake_labels,
                                          const Context& context) const {
    ensure(real.rank() >= 1 && fake.rank() >= 1, "Gan: expected batches (N, …), found real {} and fake {}",
           real.shape(), fake.shape());
    DiscriminatorLoss<T> loss;
    if (options.batches == RealAndFake::joined) {
      const Index n = real.dim(0), all = n + fake.dim(0);
      const Indices labels = options.classes ? figment::concat({real_labels, fake_labels}) : Indices();
      const Tensor<T> logits =
          discriminate(figment::concat({real, reshape_like(fake, real)}), labels, context);
      loss.real_logits = slice(logits, 0, 0, n), loss.fake_logits = slice(logits, 0, n, all);
      const double share = static_cast<double>(n) / static_cast<double>(all);
      loss.real = share * real_loss(loss.real_logits, options.loss);
      loss.fake = (1 - share) * fake_loss(loss.fake_logits, options.loss);
    } else {
      loss.real_logits = discriminate(real, real_labels, context);
      loss.fake_logits = discriminate(fake, fake_labels, context);
      loss.real = real_loss(loss.real_logits, options.loss);
      loss.fake = fake_loss(loss.fake_logits, options.loss);
    }
    loss.penalty = penalty(real, fake, real_labels, fake_labels, context);
    return loss;
  }

  /// The penalties on the discriminator's gradients, weighted; undefined if the options have none.
  Tensor<T> penalty(const Tensor<T>& real, const Tensor<T>& fake, const Indices& real_labels,
                    const Indices& fake_labels, const Context& context) const {
    ensure(detail::not_negative(options.gradient_penalty) && detail::not_negative(options.r1) &&
               detail::not_negative(options.r2),
           "Gan: expected weights of the penalties of 0 or more, found gradient_penalty {}, r1 {}, r2 {}",
           options.gradient_penalty, options.r1, options.r2);
    Tensor<T> sum;
    const auto add = [&](double weight, const Tensor<T>& p) {
      const Tensor<T> weighted = weight * p;
      sum = sum.defined() ? sum + weighted : weighted;
    };
    const auto judge = [&](const Indices& labels) {
      return [&, labels](const Tensor<T>& x) {
        // Fewer than the labels where the two halves differ in number.
        return discriminate(x, options.classes ? slice(labels, 0, 0, x.dim(0)) : labels, context);
      };
    };
    if (options.gradient_penalty > 0)
      add(options.gradient_penalty,
          gradient_penalty(judge(real_labels), real, reshape_like(fake, real), context.generator("Gan")));
    if (options.r1 > 0) add(0.5 * options.r1, squared_gradient(judge(real_labels), real));
    if (options.r2 > 0) add(0.5 * options.r2, squared_gradient(judge(fake_labels), fake));
    return sum;
  }

  /// The generator's loss by the discriminator's logits of its images.
  Tensor<T> generator_loss(const Tensor<T>& fake_logits) const {
    using figment::generator_loss;  // not this member
    return generator_loss(fake_logits, options.loss);
  }

  /// The generator's images of noise (N, latent) and, with classes, labels (N,). Not recorded.
  Tensor<T> sample(const Tensor<T>& z, const Indices& labels = {}) const {
    check_labels(z, labels);
    return detail::in_batches(z, [&](const Tensor<T>& part, Index begin) {
      return generate(part, options.classes ? slice(labels, 0, begin, begin + part.dim(0)) : labels, {});
    });
  }
  /// n images of new noise.
  Tensor<T> sample(Index n, Rng& rng) const { return sample(noise(n, rng)); }

  void visit(auto&& v) {
    v("generator", generator);
    v("discriminator", discriminator);
  }

 private:
  static Tensor<T> reshape_like(const Tensor<T>& x, const Tensor<T>& like) {
    Shape shape = like.shape();
    shape[0] = x.dim(0);
    return reshape(x, shape);
  }

  void check_labels(const Tensor<T>& x, const Indices& labels) const {
    ensure(options.classes == 0 || (x.rank() >= 1 && labels.defined() && labels.shape() == Shape{x.dim(0)}),
           "Gan: expected a label for each of x {}, found {}", x.shape(),
           labels.defined() ? labels.shape() : Shape{0});
  }

  Tensor<T> with_labels(const Tensor<T>& x, const Indices& labels) const {
    if (options.classes == 0) return x;
    check_labels(x, labels);
    return figment::concat({flatten(x), one_hot<T>(labels, options.classes)}, 1);
  }
};

}  // namespace figment

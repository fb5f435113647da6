// The training loop of adversarial networks.
#pragma once

#include "figment/core/finite.hpp"
#include "figment/models/gan.hpp"
#include "figment/train/fit.hpp"

namespace figment {

namespace detail {

/// What a step of both networks came to: losses, and the shares of real and of generated images that the
/// discriminator judged rightly.
template <class T>
struct GanFigures {
  Tensor<T> d_loss, g_loss, penalty, d_real, d_fake;  ///< scalars; no penalty is undefined

  /// Calls f(name, value) for each: the history's columns.
  void terms(auto&& f) const {
    f("d_loss", d_loss);
    f("g_loss", g_loss);
    f("d_real", d_real);
    f("d_fake", d_fake);
    if (penalty.defined()) f("d_penalty", penalty);
  }
};

/// A loss that is not finite, which the run ends with; or none, where a gradient is what it ends with.
template <class T>
struct BadLoss {
  const char* name = nullptr;
  Tensor<T> value;
  void terms(auto&& f) const {
    if (name) f(name, value);
  }
};

/// The steps of a run. `account` is told what each comes to, and of a loss or gradient that is not finite
/// before a weight changes by it.
template <class G, class D, class L, class T>
class GanSteps {
 public:
  GanSteps(Gan<G, D, L>& gan, Optimizer<T>& generator, Optimizer<T>& discriminator, double clip_norm = 0)
      : gan_(gan), generator_(generator), discriminator_(discriminator), clip_norm_(clip_norm) {}

  template <class Account>
  void step(const Tensor<T>& real, const Indices& labels, const Context& context, Account account) {
    step(real, labels, context, account, [&](Index n) { return gan_.noise(n, context.generator("Gan")); });
  }
  /// With the noise of noise_of(n), asked for once or, for the generator's own batch, twice.
  template <class Account, class NoiseOf>
  void step(const Tensor<T>& real, const Indices& labels, const Context& context, Account account,
            NoiseOf noise_of) {
    const Index n = gan_.options.generated ? gan_.options.generated : real.dim(0);
    const Tensor<T> z = noise_of(n);
    const Indices wanted = fake_labels(n, context);
    GanFigures<T> figures;
    if (gan_.options.simultaneous) {
      const Tensor<T> fake = gan_.generate(z, wanted, context);
      const auto d = gan_.discriminator_loss(real, fake, labels, wanted, context);
      const Tensor<T> g = gan_.generator_loss(d.fake_logits);
      auto for_discriminator = grad(d.total(), discriminator_.parameters());
      auto for_generator = grad(g, generator_.parameters());
      auto lost = limit_gradients(discriminator_, for_discriminator, clip_norm_, description_of(gan_));
      if (lost.empty()) lost = limit_gradients(generator_, for_generator, clip_norm_, description_of(gan_));
      tell(figures, d, g, account, lost);
      learn(for_discriminator);
      generator_.step(for_generator);
      return;
    }
    const Tensor<T> fake = no_grad([&] {
      const Context use{};
      return gan_.generate(z, wanted, gan_.options.fakes_in_use ? use : context);
    });
    DiscriminatorLoss<T> d;
    if (gan_.options.batches == RealAndFake::apart) {
      d.real_logits = gan_.discriminate(real, labels, context);
      d.real = real_loss(d.real_logits, gan_.options.loss);
      d.penalty = gan_.penalty(real, fake, labels, wanted, context);
      confirm(d.real, d.penalty, account);
      learn(limited(discriminator_, d.penalty.defined() ? d.real + d.penalty : d.real, account));
      d.fake_logits = gan_.discriminate(fake, wanted, context);
      d.fake = fake_loss(d.fake_logits, gan_.options.loss);
      confirm("d_loss", d.fake, account);
      learn(limited(discriminator_, d.fake, account));
    } else {
      d = gan_.discriminator_loss(real, fake, labels, wanted, context);
      confirm(d.real + d.fake, d.penalty, account);
      learn(limited(discriminator_, d.total(), account));
    }
    if (steps_++ % gan_.options.discriminator_steps == 0) {
      const Tensor<T> own = noise_of(n);
      const Indices own_labels = fake_labels(n, context);
      const Tensor<T> fakes = gan_.generate(own, own_labels, context);
      last_g_ = gan_.generator_loss(gan_.discriminate(fakes, own_labels, context));
      confirm("g_loss", last_g_, account);
      generator_.step(limited(generator_, last_g_, account));
      last_g_ = last_g_.detach();
    }
    tell(figures, d, last_g_, account);
  }

  /// Of the generator, of the last step it learnt in.
  double g_loss() const { return last_g_.defined() ? static_cast<double>(last_g_.item()) : 0; }
  /// The steps before a run that goes on.
  void go_on(const TrainPosition& position, Index steps_of_an_epoch) {
    steps_ = position.epoch * steps_of_an_epoch + position.step;
    if (position.begun()) last_g_ = Tensor<T>::full({}, static_cast<T>(position.g_loss));
  }

 private:
  Indices fake_labels(Index n, const Context& context) {
    if (gan_.options.classes == 0) return {};
    Indices labels(Shape{n});
    std::int32_t* out = labels.mutable_data();
    for (Index i = 0; i < n; ++i)
      out[i] = static_cast<std::int32_t>(context.generator("Gan").below(gan_.options.classes));
    return labels;
  }

  template <class Account>
  static void confirm(const char* name, const Tensor<T>& loss, Account& account) {
    if (!detail::is_finite(static_cast<double>(loss.item())))
      account(BadLoss<T>{name, loss}, Tensor<T>(), {});
  }
  template <class Account>
  static void confirm(const Tensor<T>& loss, const Tensor<T>& penalty, Account& account) {
    confirm("d_loss", loss, account);
    if (penalty.defined()) confirm("d_penalty", penalty, account);
  }

  /// The gradients of a step, of which the run is told where they are not finite.
  template <class Account>
  TensorList<T> limited(Optimizer<T>& optimizer, const Tensor<T>& loss, Account& account) {
    auto gradients = grad(loss, optimizer.parameters());
    const auto lost = limit_gradients(optimizer, gradients, clip_norm_, description_of(gan_));
    if (!lost.empty()) account(BadLoss<T>{}, Tensor<T>(), lost);
    return gradients;
  }
  void learn(const TensorList<T>& gradients) {
    discriminator_.step(gradients);
    const double clip = gan_.options.clip;
    if (clip <= 0) return;
    NoGrad guard;
    for (Tensor<T> p : discriminator_.parameters()) p.copy_from(clamp(p, -clip, clip));
  }

  template <class Account>
  static void tell(GanFigures<T>& figures, const DiscriminatorLoss<T>& d, const Tensor<T>& g, Account account,
                   const std::string& lost = {}) {
    NoGrad guard;
    figures = {d.real + d.fake, g, d.penalty, mean(cast<T>(greater(d.real_logits, T(0)))),
               mean(cast<T>(less(d.fake_logits, T(0))))};
    account(figures, Tensor<T>(), lost);
  }

  Gan<G, D, L>& gan_;
  Optimizer<T>&generator_, &discriminator_;
  double clip_norm_;
  Tensor<T> last_g_;
  Index steps_ = 0;
};

}  // namespace detail

/// Trains both networks on batches of real images, of their labels too if the Gan has classes. Of n
/// discriminator_steps the generator learns after the first. The history has the columns d_loss, g_loss,
/// d_real and d_fake (shares judged rightly), and d_penalty if there is one. clip_norm limits each network's
/// gradients, an average follows after both have learnt. As the other fit in everything else; a Gan is not
/// validated, and its networks have no layers that add Penalties.
template <class G, class D, class L, class T, class Batches>
History fit(Gan<G, D, L>& gan, Optimizer<T>& generator, Optimizer<T>& discriminator, Batches& batches,
            FitOptions options = {}) {
  ensure(gan.options.discriminator_steps >= 1, "fit: expected 1 or more discriminator_steps, found {}",
         gan.options.discriminator_steps);
  ensure(!gan.options.simultaneous || (gan.options.discriminator_steps == 1 && !gan.options.fakes_in_use &&
                                       gan.options.batches != RealAndFake::apart),
         "fit: simultaneous updates take one discriminator step, fakes of training, and no steps apart");
  ensure(gan.options.generated >= 0 && detail::not_negative(gan.options.clip),
         "fit: expected generated and clip of 0 or more, found {} and {}", gan.options.generated,
         gan.options.clip);
  ensure(options.accumulate == 1 && !options.validate_average,
         "fit: a Gan learns from each batch and is not validated: no accumulate, no validate_average");
  detail::FitRun run(options, batches);
  const Context context{.training = true, .rng = &run.noise()};
  detail::GanSteps<G, D, L, T> steps(gan, generator, discriminator, options.clip_norm);
  steps.go_on(run.position(), batches.batches());
  while (run.next_epoch()) {
    const auto learn = [&](const auto& batch, auto account) {
      steps.step(batch.x, batch.labels, context, account);
      run.position().g_loss = steps.g_loss();
    };
    const bool whole = run.train(batches, learn, {});
    if (!whole) break;
    run.end_epoch();
  }
  return run.finish();
}

}  // namespace figment

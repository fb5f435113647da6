// The conditional variational autoencoder (Sohn, Lee and Yan, 2015).
#pragma once

#include "figment/models/latent.hpp"
#include "figment/models/vae_loss.hpp"

namespace figment {

/// A VAE that is told each image's class. The one-hot label is joined to the encoder's input, which therefore
/// is (N, pixels + classes), and to the decoder's, (N, latent + classes).
template <class Encoder, class Decoder>
struct ConditionalVae {
  using value_type = module_value_t<Encoder>;
  using T = value_type;
  static_assert(detail::check_encoder<Encoder, T>());

  Encoder encoder;     ///< from images and labels to a Gaussian over codes
  Decoder decoder;     ///< from codes and labels to logits
  Index classes;       ///< labels are 0 … classes - 1
  VaeOptions options;  ///< may change between steps

  /// Handles to the networks' tensors: the model trains them.
  ConditionalVae(Encoder e, Decoder d, Index number_of_classes, VaeOptions o = {})
      : encoder(std::move(e)), decoder(std::move(d)), classes(number_of_classes), options(o) {}

  /// The loss of a batch (N, …) with labels (N,), from samples of each image's code; the noise is the
  /// Context's, or given as (samples N, latent).
  VaeLoss<T> loss(const Tensor<T>& x, const Indices& labels, const Context& context) const {
    const Gaussian<T> code = code_of(x, labels, context);
    return loss_of(x, labels, code, detail::code_noise(options, code, context.generator("ConditionalVae")),
                   context);
  }
  /// With given noise (samples N, latent).
  VaeLoss<T> loss(const Tensor<T>& x, const Indices& labels, const Tensor<T>& noise,
                  const Context& context) const {
    return loss_of(x, labels, code_of(x, labels, context), noise, context);
  }

  /// The decoder's logits for the mean codes of images of class 0: for trace and summary.
  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    const Indices labels = Indices::zeros({x.dim(x.shape().axis(0, "ConditionalVae"))});
    return logits(code_of(x, labels, context).mean, labels, context);
  }
  /// The decoder's logits for codes (N, latent) and labels (N,).
  Tensor<T> logits(const Tensor<T>& code, const Indices& labels, const Context& context = {}) const {
    return figment::forward("decoder", decoder, concat({code, one_hot<T>(labels, classes)}, 1), context);
  }

  // For use, not training: nothing below is recorded, inputs of any number are taken in batches, and pixels
  // are probabilities in [0, 1]. Labels are (N,).

  /// The distribution of each image's code.
  Gaussian<T> encode(const Tensor<T>& x, const Indices& labels) const {
    check_labels(x, labels);
    return detail::encode_in_batches(x, [&](const Tensor<T>& part, Index begin) {
      return code_of(part, slice(labels, 0, begin, begin + part.dim(0)), {});
    });
  }
  /// Codes (N, latent) to images of the given classes.
  Tensor<T> decode(const Tensor<T>& code, const Indices& labels) const {
    check_labels(code, labels);
    return detail::in_batches(code, [&](const Tensor<T>& part, Index begin) {
      return sigmoid(logits(part, slice(labels, 0, begin, begin + part.dim(0))));
    });
  }
  /// The images of the mean codes, in x's shape.
  Tensor<T> reconstruct(const Tensor<T>& x, const Indices& labels) const {
    return decode(encode(x, labels).mean, labels).view_as(x.shape());
  }
  /// An image of each label's class, of a code drawn from N(0, 1).
  Tensor<T> sample(const Indices& labels, Rng& rng) const {
    return decode(rng.normal<T>({labels.size(), encoder.latent()}), labels);
  }
  /// n images of one class, of codes on the straight line between those of two images (1, …).
  Tensor<T> interpolate(const Tensor<T>& a, const Tensor<T>& b, std::int32_t label, Index n) const {
    const auto code = [&](const Tensor<T>& x) { return encode(x, Indices::full({x.dim(0)}, label)).mean; };
    return decode(figment::interpolate(code(a), code(b), n), Indices::full({n}, label));
  }

  void visit(auto&& v) {
    v("encoder", encoder);
    v("decoder", decoder);
  }

 private:
  static void check_labels(const Tensor<T>& x, const Indices& labels) {
    ensure(x.rank() >= 1 && labels.shape() == Shape{x.dim(0)},
           "ConditionalVae: expected a label for each of x {}, found {}", x.shape(), labels.shape());
  }
  Gaussian<T> code_of(const Tensor<T>& x, const Indices& labels, const Context& context) const {
    check_labels(x, labels);
    return figment::forward("encoder", encoder, concat({flatten(x), one_hot<T>(labels, classes)}, 1),
                            context);
  }
  VaeLoss<T> loss_of(const Tensor<T>& x, const Indices& labels, const Gaussian<T>& code,
                     const Tensor<T>& noise, const Context& context) const {
    const Indices each = detail::repeat_rows(labels, options.samples);
    return detail::vae_loss(options, x, code, noise,
                            [&](const Tensor<T>& z) { return logits(z, each, context); });
  }
};

/// n labels for pictures of `columns` images of every class, 0 … 0, 1 … 1, and so on, one picture after the
/// other; without n those of one. Throws unless there are 1 or more classes and columns.
inline Indices class_rows(Index classes, Index columns, Index n) {
  ensure(classes >= 1 && columns >= 1 && n >= 0,
         "class_rows: expected 1 or more classes and columns and 0 or more labels, found {}, {} and {}",
         classes, columns, n);
  Indices labels(Shape{n});
  std::int32_t* out = labels.mutable_data();
  for (Index i = 0; i < n; ++i) out[i] = static_cast<std::int32_t>(i / columns % classes);
  return labels;
}
/// The labels of one picture.
inline Indices class_rows(Index classes, Index columns) {
  return class_rows(classes, columns, detail::counted("class_rows", classes, columns));
}

}  // namespace figment

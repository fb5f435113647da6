// Vectors replaced by the nearest of a learned codebook (van den Oord et al., 2017).
#pragma once

#include "figment/nn/init.hpp"
#include "figment/nn/penalty.hpp"
#include "figment/ops/index.hpp"
#include "figment/ops/matmul.hpp"
#include "figment/ops/straight_through.hpp"

namespace figment {

/// Of VectorQuantizer.
struct VectorQuantizerOptions {
  double commitment = 0.25;  ///< weight of the loss that keeps x by its code
  /// 0: the codebook is trained by its loss. Else it is no parameter but the moving average of what chose
  /// each code, which keeps this part in a step of training; 0.99 is usual.
  double decay = 0;
  double epsilon = 1e-5;  ///< added to each code's count, of the moving average
  /// A code whose moving count falls below this becomes a vector of the batch at random; 0: none does.
  double restart_below = 0;
};

/// What a VectorQuantizer makes of x (…, features).
template <class T = float>
struct Quantized {
  Tensor<T> output;      ///< x's nearest codes; their gradient is x's
  Indices codes;         ///< which, (…)
  Tensor<T> codebook;    ///< mean squared distance from x as a constant: trains the codes; 0 with a decay
  Tensor<T> commitment;  ///< the same from the codes as constants, times the option: trains what makes x
};

/// Replaces each vector of x (…, features), a pixel's channels say, by the nearest of a codebook. What the
/// loss lacks besides, `codebook + commitment`, is in what quantize gives; forward adds it to the Context's
/// Penalties.
template <class T = float>
struct VectorQuantizer {
  using value_type = T;

  Tensor<T> codebook;              ///< (codes, features): a parameter, or a buffer that follows
  Tensor<T> counts, sums;          ///< of the moving average (codes,) and (codes, features), or undefined
  VectorQuantizerOptions options;  ///< as given

  /// Draws the codebook, uniform in ±1 / codes, from rng.
  VectorQuantizer(Index codes, Index features, Rng& rng, VectorQuantizerOptions o = {}) : options(o) {
    ensure(codes >= 1 && features >= 1, "VectorQuantizer: expected sizes of 1 or more, found {} and {}",
           codes, features);
    ensure(o.decay >= 0 && o.decay < 1, "VectorQuantizer: expected a decay in [0, 1), found {}", o.decay);
    ensure(o.restart_below == 0 || o.decay > 0, "VectorQuantizer: codes restart with a decay alone");
    const double limit = 1 / static_cast<double>(codes);
    codebook = init::uniform(-limit, limit).make<T>({codes, features}, {codes, features}, rng);
    if (o.decay == 0) return;
    codebook = codebook.detach();
    counts = Tensor<T>::ones({codes}), sums = codebook.clone();
  }

  /// The nearest codes, and what the loss lacks.
  Quantized<T> quantize(const Tensor<T>& x, const Context& context = {}) const {
    ensure(x.rank() >= 1 && x.dim(-1) == codebook.dim(1), "VectorQuantizer: x {} needs {} features",
           x.shape(), codebook.dim(1));
    const Tensor<T> rows = reshape(x, Shape{x.size() / codebook.dim(1), codebook.dim(1)});
    Quantized<T> q;
    const Indices flat = nearest(rows.detach());
    const Tensor<T> chosen = take(codebook, flat);
    const bool follows = options.decay > 0;
    q.codes = flat.view_as(Shape(std::span(x.shape().begin(), x.shape().end() - 1)));
    q.codebook = follows ? Tensor<T>::scalar(0) : mean(square(chosen - rows.detach()));
    q.commitment = options.commitment * mean(square(rows - chosen.detach()));
    q.output = straight_through(chosen.view_as(x.shape()), x);
    if (follows && context.training) follow(rows.detach(), flat, context);
    return q;
  }
  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return detail::reported(*this, x, [&] {
      Penalties* const penalties = detail::collector("VectorQuantizer", context);
      const Quantized<T> q = quantize(x, context);
      if (penalties) penalties->add(q.codebook + q.commitment);
      return q.output;
    });
  }
  /// forward(x, context).
  Tensor<T> operator()(const Tensor<T>& x, const Context& context = {}) const { return forward(x, context); }

  /// The codes (…) as their vectors (…, features), for a decoder.
  Tensor<T> lookup(const Indices& codes) const {
    Shape shape = codes.shape();
    shape.push_back(codebook.dim(1));
    return reshape(take(codebook, codes.view_as({codes.size()})), shape);
  }

  void visit(auto&& v) {
    if (options.decay == 0) return v("codebook", codebook);
    v("codebook", codebook, buffer);
    v("counts", counts, buffer);
    v("sums", sums, buffer);
  }

  std::string describe() const {
    return figment::format("VectorQuantizer({}, {}{})", codebook.dim(0), codebook.dim(1),
                           options.decay > 0 ? figment::format(", decay {}", options.decay) : "");
  }

 private:
  /// Of |x - e|^2 what depends on the code: |e|^2 - 2 x e.
  Indices nearest(const Tensor<T>& rows) const {
    const NoGrad guard;
    const Tensor<T> codes = codebook.detach();
    return argmin(sum(square(codes), 1) - 2 * matmul(rows, codes, {.b = true}), 1);
  }

  /// The moving averages take the batch in, and the codes are their means.
  void follow(const Tensor<T>& rows, const Indices& chosen, const Context& context) const {
    const NoGrad guard;
    const Index codes = codebook.dim(0), features = codebook.dim(1);
    const double keep = options.decay;
    Tensor<T> n = counts, m = sums, e = codebook;  // the same memory
    const Tensor<T> hot = one_hot<T>(chosen, codes);
    n.copy_from(n * keep + sum(hot, 0) * (1 - keep));
    m.copy_from(m * keep + matmul(hot, rows, {.a = true}) * (1 - keep));
    if (options.restart_below > 0 && rows.dim(0) > 0) {
      Rng& rng = context.generator("VectorQuantizer");
      T *const pn = n.mutable_data(), *const pm = m.mutable_data();
      for (Index k = 0; k < codes; ++k) {
        if (static_cast<double>(pn[k]) >= options.restart_below) continue;
        const double u = rng.uniform<double>({1}, 0, 1).item();
        const Index row =
            (std::min)(rows.dim(0) - 1, static_cast<Index>(u * static_cast<double>(rows.dim(0))));
        pn[k] = 1;
        std::copy_n(rows.data() + row * features, features, pm + k * features);
      }
    }
    // Laplace's smoothing: no code is divided by nothing.
    const double total = static_cast<double>(sum(n).item());
    const auto smoothed =
        (n + options.epsilon) * (total / (total + static_cast<double>(codes) * options.epsilon));
    e.copy_from(m / reshape(smoothed, {codes, 1}));
  }
};

}  // namespace figment

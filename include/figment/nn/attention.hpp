// Attention of several heads.
#pragma once

#include <string>

#include "figment/nn/linear.hpp"
#include "figment/ops/attention.hpp"

namespace figment {

/// Of MultiHeadAttention.
struct MultiHeadAttentionOptions {
  bool causal = false;                        ///< no query sees a key behind it
  bool bias = true;                           ///< of all four projections
  Initializer init = init::glorot_uniform();  ///< of their weights; biases start at 0
};

/// Attention of several heads (Vaswani et al., 2017): queries, keys and values are projected, split into
/// heads of features / heads columns each, and what the heads find is joined and projected again. x (N, L,
/// features) attends to itself, or to another sequence. Weights are as torch.nn.MultiheadAttention has them,
/// with batch_first; a Mask says where to attend, while that module's own says where not to.
///
///   MultiHeadAttention(64, 4, rng, {.causal = true})
template <class T = float>
struct MultiHeadAttention {
  using value_type = T;

  Tensor<T> in_proj_weight, in_proj_bias;  ///< (features, 3 features) and (3 features,): q, k, then v
  Linear<T> out_proj;                      ///< of the joined heads
  Index heads;                             ///< how many
  bool causal;                             ///< no query sees a key behind it

  /// Draws the three projections, then the last, from rng. Throws unless the heads divide the features.
  MultiHeadAttention(Index features, Index number, Rng& rng, MultiHeadAttentionOptions o = {})
      : in_proj_weight(projections(features, number, rng, o)),
        in_proj_bias(o.bias ? parameter(Tensor<T>::zeros({3 * features})) : Tensor<T>()),
        out_proj(features, features, rng, {.bias = o.bias, .init = o.init}),
        heads(number),
        causal(o.causal) {}

  /// Each position attends to all of its sample, or to itself and those before: x (N, …, features), as of a
  /// sequence or of an image's pixels.
  Tensor<T> forward(const Tensor<T>& x) const {
    return detail::reported(*this, x, [&] {
      ensure(x.rank() >= 3, "MultiHeadAttention: expected (N, …, {}), found {}", features(), x.shape());
      const Tensor<T> rows = reshape(x, Shape{x.dim(0), positions(x.shape()), x.dim(-1)});
      return reshape(attend(rows, rows, rows, {}), x.shape());
    });
  }
  /// forward(x).
  Tensor<T> operator()(const Tensor<T>& x) const { return forward(x); }
  /// Queries (N, L, features) attend to keys (N, S, features), whose values are found; the mask broadcasts to
  /// (N, heads, L, S).
  Tensor<T> forward(const Tensor<T>& query, const Tensor<T>& key, const Tensor<T>& value,
                    const AttentionMask<T>& mask = {}) const {
    return attend(query, key, value, mask);
  }

  /// The last extent of x.
  Index features() const { return in_proj_weight.dim(0); }

  void visit(auto&& v) {
    v("in_proj_weight", in_proj_weight, Layout::dense);
    if (in_proj_bias.defined()) v("in_proj_bias", in_proj_bias);
    v("out_proj", out_proj);
  }

  std::string describe() const {
    return figment::format("MultiHeadAttention({}, heads {}{})", features(), heads, causal ? ", causal" : "");
  }

  /// The weight (features, features) and the bias of projection k: queries, keys, values.
  std::pair<Tensor<T>, Tensor<T>> projection(Index k) const {
    const Index n = features();
    return {slice(in_proj_weight, 1, k * n, (k + 1) * n),
            in_proj_bias.defined() ? slice(in_proj_bias, 0, k * n, (k + 1) * n) : Tensor<T>()};
  }

 private:
  static Tensor<T> projections(Index features, Index number, Rng& rng, const MultiHeadAttentionOptions& o) {
    ensure(features >= 1 && number >= 1 && features % number == 0,
           "MultiHeadAttention: {} head(s) do not divide {} features", number, features);
    return o.init.make<T>({features, 3 * features}, {features, features}, rng);
  }
  static Index positions(const Shape& s) { return Shape(std::span(s.begin() + 1, s.end() - 1)).size(); }
  /// (N, L, features) as (N, heads, L, features / heads).
  Tensor<T> split(const Tensor<T>& x) const {
    return permute(reshape(x, Shape{x.dim(0), x.dim(1), heads, features() / heads}), {0, 2, 1, 3});
  }

  Tensor<T> attend(const Tensor<T>& query, const Tensor<T>& key, const Tensor<T>& value,
                   const AttentionMask<T>& mask) const {
    for (const Tensor<T>* t : {&query, &key, &value})
      ensure(
          t->rank() == 3 && t->dim(2) == features() && t->dim(0) == query.dim(0) &&
              (t == &query || t->dim(1) == key.dim(1)),
          "MultiHeadAttention: expected queries (N, L, {}), and keys and values (N, S, {}), found {}, {} and "
          "{}",
          features(), features(), query.shape(), key.shape(), value.shape());
    const auto same = [&](const Tensor<T>& t) {  // also where gradients go
      return t.data() == query.data() && t.node().get() == query.node().get() && t.shape() == query.shape();
    };
    const bool self = same(key) && same(value);
    Tensor<T> parts[3];
    if (self) {  // of one product
      const Tensor<T> all = linear(query, in_proj_weight, in_proj_bias);
      for (Index k = 0; k < 3; ++k) parts[k] = slice(all, -1, k * features(), (k + 1) * features());
    } else {
      const Tensor<T>* const inputs[] = {&query, &key, &value};
      for (Index k = 0; k < 3; ++k) {
        const auto [weight, bias] = projection(k);
        parts[k] = linear(*inputs[k], weight, bias);
      }
    }
    const auto found = scaled_dot_product_attention(split(parts[0]), split(parts[1]), split(parts[2]),
                                                    {.mask = mask, .causal = causal});
    return out_proj.forward(reshape(permute(found, {0, 2, 1, 3}), query.shape()));
  }
};

}  // namespace figment

// Attention by scaled dot products (Vaswani et al., 2017).
#pragma once

#include "figment/ops/comparison.hpp"
#include "figment/ops/matmul.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

/// Which keys each query attends to: a Mask of (…, L, S) that is set where it does, or a tensor to add to the
/// scores, -infinity where it does not. Both broadcast.
template <class T>
struct AttentionMask {
  Mask allowed;     ///< undefined: all
  Tensor<T> added;  ///< undefined: nothing

  /// All keys.
  AttentionMask() = default;
  /// Those that are set.
  AttentionMask(Mask m) : allowed(std::move(m)) {}  // NOLINT(google-explicit-constructor): {.mask = m}
  /// By what is added.
  AttentionMask(Tensor<T> bias) : added(std::move(bias)) {}  // NOLINT(google-explicit-constructor)
};

/// Of scaled_dot_product_attention.
template <class T>
struct AttentionOptions {
  AttentionMask<T> mask = {};  ///< which keys each query sees
  bool causal = false;         ///< and of those none behind it: query i sees keys 0 to i
  double scale = 0;            ///< of the products; 0 means 1 / sqrt(d)
};

namespace detail {

/// (L, S), set where the key is not behind the query.
inline Mask causal_mask(Index queries, Index keys) {
  Mask m(Shape{queries, keys});
  std::uint8_t* out = m.mutable_data();
  for (Index i = 0; i < queries; ++i)
    for (Index j = 0; j < keys; ++j) *out++ = j <= i;
  return m;
}

/// Throws where a mask has more than the scores.
inline void check_attention_mask(const Shape& mask, const Shape& scores) {
  ensure(broadcast(mask, scores, "scaled_dot_product_attention") == scores,
         "scaled_dot_product_attention: mask {} for scores {}", mask, scores);
}

}  // namespace detail

/// softmax(q k^T scale + mask) v: queries (…, L, d), keys (…, S, d) and values (…, S, e) to (…, L, e); what
/// stands before the last two axes broadcasts. A query without any key gives 0.
///
///   scaled_dot_product_attention(q, k, v, {.causal = true})
template <detail::Real T>
Tensor<T> scaled_dot_product_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                       const std::type_identity_t<AttentionOptions<T>>& options = {}) {
  ensure(
      q.rank() >= 2 && k.rank() >= 2 && v.rank() >= 2 && q.dim(-1) == k.dim(-1) && k.dim(-2) == v.dim(-2),
      "scaled_dot_product_attention: expected queries (…, L, d), keys (…, S, d) and values (…, S, e), found "
      "{}, {} and {}",
      q.shape(), k.shape(), v.shape());
  const auto before = [](const Tensor<T>& t) { return detail::batch_of(t.shape()); };
  broadcast(broadcast(before(q), before(k), "scaled_dot_product_attention"), before(v),
            "scaled_dot_product_attention");
  const double scale = options.scale != 0 ? options.scale : 1 / std::sqrt(static_cast<double>(q.dim(-1)));
  Tensor<T> scores = matmul(q * scale, k, {.b = true});
  Mask allowed = options.mask.allowed;
  if (options.mask.added.defined()) {
    detail::check_attention_mask(options.mask.added.shape(), scores.shape());
    scores = scores + options.mask.added;
  }
  if (allowed.defined()) detail::check_attention_mask(allowed.shape(), scores.shape());
  const bool may_be_none = allowed.defined();
  if (options.causal) {
    const Mask past = detail::causal_mask(q.dim(-2), k.dim(-2));
    allowed = allowed.defined() ? allowed & past : past;
  }
  if (!allowed.defined()) return matmul(softmax(scores), v);
  const auto weights = softmax(where(allowed, scores, -std::numeric_limits<T>::infinity()));
  // A row of no key at all is no number; its gradient ends at either mask.
  return matmul(may_be_none ? where(allowed, weights, T(0)) : weights, v);
}

}  // namespace figment

// Penalties on activations and weights: what layers add to a model's loss.
#pragma once

#include <tuple>

#include "figment/nn/layer.hpp"
#include "figment/ops/reduce.hpp"

namespace figment {

/// What the layers of one forward pass add to its loss. A training step puts one in its Context and adds
/// total() to what the model itself says.
class Penalties {
 public:
  /// Adds a scalar.
  template <class T>
  void add(const Tensor<T>& p) {
    ensure(p.size() == 1, "Penalties: expected a scalar, found shape {}", p.shape());
    Tensor<T>& sum = std::get<Tensor<T>>(sums_);
    sum = sum.defined() ? sum + p : p;
  }
  /// The sum of what was added, undefined if nothing was.
  template <class T>
  Tensor<T> total() const {
    return std::get<Tensor<T>>(sums_);
  }

 private:
  std::tuple<Tensor<float>, Tensor<double>> sums_;
};

/// Keras' factors: l2 is not halved.
struct PenaltyOptions {
  double l1 = 0, l2 = 0;  ///< 0 or more
};

/// l1 sum |x| + l2 sum x^2.
template <class T>
Tensor<T> penalty(const Tensor<T>& x, PenaltyOptions options) {
  Tensor<T> p;
  if (options.l1 != 0) p = options.l1 * sum(abs(x));
  if (options.l2 != 0) {
    const Tensor<T> squares = options.l2 * sum(square(x));
    p = p.defined() ? p + squares : squares;
  }
  return p.defined() ? p : Tensor<T>::scalar(0);
}

namespace detail {

inline void check_penalty(const char* who, PenaltyOptions o) {
  ensure(o.l1 >= 0 && o.l2 >= 0, "{}: expected l1 and l2 of 0 or more, found {} and {}", who, o.l1, o.l2);
}

/// "l1 0.0001 l2 0.01", without those that are 0.
inline std::string penalty_text(PenaltyOptions o) {
  std::string s;
  if (o.l1 != 0) s += figment::format("l1 {}", o.l1);
  if (o.l2 != 0) s += figment::format("{}l2 {}", s.empty() ? "" : " ", o.l2);
  return s;
}

/// The Context's collector. A model that is trained without one would ignore its penalties silently.
inline Penalties* collector(const char* who, const Context& context) {
  ensure(context.penalties || !context.training, "{}: needs Penalties in its Context while training", who);
  return context.penalties;
}

}  // namespace detail

/// Passes x (N, …) on and adds its penalty to the loss, summed over the units and averaged over the batch
/// (Keras' activity_regularizer).
struct ActivityPenalty {
  PenaltyOptions options;  ///< its factors

  /// Throws when a factor is negative.
  explicit ActivityPenalty(PenaltyOptions o) : options(o) { detail::check_penalty("ActivityPenalty", o); }

  template <class T>
  Tensor<T> forward(const Tensor<T>& x, const Context& context) const {
    return detail::reported(*this, x, [&] {
      ensure(x.rank() >= 1, "ActivityPenalty: expected (N, …), found shape {}", x.shape());
      if (Penalties* to = detail::collector("ActivityPenalty", context))
        to->add(penalty(x, options) * (1.0 / static_cast<double>(std::max<Index>(1, x.dim(0)))));
      return x;
    });
  }
  /// forward(x, context).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x, const Context& context) const {
    return forward(x, context);
  }
  std::string describe() const {
    return figment::format("ActivityPenalty({})", detail::penalty_text(options));
  }
};

/// A layer whose weight, but not its bias, adds its penalty to the loss (Keras' kernel_regularizer). The
/// layer's tensors keep their names.
///
///   Sequential{WeightPenalty(Linear(784, 32, rng), {.l2 = 1e-4}), Relu{}}
template <class L>
struct WeightPenalty {
  static_assert(
      requires(L & l) { l.weight; }, "figment: WeightPenalty is for layers with a `weight`");
  using value_type = module_value_t<L>;

  L layer;                 ///< what x goes through
  PenaltyOptions options;  ///< its factors

  /// Throws when a factor is negative.
  WeightPenalty(L l, PenaltyOptions o) : layer(std::move(l)), options(o) {
    detail::check_penalty("WeightPenalty", o);
  }

  Tensor<value_type> forward(const Tensor<value_type>& x, const Context& context = {}) const {
    return detail::reported(*this, x, [&] {
      if (Penalties* to = detail::collector("WeightPenalty", context))
        to->add(penalty(layer.weight, options));
      return detail::forward_part(layer, x, context);
    });
  }

  void visit(auto&& v) { layer.visit(v); }

  std::string describe() const { return figment::describe(layer) + " " + detail::penalty_text(options); }
};

}  // namespace figment

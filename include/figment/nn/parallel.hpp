// Layers beside each other.
#pragma once

#include <string>

#include "figment/nn/residual.hpp"

namespace figment {

/// What becomes of the branches of a Parallel: put one behind the other along the last dimension, or added.
enum class Merge { concat, sum };

/// What several layers, its branches, make of one x, joined: concatenated along the last dimension, as in
/// Inception, or added. A branch of several layers is a Sequential. Branches are named as the layers of a
/// Sequential are.
///
///   Parallel{Conv2d(8, 4, rng, {.kernel = 1}), Sequential{…}}
///   Parallel(Merge::sum, Linear(8, 4, rng), Linear(8, 4, rng))
template <class T = float>
struct Parallel {
  using value_type = T;

  Sequential<T> branches;  ///< each takes x
  Merge merge;             ///< how their results become one

  /// Branches, concatenated.
  template <class First, class... Rest>
  requires(detail::TakesLayers<Parallel, First, Rest...> &&
           !std::is_same_v<First, Merge>) explicit Parallel(First first, Rest... rest)
      : Parallel(Merge::concat, std::move(first), std::move(rest)...) {}
  /// Branches, joined as `how` says.
  template <class First, class... Rest>
  Parallel(Merge how, First first, Rest... rest) : merge(how) {
    branches.add(std::move(first));
    (branches.add(std::move(rest)), ...);
  }

  /// Throws when the results' shapes do not fit: but for the last extent if concatenated, they are equal.
  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return detail::reported(*this, x, [&] {
      std::vector<Tensor<T>> parts;
      for (const auto& branch : branches) parts.push_back(branch.forward(x, context));
      if (merge == Merge::concat) return concat(parts, -1);
      Tensor<T> y = parts[0];
      for (std::size_t i = 1; i < parts.size(); ++i) {
        ensure(parts[i].shape() == y.shape(), "Parallel: branches make {} and {} of x {}, expected one shape",
               y.shape(), parts[i].shape(), x.shape());
        y = y + parts[i];
      }
      return y;
    });
  }
  /// forward(x, context).
  Tensor<T> operator()(const Tensor<T>& x, const Context& context = {}) const { return forward(x, context); }

  void visit(auto&& v) { branches.visit(v); }

  std::string describe() const {
    return figment::format("Parallel({}{})", branches.size(), merge == Merge::sum ? ", sum" : "");
  }
};
/// The number type is that of the first branch that has one, or float.
template <class First, class... Rest>
Parallel(First, Rest...) -> Parallel<typename detail::layers_value<First, Rest...>::type>;

}  // namespace figment

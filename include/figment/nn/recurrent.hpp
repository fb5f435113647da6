// What recurrent layers have in common.
#pragma once

#include <string>
#include <vector>

#include "figment/nn/init.hpp"
#include "figment/nn/report.hpp"
#include "figment/ops/recurrent.hpp"

namespace figment {

namespace detail {

/// Uniform in ±1 / sqrt(fan in).
inline Initializer one_by_root() { return {scaled_by_fan<true, Fan::in>, 1.0 / 3}; }

}  // namespace detail

/// Of Lstm and Gru.
struct RecurrentOptions {
  Index layers = 1;  ///< each takes the states of the one below
  bool bias = true;  ///< of the input's part of the gates and of the state's, one each, as PyTorch has them
  Initializer init = detail::one_by_root();  ///< of all, with units as both fans: PyTorch's ±1 / sqrt(units)
};

/// The tensors of one layer, by PyTorch's names.
template <class T>
struct RecurrentWeights {
  Tensor<T> weight_ih, weight_hh;  ///< of the input (in, gates units) and of the state (units, gates units)
  Tensor<T> bias_ih, bias_hh;      ///< (gates units,), undefined without
};

/// What a recurrent layer makes of a sequence.
template <class T, class State = Tensor<T>>
struct RecurrentOutput {
  Tensor<T> output;  ///< the last layer's hidden state at each step, (N, L, units)
  State state;       ///< of all layers after the last step
};

namespace detail {

/// The layers of an Lstm or a Gru.
template <class T>
struct RecurrentStack {
  std::vector<RecurrentWeights<T>> layers;

  RecurrentStack(const char* who, Index gates, Index in, Index units, Rng& rng, const RecurrentOptions& o) {
    ensure(in >= 1 && units >= 1 && o.layers >= 1,
           "{}: expected sizes and layers of 1 or more, found {}, {}, {}", who, in, units, o.layers);
    const Fans fans{units, units};
    for (Index k = 0; k < o.layers; ++k) {
      RecurrentWeights<T> w;
      w.weight_ih = o.init.make<T>({k == 0 ? in : units, gates * units}, fans, rng);
      w.weight_hh = o.init.make<T>({units, gates * units}, fans, rng);
      if (o.bias) {
        w.bias_ih = o.init.make<T>({gates * units}, fans, rng);
        w.bias_hh = o.init.make<T>({gates * units}, fans, rng);
      }
      layers.push_back(std::move(w));
    }
  }

  Index in() const { return layers[0].weight_ih.dim(0); }
  Index units() const { return layers[0].weight_hh.dim(0); }
  Index count() const { return static_cast<Index>(layers.size()); }

  void visit(auto&& v) {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const std::string end = "_l" + std::to_string(k);
      RecurrentWeights<T>& w = layers[k];
      v("weight_ih" + end, w.weight_ih, Layout::dense);
      v("weight_hh" + end, w.weight_hh, Layout::dense);
      if (w.bias_ih.defined()) v("bias_ih" + end, w.bias_ih), v("bias_hh" + end, w.bias_hh);
    }
  }

  std::string describe(const char* type) const {
    return figment::format("{}({}, {}{}{})", type, in(), units(),
                           count() > 1 ? figment::format(", layers {}", count()) : "",
                           layers[0].bias_ih.defined() ? "" : ", no bias");
  }

  /// x (N, L, in) as steps (L, N, in).
  Tensor<T> steps(const char* who, const Tensor<T>& x) const {
    ensure(x.rank() == 3 && x.dim(2) == in() && x.dim(1) >= 1,
           "{}: expected sequences (N, L, {}) of 1 or more steps, found {}", who, in(), x.shape());
    return permute(x, {1, 0, 2});
  }
  /// The state (layers, N, units) of layer k, or none.
  Tensor<T> state(const char* who, const Tensor<T>& all, Index k, Index rows) const {
    if (!all.defined()) return {};
    const Shape expected{count(), rows, units()};
    ensure(all.shape() == expected, "{}: expected a state {}, found {}", who, expected, all.shape());
    return select(all, 0, k);
  }
};

}  // namespace detail

}  // namespace figment

// A classifier: a network to one logit a class.
#pragma once

#include "figment/models/batched.hpp"
#include "figment/nn/layer.hpp"
#include "figment/ops/loss.hpp"

namespace figment {

/// Cross-entropy in nats, and the share of the batch that is right.
template <class T>
struct ClassifierLoss {
  Tensor<T> cross_entropy, accuracy;  ///< means over the batch

  /// What training minimises.
  Tensor<T> total() const { return cross_entropy; }
  /// Calls f("accuracy", value).
  void terms(auto&& f) const { f("accuracy", accuracy); }
};

/// Any module from inputs (N, …) to logits (N, classes), trained by cross-entropy with labels (N,).
template <class Net>
struct Classifier {
  using value_type = module_value_t<Net>;
  using T = value_type;

  Net net;  ///< from inputs to logits

  /// Handles to the network's tensors: the model trains them.
  explicit Classifier(Net n) : net(std::move(n)) {}

  /// The loss of a batch (N, …) with labels (N,).
  ClassifierLoss<T> loss(const Tensor<T>& x, const Indices& labels, const Context& context) const {
    const Tensor<T> logits = forward(x, context), nats = cross_entropy(logits, labels);
    return {nats, mean(cast<T>(equal(argmax(logits, 1), labels)))};
  }

  /// The logits.
  Tensor<T> forward(const Tensor<T>& x, const Context& context = {}) const {
    return figment::forward("net", net, x, context);
  }

  // For use, not training: nothing is recorded, and inputs of any number are taken in batches.

  /// The probabilities of the classes, (N, classes).
  Tensor<T> probabilities(const Tensor<T>& x) const {
    return detail::in_batches(x, [&](const Tensor<T>& part, Index) { return softmax(forward(part)); });
  }
  /// The most probable class of each input, (N,).
  Indices classify(const Tensor<T>& x) const { return argmax(probabilities(x), 1); }

  void visit(auto&& v) { v("net", net); }
};

}  // namespace figment

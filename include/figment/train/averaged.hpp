// A module's moving average: what is often sampled from instead of the module that is trained.
#pragma once

#include "figment/nn/module.hpp"
#include "figment/optim/ema.hpp"

namespace figment {

/// A clone of a module that follows it: parameters, and buffers, so that batch norm's running moments belong
/// to the averaged weights. `update` after each of the module's steps.
///
///   Averaged average(generator, {.decay = 0.999});  …  average.update();  …  average.module.forward(noise)
///
/// fit calls it if its options have it: {.average = &average}.
template <class M>
class Averaged final : public MovingAverage {
 public:
  using T = module_value_t<M>;

  M module;  ///< the average

  /// `source`'s tensors are followed where they are now: load weights into them, do not replace them.
  explicit Averaged(const M& source, EmaOptions options = {})
      : module(clone(source)), ema_(tensors(module), tensors(source), options) {}

  /// Moves the average towards what the source is now.
  void update() override { ema_.update(); }
  /// Exchanges the values of the average and of the source.
  void swap() override { ema_.swap(); }
  /// How the average moves.
  const Ema<T>& ema() const { return ema_; }
  /// How the average moves, to set its count.
  Ema<T>& ema() { return ema_; }

 private:
  static TensorList<T> tensors(M handles) {
    TensorList<T> list;
    for_each_tensor(handles, [&](const std::string&, auto& t, bool) {
      if (detail::find_tied(list, t) == list.size()) list.push_back(t);
    });
    return list;
  }

  Ema<T> ema_;
};

}  // namespace figment

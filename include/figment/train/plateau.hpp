// Lower rates when a run no longer gets better.
#pragma once

#include "figment/train/callback.hpp"

namespace figment {

/// Of ReduceOnPlateau. PyTorch's defaults.
struct PlateauOptions {
  std::string column = "val";  ///< the figure that should fall
  double factor = 0.1;         ///< what a lower rate is of the one before
  Index patience = 10;         ///< epochs without a better figure that are let pass
  double threshold = 1e-4;     ///< a figure is better by more than this part of the best one
  bool absolute = false;       ///< by more than the threshold itself
  Index cooldown = 0;          ///< epochs after a lower rate in which none counts
  double min_rate = 0;         ///< the rate goes no lower
  bool highest = false;        ///< the figure should rise
};

/// Multiplies an optimiser's rate by a factor when a column of the history has not improved for more than
/// `patience` epochs: PyTorch's ReduceLROnPlateau. It counts by the history, so a run that goes on in another
/// process lowers its rate, which checkpoints hold, when the whole run would have.
template <class O>
class ReduceOnPlateau final : public Callback {
 public:
  /// Throws unless the factor is in (0, 1) and the other numbers 0 or more, and at the first epoch when the
  /// history has no such column.
  explicit ReduceOnPlateau(O& optimizer, PlateauOptions options = {})
      : optimizer_(optimizer), options_(std::move(options)) {
    const auto& o = options_;
    ensure(
        o.factor > 0 && o.factor < 1 && o.patience >= 0 && detail::not_negative(o.threshold) &&
            o.cooldown >= 0 && detail::not_negative(o.min_rate),
        "ReduceOnPlateau: expected a factor in (0, 1), and patience, threshold, cooldown and min_rate of 0 "
        "or more, found {}, {}, {}, {} and {}",
        o.factor, o.patience, o.threshold, o.cooldown, o.min_rate);
  }

  void on_epoch(TrainState& state) override {
    if (!too_long((*state.history)[options_.column])) return;
    const double rate = (std::max)(optimizer_.rate() * options_.factor, options_.min_rate);
    if (optimizer_.rate() - rate > 1e-8) optimizer_.set_rate(rate);  // PyTorch's eps
  }

 private:
  /// The last of these figures ends a wait.
  bool too_long(const std::vector<double>& figures) const {
    const auto& o = options_;
    const double worst = std::numeric_limits<double>::infinity();
    double best = o.highest ? -worst : worst;
    Index waited = 0, cooling = 0;
    bool over = false;
    for (const double now : figures) {
      const double least = o.absolute ? best + (o.highest ? o.threshold : -o.threshold)
                                      : best * (1 + (o.highest ? o.threshold : -o.threshold));
      const bool better = !detail::is_nan(now) && (o.highest ? now > least : now < least);
      if (better) best = now;
      waited = better ? 0 : waited + 1;
      if (cooling > 0) --cooling, waited = 0;
      over = waited > o.patience;
      if (over) cooling = o.cooldown, waited = 0;
    }
    return over;
  }

  O& optimizer_;
  PlateauOptions options_;
};

}  // namespace figment

// Learning rates over time. A schedule is any function from a count of steps or epochs to a rate.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "figment/core/shape.hpp"

namespace figment {

/// The rate at time t = 0, 1, …; whether t counts epochs or steps is the caller's choice.
using Schedule = std::function<double(Index t)>;

/// rate gamma^floor(t / every).
inline Schedule step_decay(double rate, Index every, double gamma = 0.1) {
  ensure(every >= 1, "step_decay: expected every >= 1, found {}", every);
  return [=](Index t) { return rate * std::pow(gamma, static_cast<double>(t / every)); };
}

/// rate gamma^t.
inline Schedule exponential_decay(double rate, double gamma) {
  return [=](Index t) { return rate * std::pow(gamma, static_cast<double>(t)); };
}

/// Half a cosine from `rate` at 0 to `minimum` at `total`, and `minimum` after (Loshchilov and Hutter, 2016).
inline Schedule cosine_decay(double rate, Index total, double minimum = 0) {
  ensure(total >= 1, "cosine_decay: expected total >= 1, found {}", total);
  return [=](Index t) {
    const double part = static_cast<double>((std::min)(t, total)) / static_cast<double>(total);
    return minimum + (rate - minimum) * 0.5 * (1 + std::cos(std::numbers::pi * part));
  };
}

/// The schedule times (t + 1) / length for the first `length` times.
inline Schedule warm_up(Schedule then, Index length) {
  ensure(length >= 1, "warm_up: expected length >= 1, found {}", length);
  return [then = std::move(then), length](Index t) {
    return then(t) * (std::min)(1.0, static_cast<double>(t + 1) / static_cast<double>(length));
  };
}

/// Of one_cycle. PyTorch's names and defaults.
struct OneCycleOptions {
  double pct_start = 0.3;         ///< the part of the steps in which the rate rises
  double div_factor = 25;         ///< what the highest rate is of the first one
  double final_div_factor = 1e4;  ///< what the first rate is of the last one
  bool linear = false;            ///< in straight lines; else in half cosines
  bool three_phase = false;       ///< falls as it rose, and then to the last rate
};

/// From highest / div_factor up to `highest` and down to the last rate at total - 1, which then stays (Smith
/// and Topin, 2017). PyTorch's OneCycleLR without its momentum.
inline Schedule one_cycle(double highest, Index total, OneCycleOptions options = {}) {
  const auto& o = options;
  ensure(total >= 1 && o.pct_start >= 0 && o.pct_start <= 1 && o.div_factor > 0 && o.final_div_factor > 0,
         "one_cycle: expected total >= 1, pct_start in [0, 1] and positive factors, found {}, {}, {} and {}",
         total, o.pct_start, o.div_factor, o.final_div_factor);
  return [=](Index t) {
    const double low = highest / o.div_factor, least = low / o.final_div_factor;
    const double rise = o.pct_start * static_cast<double>(total) - 1, end = static_cast<double>(total - 1);
    const double at = (std::min)(static_cast<double>(t), end);
    const auto between = [&](double from, double to, double begin, double stop) {
      const double part = stop > begin ? (at - begin) / (stop - begin) : 1;
      return o.linear ? from + (to - from) * part
                      : to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * part));
    };
    if (at <= rise) return between(low, highest, 0, rise);
    const double top = (std::max)(rise, 0.0);
    if (!o.three_phase) return between(highest, least, top, end);
    const double fall = 2 * o.pct_start * static_cast<double>(total) - 2;
    return at <= fall ? between(highest, low, rise, fall) : between(low, least, (std::max)(fall, 0.0), end);
  };
}

/// From `from` at 0 in equal steps to `to` at `length`, and `to` after.
inline Schedule linear_ramp(double from, double to, Index length) {
  ensure(length >= 1, "linear_ramp: expected length >= 1, found {}", length);
  return [=](Index t) {
    return from + (to - from) * static_cast<double>((std::min)(t, length)) / static_cast<double>(length);
  };
}

/// The same rate always.
inline Schedule constant_rate(double rate) {
  return [=](Index) { return rate; };
}

}  // namespace figment

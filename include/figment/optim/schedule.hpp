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

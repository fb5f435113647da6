// The range of a chart's axis and the round numbers on it.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "figment/core/shape.hpp"

namespace figment::io::detail {

/// A linear or logarithmic axis around the values it is shown.
class Axis {
 public:
  struct Tick {
    double position;  // 0 at the low end of the axis, 1 at the high end
    std::string label;
  };

  /// `whole`: of things that are counted, epochs say, with nothing between two numbers.
  explicit Axis(bool log, bool whole = false) : log_(log), whole_(whole) {}

  /// Has a place on the axis: finite, and positive on a logarithmic one. The bounds leave the axis room to
  /// reach beyond its values without overflow.
  bool shows(double v) const { return log_ ? v > 1e-250 && v < 1e250 : std::abs(v) < 1e300; }

  void include(double v) {
    if (!shows(v)) return;
    low_ = (std::min)(low_, scale(v)), high_ = (std::max)(high_, scale(v));
  }

  /// Leaves a part of the length free at both ends. Call once, after the values.
  void pad(double part) {
    if (low_ > high_) low_ = 0, high_ = 1, whole_ = false;
    // Values are told apart to nine digits; a difference of logarithms is relative already.
    const double size = log_ ? 1 : (std::max)(std::abs(low_), std::abs(high_));
    if (high_ - low_ <= 1e-9 * size || high_ - low_ < 1e-290) {
      const double around = !log_ && size > 1e-280 ? size * 0.1 : 0.5;
      low_ -= around, high_ += around;
      return;
    }
    const double free = (high_ - low_) * part;
    const bool from_zero = !log_ && low_ >= 0 && low_ < free;  // do not show below zero what never is
    low_ = from_zero ? 0 : low_ - free;
    high_ += free;
  }

  /// Where a value that the axis shows is, from 0 to 1.
  double position(double v) const { return (scale(v) - low_) / (high_ - low_); }

  /// About `count` round numbers: 1, 2 or 5 times a power of ten apart, or powers of ten. Of whole numbers
  /// there may be fewer.
  std::vector<Tick> ticks(Index count) const {
    if (!log_) return linear_ticks(count);
    std::vector<Tick> out;
    const double decades = high_ - low_;
    const auto step = static_cast<int>((std::max)(1.0, std::ceil(decades / static_cast<double>(count))));
    for (int e = static_cast<int>(std::floor(low_)); e <= high_; ++e)
      for (int digit : {1, 2, 5}) {
        if ((digit > 1 && decades > 2) || (whole_ && e < 0)) continue;
        const double at = e + std::log10(digit);
        if (e % step == 0 && at >= low_ && at <= high_)
          out.push_back({(at - low_) / decades, label(digit * std::pow(10.0, e), e)});
      }
    return out.size() >= 2 ? out : linear_ticks(count);
  }

 private:
  double scale(double v) const { return log_ ? std::log10(v) : v; }
  double unscale(double s) const { return log_ ? std::pow(10.0, s) : s; }

  std::vector<Tick> linear_ticks(Index count) const {
    const double low = unscale(low_), high = unscale(high_), raw = (high - low) / static_cast<double>(count);
    const double power = std::floor(std::log10(raw));
    double step = std::pow(10.0, whole_ ? (std::max)(power, 0.0) : power);
    for (double factor : {2.0, 2.5, 2.0})  // 1, 2, 5, 10
      if (step < raw * 0.999) step *= factor;
    std::vector<Tick> out;
    const int digit = static_cast<int>(std::floor(std::log10(step) + 1e-9));
    for (double i = std::ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i)
      out.push_back({position(i * step), label(i * step, digit)});
    return out;
  }

  /// v to the digit 10^digit, in plain notation unless that takes too many figures.
  static std::string label(double v, int digit) {
    char text[64];
    const double size = std::abs(v);
    if (size < std::pow(10.0, digit) / 2) return "0";
    const bool plain = size < 1e6 && digit >= -4;
    const int figures = static_cast<int>(std::floor(std::log10(size) + 1e-9)) - digit;
    const auto end =
        plain ? std::to_chars(text, text + 64, v, std::chars_format::fixed, (std::max)(0, -digit))
              : std::to_chars(text, text + 64, v, std::chars_format::scientific, std::clamp(figures, 0, 15));
    return {text, end.ptr};
  }

  bool log_, whole_;
  double low_ = std::numeric_limits<double>::infinity(), high_ = -low_;
};

}  // namespace figment::io::detail

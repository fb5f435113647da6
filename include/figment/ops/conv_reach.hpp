// Which sources each result of a convolution takes along one axis, forward and backward alike.
#pragma once

#include <numeric>

#include "figment/ops/conv_geometry.hpp"

namespace figment::detail {

/// The run of taps that one result takes: `count` of them, from `tap` at position `source` on.
struct Reach {
  Index tap, count, source;
};

/// One axis of a convolution as a map from results to sources: outputs take inputs going forward, inputs take
/// outputs going backward, which is the adjoint. Along a run sources rise by source_step and taps change by
/// tap_step.
struct ReachAxis {
  Index results, sources, window, tap_step, source_step;
  ConvAxis axis;
  bool backward;

  ReachAxis(const ConvAxis& a, bool is_backward) : axis(a), backward(is_backward) {
    const Index common = std::gcd(a.stride, a.dilation);
    results = backward ? a.input : a.output, sources = backward ? a.output : a.input, window = a.window;
    tap_step = backward ? -a.stride / common : 1;
    source_step = backward ? a.dilation / common : a.dilation;
  }

  Reach operator()(Index result) const {
    if (!backward) {
      const Index first = axis.first_tap(result);
      return {first, axis.last_tap(result) - first, axis.at(result, first)};
    }
    // Output o reaches input o * stride - pad + tap * dilation: what is left after the tap must divide.
    Reach r{0, 0, 0};
    for (Index tap = 0; tap < window; ++tap) {
      const Index left = result + axis.pad - tap * axis.dilation;
      if (left < 0) break;
      if (left % axis.stride || left / axis.stride >= sources) continue;
      r = {tap, r.count + 1, left / axis.stride};
    }
    return r;
  }

  /// Where a tap stands among all, if those of a run are to be neighbours in the run's order.
  Index place(Index tap) const {
    if (!backward) return tap;
    const Index step = -tap_step, chain = tap % step;
    Index before = 0;
    for (Index c = 0; c < chain; ++c) before += (window - 1 - c) / step + 1;
    return before + (window - 1 - tap) / step;
  }
};

}  // namespace figment::detail

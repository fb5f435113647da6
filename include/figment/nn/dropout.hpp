// Dropout.
#pragma once

#include "figment/autograd/arithmetic.hpp"
#include "figment/nn/context.hpp"
#include "figment/nn/report.hpp"

namespace figment {

namespace detail {

/// Each element 0 with probability `rate`, else scaled by 1 / (1 - rate), by the fill that begins at `state`.
/// dx is the same of dy: the fill is drawn again, which costs less than to keep it.
template <class T>
Tensor<T> drop_out(const Tensor<T>& x, double rate, const RngState& state) {
  Tensor<T> y(x.shape());
  const T* px = x.data();
  T* py = y.mutable_data();
  const auto keep = static_cast<T>(1 - rate), scale = static_cast<T>(1 / (1 - rate));
  parallel_blocks<T>(x.size(), state, [&](const RngState& s, Index begin, Index end) {
    kernels::dropout(s, keep, scale, px + begin, py + begin, end - begin);
  });
  return record(
      "dropout", {x}, std::move(y),
      [rate, state](auto&, auto& dy, auto& dx) { dx(0, [&] { return drop_out(dy, rate, state); }); },
      Keep::nothing);
}

}  // namespace detail

/// While training, sets each element to 0 with probability `rate` and scales the others by 1 / (1 - rate)
/// (Srivastava et al., 2014); otherwise the identity.
struct Dropout {
  double rate;  ///< in [0, 1)

  /// Throws unless the rate is in [0, 1).
  explicit Dropout(double r) : rate(r) {
    ensure(rate >= 0 && rate < 1, "Dropout: expected a rate in [0, 1), found {}", rate);
  }

  template <class T>
  Tensor<T> forward(const Tensor<T>& x, const Context& context) const {
    return detail::reported(*this, x, [&] {
      if (!context.training || rate == 0) return x;
      return detail::drop_out(x, rate, context.generator("Dropout").reserve<T>(x.size()));
    });
  }
  /// forward(x, context).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x, const Context& context) const {
    return forward(x, context);
  }
  std::string describe() const { return figment::format("Dropout({})", rate); }
};

/// The same of whole channels of each sample (Tompson et al., 2015): x (N, …, C), as neighbouring pixels tell
/// what a dropped one was.
struct Dropout2d {
  double rate;  ///< in [0, 1)

  /// Throws unless the rate is in [0, 1).
  explicit Dropout2d(double r) : rate(r) {
    ensure(rate >= 0 && rate < 1, "Dropout2d: expected a rate in [0, 1), found {}", rate);
  }

  template <class T>
  Tensor<T> forward(const Tensor<T>& x, const Context& context) const {
    return detail::reported(*this, x, [&] {
      ensure(x.rank() >= 3, "Dropout2d: expected (N, …, C) with positions, found shape {}", x.shape());
      if (!context.training || rate == 0) return x;
      Shape channels = x.shape();
      for (Index i = 1; i + 1 < channels.rank(); ++i) channels[i] = 1;
      const auto state = context.generator("Dropout2d").reserve<T>(channels.size());
      return x * detail::drop_out(Tensor<T>::ones(channels), rate, state);
    });
  }
  /// forward(x, context).
  template <class T>
  Tensor<T> operator()(const Tensor<T>& x, const Context& context) const {
    return forward(x, context);
  }
  std::string describe() const { return figment::format("Dropout2d({})", rate); }
};

}  // namespace figment

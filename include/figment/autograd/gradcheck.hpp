// Gradients against central differences, in double.
#pragma once

#include <cmath>
#include <functional>

#include "figment/autograd/grad.hpp"
#include "figment/core/finite.hpp"
#include "figment/core/random.hpp"

namespace figment {

/// How closely gradcheck looks.
struct GradcheckOptions {
  double step = 1e-5;        ///< h of (f(x + h) - f(x - h)) / 2h
  double tolerance = 1e-6;   ///< allowed |difference| / max(1, |numeric|)
  bool second_order = true;  ///< also check the gradient's gradient
};

/// What gradcheck found.
struct GradcheckResult {
  bool ok = true;       ///< no element differs by more than the tolerance
  double worst = 0;     ///< the largest |difference| / max(1, |numeric|)
  std::string message;  ///< where the first is that does, and both values
};

/// A function of several tensors to one tensor.
using GradcheckFunction = std::function<Tensor<double>(std::span<const Tensor<double>>)>;

namespace detail {

inline double weighted_sum(const Tensor<double>& y, const Tensor<double>& weight) {
  double s = 0;
  for (Index i = 0; i < y.size(); ++i) s += y.data()[i] * weight.data()[i];
  return s;
}

inline void compare_gradients(const GradcheckFunction& f, std::vector<Tensor<double>> inputs,
                              const char* order, const GradcheckOptions& options, GradcheckResult& result) {
  for (auto& x : inputs) x = parameter(x.clone());
  TensorList<double> gradients;
  Tensor<double> weight;
  {
    RecordingScope recording(true);  // the caller may be under NoGrad
    const Tensor<double> y = f(inputs);
    Rng rng(7);
    weight = rng.uniform<double>(y.shape(), 0.5, 1.5);
    gradients = vjp(y, weight, inputs);
  }
  NoGrad guard;
  for (std::size_t n = 0; n < inputs.size(); ++n)
    for (Index i = 0; i < inputs[n].size(); ++i) {
      double* x = inputs[n].mutable_data() + i;
      const double x0 = *x;
      *x = x0 + options.step;
      const double high = weighted_sum(f(inputs), weight);
      *x = x0 - options.step;
      const double low = weighted_sum(f(inputs), weight);
      *x = x0;
      const double numeric = (high - low) / (2 * options.step), ours = gradients[n].data()[i];
      const double error = std::abs(ours - numeric) / (std::max)(1.0, std::abs(numeric));
      if (error > result.worst) result.worst = error;
      if ((detail::is_nan(error) || error > options.tolerance) && result.ok) {
        result.ok = false;
        result.message =
            figment::format("{} derivative by input {} (shape {}) at element {}: {} found, {} by differences",
                            order, n, inputs[n].shape(), i, ours, numeric);
      }
    }
}

}  // namespace detail

/// Compares f's gradients at `inputs` with central differences, and the gradients' own gradients too.
inline GradcheckResult gradcheck(const GradcheckFunction& f, const std::vector<Tensor<double>>& inputs,
                                 GradcheckOptions options = {}) {
  GradcheckResult result;
  detail::compare_gradients(f, inputs, "first", options, result);
  if (!options.second_order || !result.ok) return result;
  const GradcheckFunction gradient = [&f](std::span<const Tensor<double>> x) {
    // Under NoGrad (the differences) the inputs are still parameters, and this inner graph is needed.
    detail::RecordingScope recording(true);
    const Tensor<double> y = f(x);
    Rng rng(11);
    const auto dx = vjp(y, rng.uniform<double>(y.shape(), 0.5, 1.5), x, {.create_graph = true});
    // One scalar that depends on every gradient.
    Tensor<double> total = Tensor<double>::zeros({});
    for (const auto& g : dx) total = total + sum_to(rng.uniform<double>(g.shape(), 0.5, 1.5) * g, {});
    return total;
  };
  detail::compare_gradients(gradient, inputs, "second", options, result);
  return result;
}

}  // namespace figment

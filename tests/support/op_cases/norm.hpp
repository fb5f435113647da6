// Rows of ops/batch_norm.hpp and ops/layer_norm.hpp.
#pragma once

#include "figment/ops/batch_norm.hpp"
#include "figment/ops/layer_norm.hpp"
#include "support/op_case.hpp"

namespace test {

namespace detail {

/// act((x - mean) / sqrt(var + epsilon) * gamma + beta) over the last dimension. Without parameters they are
/// 1 and 0, without moments those of x.
inline Tensor<double> normalised(Inputs<double> in, bool affine, bool own, double epsilon, double slope) {
  const Tensor<double>& x = in[0];
  const Index channels = x.dim(-1), rows = x.size() / channels;
  return build(x.shape(), [&, memo = std::vector<std::pair<double, double>>()](const auto& i) mutable {
    if (memo.empty())
      for (Index c = 0; c < channels; ++c) {
        double mean = 0, var = 0;
        for (Index r = 0; r < rows; ++r) mean += x.data()[r * channels + c] / static_cast<double>(rows);
        for (Index r = 0; r < rows; ++r)
          var += std::pow(x.data()[r * channels + c] - mean, 2) / static_cast<double>(rows);
        if (!own) mean = in[in.size() - 2](c), var = in[in.size() - 1](c);
        memo.emplace_back(mean, var);
      }
    const auto [mean, var] = memo[static_cast<std::size_t>(i.back())];
    double z = (at(x, i) - mean) / std::sqrt(var + epsilon);
    if (affine) z = z * in[1](i.back()) + in[2](i.back());
    return z > 0 ? z : z * slope;
  });
}

}  // namespace detail

/// Over the last dimension of each row; without parameters they are 1 and 0.
inline void layer_norm_cases(OpCases& c) {
  const double epsilon = 0.01;
  const auto row = [&](const Shape& shape, bool affine) {
    const Shape features{shape[-1]};
    std::vector<Tensor<double>> inputs{random(shape, {-2, 3})};
    if (affine) inputs.push_back(random(features, {0.5, 1.5}, 2)), inputs.push_back(random(features, {}, 3));
    OpCase& added = c.add(
        "layer_norm", "", inputs,
        [=](const auto& in) {
          using Parameter = std::remove_cvref_t<decltype(in[0])>;
          return affine ? layer_norm(in[0], in[1], in[2], epsilon)
                        : layer_norm(in[0], Parameter(), Parameter(), epsilon);
        },
        [=](Inputs<double> in) {
          const Index n = features[0];
          std::vector<double> y;
          for (const double* x = in[0].data(); x < in[0].data() + in[0].size(); x += n) {
            double mean = 0, var = 0;
            for (Index i = 0; i < n; ++i) mean += x[i] / static_cast<double>(n);
            for (Index i = 0; i < n; ++i) var += std::pow(x[i] - mean, 2) / static_cast<double>(n);
            for (Index i = 0; i < n; ++i) {
              const double xh = (x[i] - mean) / std::sqrt(var + epsilon);
              y.push_back(affine ? xh * in[1](i) + in[2](i) : xh);
            }
          }
          return Tensor<double>(in[0].shape(), y);
        });
    added.differences = shape.size() < 100;
    added.error = 64;  // divided by the deviation, whose square may be as small as epsilon
  };
  for (const Shape& shape : {Shape{7}, Shape{6, 3}, Shape{2, 3, 2, 5}, Shape{3, 17}}) {
    row(shape, true);
    row(shape, false);
  }
  row({4, 1}, true);  // no variance
  row({0, 3}, true);
  row({5000, 17}, true);  // more than one thread each way
  row({3, 30001}, true);
}

inline void norm_cases(OpCases& c) {
  layer_norm_cases(c);
  using figment::Activation;
  const struct {
    const char* name;
    Activation activation;
    double slope;  // below 0
  } closings[] = {
      {"", Activation::none, 1}, {"relu", Activation::relu, 0}, {"leaky", Activation::leaky_relu, 0.2}};
  const double epsilon = 0.01;

  const auto own = [&](const Shape& shape, bool affine, const auto& closing) {
    const Shape channels{shape[-1]};
    std::vector<Tensor<double>> inputs{random(shape, {-2, 3})};
    if (affine) inputs.push_back(random(channels, {0.5, 1.5}, 2)), inputs.push_back(random(channels, {}, 3));
    OpCase& row = c.add(
        "batch_norm/own", closing.name, inputs,
        [=, activation = closing.activation](const auto& in) {
          using Parameter = std::remove_cvref_t<decltype(in[0])>;
          return affine ? batch_norm(in[0], in[1], in[2], epsilon, activation, 0.2)
                        : batch_norm(in[0], Parameter(), Parameter(), epsilon, activation, 0.2);
        },
        [=, slope = closing.slope](Inputs<double> in) {
          return detail::normalised(in, affine, true, epsilon, slope);
        });
    row.differences = shape.size() < 100;
    // Divided by the deviation, whose square may be as small as epsilon; large batches sum that many terms.
    row.error = shape.size() < 100 ? 64 : 1000;
  };
  for (const auto& closing : closings) {
    own({6, 3}, true, closing);
    own({2, 3, 2, 5}, true, closing);
    own({13, 2}, false, closing);
  }
  own({1, 4}, true, closings[0]);  // no variance
  own({5, 1}, true, closings[0]);
  own({3, 17}, true, closings[0]);
  for (Index channels : {1, 3, 7, 16, 33, 70})  // more than one chunk each, with a ragged end
    own({70001 / channels, channels}, true, closings[2]);

  const auto given = [&](const Shape& shape, bool affine, const auto& closing) {
    const Shape channels{shape[-1]};
    std::vector<Tensor<double>> inputs{random(shape, {-2, 3})};
    if (affine) inputs.push_back(random(channels, {0.5, 1.5}, 2)), inputs.push_back(random(channels, {}, 3));
    inputs.push_back(random(channels, {-1, 1}, 4)), inputs.push_back(random(channels, {0.5, 2}, 5));
    OpCase& row = c.add(
        "batch_norm/given", closing.name, inputs,
        [=, activation = closing.activation](const auto& in) {
          using Parameter = std::remove_cvref_t<decltype(in[0])>;
          return affine ? batch_norm(in[0], in[1], in[2], in[3], in[4], epsilon, activation, 0.2)
                        : batch_norm(in[0], Parameter(), Parameter(), in[1], in[2], epsilon, activation, 0.2);
        },
        [=, slope = closing.slope](Inputs<double> in) {
          return detail::normalised(in, affine, false, epsilon, slope);
        });
    row.differences = shape.size() < 100;
  };
  for (const auto& closing : closings) {
    given({4, 3}, true, closing);
    given({2, 2, 2, 3}, false, closing);
  }
  given({0, 3}, true, closings[0]);
  given({5000, 17}, true, closings[1]);
}

}  // namespace test

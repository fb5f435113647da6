// Rows of what layers compute that has no other place: ops/group_norm.hpp, ops/rms_norm.hpp, ops/prelu.hpp,
// ops/embedding.hpp, ops/pixel_shuffle.hpp.
#pragma once

#include "figment/ops/embedding.hpp"
#include "figment/ops/group_norm.hpp"
#include "figment/ops/pixel_shuffle.hpp"
#include "figment/ops/prelu.hpp"
#include "figment/ops/rms_norm.hpp"
#include "support/op_case.hpp"

namespace test {

namespace detail {

/// Each group of a sample by itself, from its definition.
inline Tensor<double> group_normalised(Inputs<double> in, Index groups, double epsilon) {
  const Tensor<double>& x = in[0];
  const Index samples = x.dim(0), channels = x.dim(-1), per = channels / groups;
  const Index rows = x.size() / std::max<Index>(1, samples * channels);
  std::vector<double> y(static_cast<std::size_t>(x.size()));
  for (Index n = 0; n < samples; ++n)
    for (Index g = 0; g < groups; ++g) {
      const auto each = [&](auto f) {
        for (Index r = 0; r < rows; ++r)
          for (Index c = g * per; c < (g + 1) * per; ++c) f((n * rows + r) * channels + c, c);
      };
      const double count = static_cast<double>(rows * per);
      double mean = 0, var = 0;
      each([&](Index i, Index) { mean += x.data()[i] / count; });
      each([&](Index i, Index) { var += std::pow(x.data()[i] - mean, 2) / count; });
      each([&](Index i, Index c) {
        const double xh = (x.data()[i] - mean) / std::sqrt(var + epsilon);
        y[static_cast<std::size_t>(i)] = in.size() > 1 ? xh * in[1](c) + in[2](c) : xh;
      });
    }
  return Tensor<double>(x.shape(), y);
}

}  // namespace detail

inline void group_norm_cases(OpCases& c) {
  const double epsilon = 0.01;
  const auto row = [&](const Shape& shape, Index groups, bool affine) {
    const Shape channels{shape[-1]};
    std::vector<Tensor<double>> inputs{random(shape, {-2, 3})};
    if (affine) inputs.push_back(random(channels, {0.5, 1.5}, 2)), inputs.push_back(random(channels, {}, 3));
    OpCase& added = c.add(
        "group_norm", std::to_string(groups) + " groups", inputs,
        [=](const auto& in) {
          using Parameter = std::remove_cvref_t<decltype(in[0])>;
          return affine ? group_norm(in[0], groups, in[1], in[2], epsilon)
                        : group_norm(in[0], groups, Parameter(), Parameter(), epsilon);
        },
        [=](Inputs<double> in) { return detail::group_normalised(in, groups, epsilon); });
    added.differences = shape.size() < 100;
    // Divided by the deviation, whose square may be as small as epsilon; and each position is off by the
    // mean's rounding.
    added.error = 64 + static_cast<double>(shape.size() / std::max<Index>(1, shape[-1]));
  };
  for (const bool affine : {true, false}) {
    row({2, 3, 2, 6}, 3, affine);
    row({3, 5, 1, 5}, 1, affine);
    row({2, 7, 3}, 3, affine);  // each channel by itself
    row({4, 6}, 2, affine);     // no positions
  }
  row({1, 1, 1, 1}, 1, true);  // no variance
  row({3, 1, 2, 2}, 2, true);
  row({0, 2, 2, 4}, 2, true);
  row({2, 0, 2, 4}, 2, true);
  row({3, 31, 7, 36}, 4, true);  // more than one thread, with ragged vectors
  row({2, 90, 50, 33}, 11, true);
}

inline void rms_norm_cases(OpCases& c) {
  const auto row = [&](const Shape& shape, bool affine) {
    std::vector<Tensor<double>> inputs{random(shape, {-2, 3})};
    if (affine) inputs.push_back(random({shape[-1]}, {0.5, 1.5}, 2));
    OpCase& added = c.add(
        "rms_norm", "", inputs,
        [=](const auto& in) {
          using Parameter = std::remove_cvref_t<decltype(in[0])>;
          return rms_norm(in[0], affine ? in[1] : Parameter(), 0.01);
        },
        [=](Inputs<double> in) {
          const Index n = in[0].dim(-1);
          std::vector<double> y;
          for (const double* x = in[0].data(); x < in[0].data() + in[0].size(); x += n) {
            double square = 0;
            for (Index i = 0; i < n; ++i) square += x[i] * x[i] / static_cast<double>(n);
            for (Index i = 0; i < n; ++i)
              y.push_back(x[i] / std::sqrt(square + 0.01) * (affine ? in[1](i) : 1));
          }
          return Tensor<double>(in[0].shape(), y);
        });
    added.differences = shape.size() < 100;
    added.error = 64;  // divided by a root, whose square may be as small as epsilon
  };
  for (const Shape& shape : {Shape{7}, Shape{6, 3}, Shape{2, 3, 2, 5}}) {
    row(shape, true);
    row(shape, false);
  }
  row({4, 1}, true);
  row({0, 3}, true);
  row({3000, 17}, true);  // more than one thread
}

inline void prelu_cases(OpCases& c) {
  const auto row = [&](const Shape& shape, Index slopes, bool kinks = false) {
    const auto x = kinks ? Tensor<double>::zeros(shape) : random(shape, {-2, 2, {0}});
    c.add(
         "prelu", kinks ? "at 0" : "", {x, random({slopes}, {-0.5, 0.5}, 2)},
         [](const auto& in) { return prelu(in[0], in[1]); },
         [slopes](Inputs<double> in) {
           return build(in[0].shape(), [&](const auto& i) {
             const double v = at(in[0], i);
             return v > 0 ? v : v * in[1](slopes == 1 ? 0 : i.back());
           });
         })
        .differences = !kinks && shape.size() < 1000;
  };
  for (const Shape& shape : {Shape{5}, Shape{1}, Shape{3, 4}, Shape{2, 3, 2, 5}, Shape{0, 3}}) {
    row(shape, 1);
    row(shape, shape[-1]);
  }
  row({3}, 1, true);
  row({3001, 37}, 37);  // more than one thread
}

/// Rows that come several times, or not at all.
inline void embedding_cases(OpCases& c) {
  const auto row = [&](const Shape& table, const Shape& positions) {
    std::vector<std::int32_t> list;
    for (Index i = 0; i < positions.size(); ++i)
      list.push_back(static_cast<std::int32_t>((i * 7 + i / 3) % table[0]));
    const figment::Indices indices(positions, list);
    Shape y = positions;
    y.push_back(table[1]);
    c.add(
        "embedding", to_string(positions), {random(table)},
        [indices](const auto& x) { return embedding(x[0], indices); },
        [=](Inputs<double> x) {
          return build(y, [&](const std::vector<Index>& i) {
            Index at = 0;
            for (std::size_t d = 0; d + 1 < i.size(); ++d) at = at * y[static_cast<Index>(d)] + i[d];
            return x[0](list[static_cast<std::size_t>(at)], i.back());
          });
        });
  };
  row({5, 3}, {4});
  row({4, 2}, {2, 5});
  row({3, 1}, {});
  row({2, 3}, {0, 4});
  row({5, 4}, {2, 1, 3});
}

inline void pixel_shuffle_cases(OpCases& c) {
  const auto row = [&](const Shape& x, Index r) {
    const Shape y{x[0], x[1] * r, x[2] * r, x[3] / (r * r)};
    const std::string name = std::to_string(r);
    c.add(
        "pixel_shuffle", name, {random(x)}, [=](const auto& in) { return pixel_shuffle(in[0], r); },
        [=](Inputs<double> in) {
          return build(y, [&](const std::vector<Index>& i) {
            return in[0](i[0], i[1] / r, i[2] / r, (i[3] * r + i[1] % r) * r + i[2] % r);
          });
        });
    c.add(
        "pixel_unshuffle", name, {random(y)}, [=](const auto& in) { return pixel_unshuffle(in[0], r); },
        [=](Inputs<double> in) {
          return build(x, [&](const std::vector<Index>& i) {
            return in[0](i[0], i[1] * r + i[3] / r % r, i[2] * r + i[3] % r, i[3] / (r * r));
          });
        });
  };
  row({2, 3, 2, 8}, 2);
  row({1, 2, 1, 9}, 3);
  row({2, 2, 3, 2}, 1);
  row({0, 2, 2, 4}, 2);
}

}  // namespace test

// Orthogonal initial weights: W^T W or W W^T is gain^2 I.
#include "figment/nn/orthogonal.hpp"

#include "figment/nn/linear.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"

using namespace figment;

namespace {

template <class T>
Tensor<T> draw(const Shape& shape, double gain, std::uint64_t seed = 1) {
  Rng rng(seed);
  return init::orthogonal(gain).make<T>(shape, {}, rng);
}

/// The largest element of |gram - gain^2 I|.
template <class T>
double error(const Tensor<T>& weight, double gain) {
  const auto w = weight.matrix();
  const Eigen::MatrixXd d = w.template cast<double>();
  const Eigen::MatrixXd gram = d.rows() >= d.cols() ? (d.transpose() * d).eval() : (d * d.transpose()).eval();
  return (gram - gain * gain * Eigen::MatrixXd::Identity(gram.rows(), gram.cols())).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("orthogonal weights are orthonormal along the shorter side", "[nn]") {
  const double gain = GENERATE(1.0, std::sqrt(2.0));
  for (const Shape& shape : {Shape{40, 25}, Shape{25, 40}, Shape{30, 30}, Shape{1, 7}, Shape{7, 1}}) {
    INFO(shape.rank() << ": " << to_string(shape) << " gain " << gain);
    // Reflections keep lengths to a few roundings each; sums of at most 40 terms.
    CHECK(error(draw<double>(shape, gain), gain) < 1e-14);
    CHECK(error(draw<float>(shape, gain), gain) < 1e-6);  // rounded to float: 2^-24 a factor
    CHECK(test::bit_difference(draw<float>(shape, gain), cast<float>(draw<double>(shape, gain))) == "");
  }
  // All extents but the last are the rows.
  CHECK(error(draw<double>({3, 3, 4, 16}, gain), gain) < 1e-14);
}

TEST_CASE("orthogonal weights favour no direction", "[nn]") {
  // Uniform over the orthogonal matrices: each element has mean 0 and variance 1 / n, the diagonal too,
  // which R's signs would otherwise make positive or negative always.
  const Index n = 4, draws = 500;
  double sum = 0, squares = 0;
  for (Index seed = 0; seed < draws; ++seed) {
    const auto w = draw<double>({n, n}, 1, static_cast<std::uint64_t>(seed));
    for (Index i = 0; i < n; ++i) sum += w(i, i), squares += w(i, i) * w(i, i);
  }
  const double count = static_cast<double>(n * draws);
  // Deviations: sqrt(1/4 / 2000) = 0.011, and below 0.25 / sqrt(2000) = 0.006 for the squares. Five each.
  CHECK_THAT(sum / count, WithinAbs(0, 0.056));
  CHECK_THAT(squares / count, WithinAbs(0.25, 0.03));
}

TEST_CASE("a layer can begin orthogonal", "[nn]") {
  Rng rng(1);
  const Linear<double> layer(12, 12, rng, {.init = init::orthogonal()});
  CHECK(layer.weight.tracked());
  CHECK(error(layer.weight, 1) < 1e-14);
}

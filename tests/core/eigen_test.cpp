// Tensors as Eigen expressions, and Eigen's results as tensors.
#include "figment/core/eigen.hpp"

#include <Eigen/Eigenvalues>

#include "figment/core/eigen_tensor.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using figment::from_eigen;
using figment::Shape;
using figment::Tensor;

TEST_CASE("matrix() is the memory, the last dimension its columns", "[core]") {
  Tensor<double> t({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto m = std::as_const(t).matrix();
  CHECK(m.data() == t.data());
  CHECK((m.rows() == 2 && m.cols() == 3 && m(1, 0) == 4));
  t.matrix()(1, 0) = 9;
  CHECK(t(1, 0) == 9);
  t.matrix() = t.matrix() * 2;
  CHECK(t(0, 1) == 4);

  const Tensor<float> images({2, 3, 4}), vector({5}), scalar = Tensor<float>::scalar(1), empty({3, 0});
  CHECK((images.matrix().rows() == 6 && images.matrix().cols() == 4));
  CHECK((vector.matrix().rows() == 1 && vector.matrix().cols() == 5));
  CHECK((scalar.matrix().rows() == 1 && scalar.matrix().cols() == 1));
  CHECK(empty.matrix().size() == 0);
}

TEST_CASE("writing through a map counts as a change, reading a const tensor does not", "[core]") {
  Tensor<float> t({2, 2}, {1, 2, 3, 4});
  const auto before = t.version();
  const Tensor<float>& constant = t;
  CHECK(constant.matrix().sum() == 10);
  CHECK(constant.array().maxCoeff() == 4);
  CHECK(t.version() == before);
  t.array() += 1;
  CHECK(t.version() != before);
  CHECK(t(1, 1) == 5);
}

TEST_CASE("a matrix without columns or rows keeps the others", "[core]") {
  const Tensor<float> none(figment::Shape{2, 3, 0}), empty(figment::Shape{0, 3});
  CHECK((none.matrix().rows() == 6 && none.matrix().cols() == 0));
  CHECK((empty.matrix().rows() == 0 && empty.matrix().cols() == 3));
  CHECK(figment::from_eigen(Eigen::MatrixXf(3, 0)).shape() == figment::Shape{3, 0});
}

TEST_CASE("array() is all elements in a row", "[core]") {
  Tensor<double> t({2, 2}, {1, 4, 9, 16});
  const auto a = std::as_const(t).array();
  CHECK(a.size() == 4);
  CHECK(a.sqrt().sum() == 10);
  t.array() = t.array().sqrt();
  CHECK(t(1, 0) == 3);
}

TEST_CASE("any Eigen expression becomes a tensor, whatever its storage order", "[core]") {
  Eigen::MatrixXf columns(2, 3);  // Eigen's default order is by columns
  columns << 1, 2, 3, 4, 5, 6;
  const auto t = from_eigen(columns);
  CHECK(t.shape() == Shape{2, 3});
  CHECK((t(0, 1) == 2 && t(1, 0) == 4));
  const auto product = from_eigen(columns * columns.transpose());
  CHECK((product.shape() == Shape{2, 2} && product(0, 1) == 32));
  CHECK(from_eigen(columns.transpose())(2, 1) == 6);
  CHECK(from_eigen(columns.row(1)).shape() == Shape{1, 3});
  CHECK(from_eigen(columns.array().square())(1, 2) == 36);
  CHECK(from_eigen(Eigen::Vector3d(1, 2, 3)).shape() == Shape{3, 1});
}

TEST_CASE("linear algebra is Eigen's", "[core]") {
  const Tensor<double> a({2, 2}, {2, 1, 1, 2});
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(a.matrix());
  const auto values = from_eigen(solver.eigenvalues());
  CHECK_THAT(values(0, 0), WithinAbs(1, 1e-14));  // a few roundings of numbers about 2
  CHECK_THAT(values(1, 0), WithinAbs(3, 1e-14));
}

TEST_CASE("eigen<Rank>() is an Eigen tensor over the memory", "[core]") {
  Tensor<float> t({2, 3, 4});
  t.fill(1);
  t.set({1, 2, 3}, 5);
  const auto e = std::as_const(t).eigen<3>();
  CHECK(e.data() == t.data());
  CHECK((e.dimension(0) == 2 && e.dimension(2) == 4));
  CHECK(e(1, 2, 3) == 5);
  t.eigen<3>()(0, 1, 0) = 7;
  CHECK(t(0, 1, 0) == 7);
  CHECK(test::error_of([&] { t.eigen<2>(); }) == "eigen: rank 2 asked of shape (2, 3, 4)");
}

// Tensors as Eigen expressions, and Eigen's results as tensors.
#include "figment/core/eigen.hpp"

#include <Eigen/Eigenvalues>

#include "figment/core/eigen_tensor.hpp"
#include "figment/nn/linear.hpp"
#include "figment/ops/eigen.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
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

namespace {

template <class T>
std::string held(const Tensor<T>& found, const Shape& shape, std::initializer_list<T> values) {
  if (found.shape() != shape) return "shape " + to_string(found.shape());
  return test::bit_difference(found, Tensor<T>(shape, values));
}
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A result that is gone when the tensor is read.
Eigen::Matrix2f fixed_by_value() { return (Eigen::Matrix2f() << 1, 2, 3, 4).finished(); }

}  // namespace

TEST_CASE("a tensor is made from any Eigen expression, in Eigen's shape", "[core]") {
  Eigen::MatrixXf columns(2, 3);
  columns << 1, 2, 3, 4, 5, 6;
  const RowMajor rows = columns;
  CHECK(held<float>(Tensor(columns), {2, 3}, {1, 2, 3, 4, 5, 6}) == "");
  CHECK(held<float>(Tensor(rows), {2, 3}, {1, 2, 3, 4, 5, 6}) == "");
  CHECK(held<float>(Tensor(columns.transpose()), {3, 2}, {1, 4, 2, 5, 3, 6}) == "");
  CHECK(held<float>(Tensor(columns * rows.transpose()), {2, 2}, {14, 32, 32, 77}) == "");
  CHECK(held<float>(Tensor(columns.array().square() + 1), {2, 3}, {2, 5, 10, 17, 26, 37}) == "");
  CHECK(held<float>(Tensor(columns.block(0, 1, 2, 2)), {2, 2}, {2, 3, 5, 6}) == "");
  CHECK(held<float>(Tensor(columns.rightCols<1>()), {2}, {3, 6}) == "");
  CHECK(held<float>(Tensor(rows.row(1).reverse()), {3}, {6, 5, 4}) == "");
  CHECK(held<float>(Tensor(columns.colwise().sum()), {3}, {5, 7, 9}) == "");
  CHECK(held<float>(Tensor(fixed_by_value()), {2, 2}, {1, 2, 3, 4}) == "");
  CHECK(held<float>(Tensor(fixed_by_value() * 2), {2, 2}, {2, 4, 6, 8}) == "");
  CHECK(held<float>(Tensor(fixed_by_value().inverse().eval()), {2, 2}, {-2, 1, 1.5, -0.5}) == "");
  CHECK(held<double>(Tensor(Eigen::Vector3d(1, 2, 3)), {3}, {1, 2, 3}) == "");
  CHECK(held<double>(Tensor(Eigen::VectorXd::LinSpaced(3, 0, 1).replicate(1, 2)), {3, 2},
                     {0, 0, 0.5, 0.5, 1, 1}) == "");
  // What is no dense expression: half a matrix, a diagonal one, an order.
  CHECK(held<float>(Tensor(columns.leftCols(2).triangularView<Eigen::Lower>()), {2, 2}, {1, 0, 4, 5}) == "");
  CHECK(held<double>(Tensor(Eigen::Vector2d(3, 4).asDiagonal()), {2, 2}, {3, 0, 0, 4}) == "");
  // Steps between elements, one's own or Eigen's.
  float memory[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const Eigen::Map<RowMajor, 0, Eigen::Stride<4, 2>> sparse(memory, 2, 2, Eigen::Stride<4, 2>());
  CHECK(held<float>(Tensor(sparse), {2, 2}, {1, 3, 5, 7}) == "");
  const Eigen::Ref<const Eigen::MatrixXf> ref = columns.topRows(1);
  CHECK(held<float>(Tensor(ref), {1, 3}, {1, 2, 3}) == "");
  // None.
  CHECK(Tensor(Eigen::MatrixXf(0, 3)).shape() == Shape{0, 3});
  CHECK(Tensor(Eigen::VectorXd()).shape() == Shape{0});
}

TEST_CASE("an Eigen expression is assigned, and converts where a tensor is expected", "[core]") {
  const Eigen::MatrixXf m = (Eigen::MatrixXf(2, 2) << 1, 2, 3, 4).finished();
  Tensor<float> x = m * 2;
  CHECK(held<float>(x, {2, 2}, {2, 4, 6, 8}) == "");
  const Tensor<float> before = x;
  x = m.array() - 1;  // another memory
  CHECK((held<float>(x, {2, 2}, {0, 1, 2, 3}) == "" && before(0, 0) == 2));
  x.copy_from(m.transpose());  // the same
  CHECK(held<float>(x, {2, 2}, {1, 3, 2, 4}) == "");
  x = x.matrix() * x.matrix();
  CHECK(held<float>(x, {2, 2}, {7, 15, 10, 22}) == "");
  x.matrix() = std::as_const(x).matrix().transpose().eval();
  CHECK(held<float>(x, {2, 2}, {7, 10, 15, 22}) == "");
  x.matrix().row(0) << 8, 9;  // g++ 12 warns of a RowVector2f there
  CHECK(held<float>(x, {2, 2}, {8, 9, 15, 22}) == "");

  const figment::Indices labels = Eigen::Vector3i(2, 0, 1);
  CHECK(held<std::int32_t>(labels, {3}, {2, 0, 1}) == "");
  const figment::Mask mask = m.array() > 2;
  CHECK(held<std::uint8_t>(mask, {2, 2}, {0, 0, 1, 1}) == "");
  // Other numbers when asked for, and not in passing.
  CHECK(held<double>(Tensor<double>(m), {2, 2}, {1, 2, 3, 4}) == "");
  static_assert(!std::is_convertible_v<Eigen::MatrixXf, Tensor<double>>);
  static_assert(std::is_convertible_v<Eigen::MatrixXf, Tensor<float>>);
  static_assert(!std::is_convertible_v<std::string, Tensor<float>>);
}

TEST_CASE("borrow is a tensor in a user's memory", "[core]") {
  float memory[] = {1, 2, 3, 4, 5, 6};
  {
    Tensor<float> x = Tensor<float>::borrow(memory, {3, 2});
    CHECK((x.data() == memory && x.version() == 0));
    x(2, 1) = 7;
    CHECK(memory[5] == 7);
    Tensor<float> part = Tensor<float>::borrow(Eigen::Map<RowMajor>(memory, 2, 3));
    CHECK(held<float>(part, {2, 3}, {1, 2, 3, 4, 5, 7}) == "");
    part.matrix() *= 2;
    CHECK(x(0, 0) == 2);
    CHECK_FALSE(x.unique());  // whoever has the memory sees it
    const auto copy = part.clone();
    memory[0] = 10;
    CHECK((part(0, 0) == 10 && copy(0, 0) == 2));
  }
  CHECK(memory[5] == 14);

  RowMajor rows(3, 2);
  rows << 1, 2, 3, 4, 5, 6;
  CHECK(Tensor<float>::borrow(rows).data() == rows.data());
  CHECK(held<float>(Tensor<float>::borrow(rows.bottomRows(2)), {2, 2}, {3, 4, 5, 6}) == "");
  Eigen::Ref<RowMajor> ref = rows;
  CHECK(Tensor<float>::borrow(ref).shape() == Shape{3, 2});
  Eigen::MatrixXf columns(3, 2);
  columns << 1, 2, 3, 4, 5, 6;
  CHECK(held<float>(Tensor<float>::borrow(columns.transpose()), {2, 3}, {1, 3, 5, 2, 4, 6}) == "");
  CHECK(held<float>(Tensor<float>::borrow(columns.col(1)), {3}, {2, 4, 6}) == "");
  Eigen::VectorXd vector = Eigen::VectorXd::Ones(4);
  CHECK(Tensor<double>::borrow(vector).shape() == Shape{4});
  CHECK(test::error_of([&] { Tensor<float>::borrow(columns); }) ==
        "borrow: a matrix (3, 2) with 1 from row to row and 3 from column to column is not row-major and "
        "contiguous; Tensor(m) copies it");
  CHECK_THAT(test::error_of([&] { Tensor<float>::borrow(rows.leftCols(1)); }),
             StartsWith("borrow: a matrix (3, 1) with 2 from row to row"));
  CHECK(test::error_of([&] { Tensor<float>::borrow(nullptr, {2}); }) == "borrow: no memory for shape (2,)");

  // Gradients by borrowed weights, and a step in their memory.
  auto w = parameter(Tensor<float>::borrow(rows));
  const auto g = grad(sum(square(w)), w);
  CHECK(held<float>(g, {3, 2}, {2, 4, 6, 8, 10, 12}) == "");
  w.matrix() -= 0.5f * g.matrix();
  CHECK(rows.isZero());
}

TEST_CASE("operations and layers take Eigen's matrices, arrays and vectors", "[core]") {
  const Eigen::MatrixXf m = (Eigen::MatrixXf(2, 2) << 1, 2, 3, 4).finished();
  const Eigen::ArrayXXf a = m.array();
  const auto x = parameter(Tensor<float>({2, 2}, {1, 1, 2, 2}));
  CHECK(held<float>(matmul(x, m), {2, 2}, {4, 6, 8, 12}) == "");
  CHECK(held<float>(figment::matmul(m, m * 2), {2, 2}, {14, 20, 30, 44}) == "");
  CHECK(held<float>(figment::relu(m.array().matrix() - 2 * m), {2, 2}, {0, 0, 0, 0}) == "");
  CHECK(figment::sum(m).item() == 10);
  CHECK(held<float>(figment::sum(m, 0), {2}, {4, 6}) == "");
  CHECK(held<float>((figment::max)(m, 1), {2}, {2, 4}) == "");
  CHECK(held<float>(x + m, {2, 2}, {2, 3, 5, 6}) == "");
  CHECK(held<float>(m - x, {2, 2}, {0, 1, 1, 2}) == "");
  CHECK(held<float>(x * a, {2, 2}, {1, 2, 6, 8}) == "");
  CHECK(held<float>(a / x, {2, 2}, {1, 2, 1.5, 2}) == "");
  CHECK(held<float>(x * Eigen::RowVector2f(1, 10).array(), {2, 2}, {1, 10, 2, 20}) == "");
  CHECK(held<std::uint8_t>(x >= m, {2, 2}, {1, 0, 0, 0}) == "");
  CHECK(held<std::uint8_t>(a == x, {2, 2}, {1, 0, 0, 0}) == "");
  CHECK(held<float>(where(a > 2, x, m), {2, 2}, {1, 2, 2, 2}) == "");
  CHECK(mse(x, m).item() == 1.5f);
  CHECK(held<float>(grad(sum(x * a), x), {2, 2}, {1, 2, 3, 4}) == "");  // Eigen's are constants
  CHECK(held<float>(take(x, Eigen::Vector2i(1, 0)), {2, 2}, {2, 2, 1, 1}) == "");
  auto y = x.detach().clone();
  y += m;
  CHECK(held<float>(y, {2, 2}, {2, 3, 5, 6}) == "");
  // Between Eigen's own all is Eigen's, with using-directives too.
  {
    using namespace figment;
    const Eigen::ArrayXXf e = exp(a - a) + abs(a);
    CHECK(e(1, 1) == 5);
    const Eigen::ArrayXXf b = pow(a, 2) + sqrt(a);
    CHECK(b(0, 0) == 2);
    CHECK((a == a).all());
  }

  figment::Rng rng(1);
  figment::Linear layer(2, 3, rng);
  CHECK(test::bit_difference(layer(m), layer(Tensor(m))) == "");
  CHECK(test::bit_difference(layer.forward(m * 2), layer.forward(Tensor(m * 2))) == "");
  CHECK(test::bit_difference(layer(m.row(0)), layer(Tensor<float>({2}, {1, 2}))) == "");
}

TEST_CASE("Eigen's tensors make tensors and lend their memory", "[core]") {
  using Rows = Eigen::Tensor<float, 3, Eigen::RowMajor>;
  Rows rows(2, 1, 3);
  rows.setValues({{{1, 2, 3}}, {{4, 5, 6}}});
  CHECK(held<float>(Tensor(rows), {2, 1, 3}, {1, 2, 3, 4, 5, 6}) == "");
  CHECK(held<float>(Tensor(rows * 2.0f + rows), {2, 1, 3}, {3, 6, 9, 12, 15, 18}) == "");
  const Eigen::array<int, 1> last{2};
  CHECK(held<float>(Tensor(rows.sum(last)), {2, 1}, {6, 15}) == "");
  CHECK(held<float>(Tensor(rows.sum()), {}, {21}) == "");
  Eigen::Tensor<float, 2> columns(2, 3);  // Eigen's default order
  columns.setValues({{1, 2, 3}, {4, 5, 6}});
  CHECK(held<float>(Tensor(columns), {2, 3}, {1, 2, 3, 4, 5, 6}) == "");
  CHECK(held<float>(Tensor(-columns), {2, 3}, {-1, -2, -3, -4, -5, -6}) == "");
  CHECK(held<double>(Tensor<double>(columns), {2, 3}, {1, 2, 3, 4, 5, 6}) == "");
  Eigen::TensorFixedSize<float, Eigen::Sizes<2, 2>> fixed;
  fixed.setValues({{1, 2}, {3, 4}});
  CHECK(held<float>(Tensor(fixed), {2, 2}, {1, 2, 3, 4}) == "");

  Tensor<float> x = rows;
  x.eigen<3>() = rows.exp().log() + x.eigen<3>();
  CHECK_THAT(x(1, 0, 2), WithinAbs(12, 1e-5));  // a rounding of exp(6)
  CHECK(held<float>(x.detach() * 0 + rows, {2, 1, 3}, {1, 2, 3, 4, 5, 6}) == "");
  CHECK(held<float>(figment::sum(rows, 0), {1, 3}, {5, 7, 9}) == "");

  Tensor<float> lent = Tensor<float>::borrow(rows);
  lent(0, 0, 0) = 9;
  CHECK(rows(0, 0, 0) == 9);
  CHECK(Tensor<float>::borrow(Eigen::TensorMap<Rows>(rows.data(), 1, 2, 3)).shape() == Shape{1, 2, 3});
}

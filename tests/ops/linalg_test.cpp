// figment/linalg.hpp: values and gradients by PyTorch's, second gradients by differences, and what is
// refused.
#include "figment/linalg.hpp"

#include <fstream>
#include <map>
#include <set>

#include "figment/autograd/gradcheck.hpp"
#include "figment/ops/reduce.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"
#include "support/golden.hpp"

using figment::gradcheck;
using figment::Index;
using figment::Shape;

namespace {

using Outputs = std::vector<figment::Tensor<double>>;
using LinalgFunction = std::function<Outputs(std::span<const figment::Tensor<double>>)>;

/// How the first input of a function is drawn.
enum class Draws { matrices, definite, lower, upper };

/// A public function of figment/linalg.hpp, at one choice of options.
struct LinalgRow {
  std::string name;
  Index rows, columns, sides;
  Draws draws;
  LinalgFunction f;
};

/// By the names of tests/golden/linalg.txt, of which a name ends at the function's.
const std::vector<LinalgRow>& linalg_rows() {
  using enum Draws;
  static const std::vector<LinalgRow> rows = [] {
    std::vector<LinalgRow> r;
    const auto add = [&r](const char* name, Index m, Index n, Index sides, Draws draws, LinalgFunction f) {
      r.push_back({name, m, n, sides, draws, std::move(f)});
    };
    const LinalgFunction solved = [](auto x) { return Outputs{solve(x[0], x[1])}; };
    const LinalgFunction factors_qr = [](auto x) {
      const auto f = qr(x[0]);
      return Outputs{f.q, f.r};
    };
    const LinalgFunction factors_svd = [](auto x) {
      const auto f = svd(x[0]);
      return Outputs{f.u, f.s, f.vt};
    };
    const LinalgFunction nearest = [](auto x) { return Outputs{lstsq(x[0], x[1])}; };
    add("inverse", 3, 3, 0, matrices, [](auto x) { return Outputs{inverse(x[0])}; });
    add("solve", 3, 3, 2, matrices, solved);
    add("solve_vector", 3, 3, -1, matrices, solved);
    add("triangular_solve_lower", 3, 3, 2, lower,
        [](auto x) { return Outputs{triangular_solve(x[0], x[1])}; });
    add("triangular_solve_upper", 3, 3, 2, upper, [](auto x) {
      const figment::Triangle above{.upper = true};
      return Outputs{triangular_solve(x[0], x[1], above)};
    });
    add("cholesky", 3, 3, 0, definite, [](auto x) { return Outputs{cholesky(x[0])}; });
    add("det", 3, 3, 0, matrices, [](auto x) { return Outputs{det(x[0])}; });
    add("slogdet", 3, 3, 0, matrices, [](auto x) { return Outputs{slogdet(x[0]).log_abs}; });
    add("qr", 4, 3, 0, matrices, factors_qr);
    add("qr_wide", 2, 4, 0, matrices, factors_qr);
    add("svd", 3, 3, 0, matrices, factors_svd);
    add("svd_tall", 4, 3, 0, matrices, factors_svd);
    add("svd_wide", 2, 4, 0, matrices, factors_svd);
    add("eigh", 3, 3, 0, definite, [](auto x) {
      const auto f = eigh(x[0]);
      return Outputs{f.values, f.vectors};
    });
    add("matrix_sqrt", 3, 3, 0, definite, [](auto x) { return Outputs{matrix_sqrt(x[0])}; });
    add("lstsq", 4, 3, 2, matrices, nearest);
    add("lstsq_wide", 2, 4, 2, matrices, nearest);
    add("pinv", 4, 3, 0, matrices, [](auto x) { return Outputs{pinv(x[0])}; });
    return r;
  }();
  return rows;
}

/// Matrices with the singular values 1 to 1/condition, evenly in the logarithm, or of definite matrices
/// these eigenvalues: in random directions.
figment::Tensor<double> conditioned(const Shape& lead, Index m, Index n, Draws draws, double condition,
                                    figment::Rng& rng) {
  const Index k = std::min(m, n);
  const auto q = [&](Index rows) {
    return figment::qr(rng.normal<double>(figment::detail::around(lead, {rows, k}))).q;
  };
  figment::Tensor<double> s(Shape{k});
  for (Index i = 0; i < k; ++i)
    s.mutable_data()[i] = std::pow(condition, -static_cast<double>(i) / std::max<double>(1, double(k - 1)));
  const auto u = q(m), v = draws == Draws::definite ? u : q(n);
  const auto a = matmul(u * s, v, {false, true});
  if (draws == Draws::matrices || draws == Draws::definite) return a;
  const auto r = figment::qr(a).r;  // of the same singular values
  return draws == Draws::upper ? r : transpose(r);
}
std::vector<figment::Tensor<double>> linalg_inputs(const LinalgRow& row, const Shape& lead,
                                                   double condition = 4) {
  figment::Rng rng(3);
  using figment::detail::around;
  std::vector<figment::Tensor<double>> x{conditioned(lead, row.rows, row.columns, row.draws, condition, rng)};
  if (row.sides > 0) x.push_back(rng.normal<double>(around(lead, {row.rows, row.sides})));
  if (row.sides < 0) x.push_back(rng.normal<double>(around(lead, {row.rows})));
  return x;
}

/// sum(y * dy) over all outputs, or over one.
figment::Tensor<double> linalg_total(const Outputs& y, const Outputs& dy, std::ptrdiff_t one = -1) {
  auto total = figment::Tensor<double>::zeros({});
  for (std::size_t i = 0; i < y.size(); ++i)
    if (one < 0 || i == static_cast<std::size_t>(one)) total = total + sum(y[i] * dy[i]);
  return total;
}

double most(const figment::Tensor<double>& x) { return x.size() ? (figment::max)(abs(x)).item() : 0; }

/// The largest difference, relative to the largest element.
double apart(const figment::Tensor<double>& a, const figment::Tensor<double>& b) {
  REQUIRE(a.shape() == b.shape());
  return a.size() ? most(a - b) / std::max(1.0, most(b)) : 0;
}

/// Everything of a row and a condition by differences, first and second order.
std::string linalg_differences(const LinalgRow& row, const Shape& lead, double condition,
                               const figment::GradcheckOptions& options) {
  const auto f = [&](std::span<const figment::Tensor<double>> x) {
    const auto y = row.f(x);
    figment::Rng rng(5);
    Outputs dy;
    for (const auto& out : y) dy.push_back(rng.normal<double>(out.shape()));
    return linalg_total(y, dy);
  };
  return gradcheck(f, linalg_inputs(row, lead, condition), options).message;
}

}  // namespace

TEST_CASE("linear algebra: values and gradients are PyTorch's", "[linalg]") {
  const golden::Golden golden("linalg");
  for (const LinalgRow& row : linalg_rows()) {
    INFO(row.name);
    Outputs x{parameter(golden[row.name + ".x0"])};
    if (row.sides != 0) x.push_back(parameter(golden[row.name + ".x1"]));
    const auto y = row.f(x);
    Outputs dy;
    for (std::size_t i = 0; i < y.size(); ++i) {
      // Conditions here are below a thousand: digits beyond 1e-13 are neither's.
      CHECK(apart(y[i], golden[row.name + ".y" + std::to_string(i)]) < 1e-12);
      dy.push_back(golden[row.name + ".dy" + std::to_string(i)]);
    }
    for (const bool recorded : {false, true}) {
      const auto dx = grad(linalg_total(y, dy), x, figment::GradOptions{.create_graph = recorded});
      for (std::size_t i = 0; i < x.size(); ++i)
        CHECK(apart(dx[i], golden[row.name + ".dx" + std::to_string(i)]) < 1e-10);
    }
  }
  const auto low = parameter(golden["pinv_low_rank.x0"]);
  const auto y = pinv(low);
  CHECK(apart(y, golden["pinv_low_rank.y0"]) < 1e-12);
  CHECK(apart(grad(sum(y * golden["pinv_low_rank.dy0"]), low), golden["pinv_low_rank.dx0"]) < 1e-10);
}

TEST_CASE("linear algebra: first and second gradients equal finite differences", "[linalg]") {
  for (const LinalgRow& row : linalg_rows()) {
    INFO(row.name);
    CHECK(linalg_differences(row, {}, 4, {}) == "");
    CHECK(linalg_differences(row, {2}, 4, {}) == "");
    CHECK(linalg_differences(row, {0}, 4, {}) == "");
    // With each order of derivatives the results grow by the condition: the differences are good to
    // (condition h)^2 = 1e-6 of the gradient's largest element, a thousand times that of its smallest.
    CHECK(linalg_differences(row, {}, 1e3, {.step = 1e-6, .tolerance = 1e-3}) == "");
  }
}

TEST_CASE("linear algebra: each output alone, and without elements", "[linalg]") {
  for (const LinalgRow& row : linalg_rows()) {
    INFO(row.name);
    Outputs x = linalg_inputs(row, {2, 1});
    for (auto& t : x) t = parameter(t);
    const auto y = row.f(x);
    Outputs dy, sums;
    for (const auto& out : y) dy.push_back(figment::Rng(5).normal<double>(out.shape()));
    for (const auto& t : x) sums.push_back(figment::Tensor<double>::zeros(t.shape()));
    for (std::size_t o = 0; o < y.size(); ++o) {
      const auto one = grad(linalg_total(y, dy, static_cast<std::ptrdiff_t>(o)), x);
      for (std::size_t i = 0; i < x.size(); ++i) sums[i] = sums[i] + one[i];
    }
    const auto all = grad(linalg_total(y, dy), x);
    for (std::size_t i = 0; i < x.size(); ++i) CHECK(apart(sums[i], all[i]) < 1e-12);

    // No matrices, and matrices of nothing.
    for (const bool no_batch : {true, false}) {
      LinalgRow none = row;
      if (!no_batch) none.rows = none.columns = 0;
      Outputs empty = linalg_inputs(none, no_batch ? Shape{0} : Shape{2});
      for (auto& t : empty) t = parameter(t);
      const auto nothing = row.f(empty);
      auto total = figment::Tensor<double>::zeros({});
      for (const auto& t : nothing) total = total + sum(t);
      const auto g = grad(total, empty);
      for (std::size_t i = 0; i < empty.size(); ++i) CHECK(g[i].shape() == empty[i].shape());
    }
  }
  const figment::Tensor<double> nothing({2, 0, 0});
  CHECK(test::difference(det(nothing), figment::Tensor<double>::ones({2}), 0) == "");
  CHECK(test::difference(slogdet(nothing).log_abs, figment::Tensor<double>::zeros({2}), 0) == "");
  CHECK(lstsq(figment::Tensor<double>({0, 3}), figment::Tensor<double>({0, 2})).shape() == Shape{3, 2});

  const figment::Tensor<float> a({2, 2}, {4, 2, 2, 3}), b({2}, {8, 8});
  CHECK(test::difference(solve(a, b), figment::Tensor<double>({2}, {1, 2}), 8) == "");
  CHECK(test::difference(cholesky(a), figment::Tensor<double>({2, 2}, {2, 0, 1, std::sqrt(2.0)}), 8) == "");
}

TEST_CASE("linear algebra: factors give the matrix again, well-conditioned or not", "[linalg]") {
  figment::Rng rng(9);
  const auto eye = figment::Tensor<double>::eye(5);
  for (const double condition : {1.0, 1e4, 1e8, 1e12}) {
    INFO(condition);
    const auto a = conditioned({2}, 5, 5, Draws::matrices, condition, rng);
    const auto tall = conditioned({2}, 7, 5, Draws::matrices, condition, rng);
    const auto s = conditioned({2}, 5, 5, Draws::definite, condition, rng);
    // Of backward stable methods: some roundings of the matrix, and of what multiplies it by the condition.
    const double exact = 1e-14, by_condition = 1e-14 * condition;
    CHECK(apart(matmul(a, inverse(a)), broadcast_to(eye, {2, 5, 5})) < by_condition);
    const auto b = rng.normal<double>({5, 2});
    CHECK(apart(matmul(a, solve(a, b)), broadcast_to(b, {2, 5, 2})) < by_condition);
    CHECK(apart(lstsq(tall, matmul(tall, broadcast_to(b, {2, 5, 2}))), broadcast_to(b, {2, 5, 2})) <
          by_condition);
    CHECK(apart(matmul(matmul(tall, pinv(tall)), tall), tall) < by_condition);
    const auto [q, r] = qr(tall);
    CHECK(apart(matmul(q, r), tall) < exact);
    CHECK(apart(matmul(q, q, {true, false}), broadcast_to(eye, {2, 5, 5})) < exact);
    const auto [u, sigma, vt] = svd(tall);
    CHECK(apart(matmul(u * unsqueeze(sigma, -2), vt), tall) < exact);
    const auto [w, v] = eigh(s);
    CHECK(apart(matmul(v * unsqueeze(w, -2), v, {false, true}), s) < exact);
    const auto l = cholesky(s);
    CHECK(apart(matmul(l, l, {false, true}), s) < exact);
    const auto root = matrix_sqrt(s);
    CHECK(apart(matmul(root, root), s) < exact);
    CHECK(apart(sum(log(sum(l * eye, -1)), -1) * 2, slogdet(s).log_abs) < by_condition);
  }
}

TEST_CASE("linear algebra: equal eigenvalues, options, broadcasts", "[linalg]") {
  using F64 = figment::Tensor<double>;
  // The root 2 I of 4 I: da = dy / 4.
  const F64 a = parameter(F64::eye(3) * 4);
  const F64 g = grad(sum(matrix_sqrt(a)), a);
  CHECK(apart(g, F64::full({3, 3}, 0.25)) < 1e-14);
  CHECK(gradcheck([](auto x) { return matrix_sqrt(x[0]); }, {a}).message == "");
  // Equal eigenvalues have a gradient, their vectors none.
  CHECK(apart(grad(sum(eigh(a).values), a), F64::eye(3)) < 1e-14);
  CHECK(test::error_of([&] { grad(sum(eigh(a).vectors), a); }) ==
        "eigh: two values are 4: the vectors of equal ones have no gradient");
  CHECK(apart(grad(sum(svd(a).s), a), F64::eye(3)) < 1e-14);
  CHECK(test::error_of([&] { grad(sum(svd(a).vt), a); }) ==
        "svd: two values are 4: the vectors of equal ones have no gradient");

  const F64 lower({2, 2}, {2, 9, 4, 5}), b({2}, {2, 14});
  CHECK(apart(triangular_solve(lower, b), F64({2}, {1, 2})) < 1e-15);
  CHECK(apart(triangular_solve(lower, b, {.unit = true}), F64({2}, {2, 6})) < 1e-15);
  CHECK(apart(triangular_solve(lower, b, {.transpose = true}), solve(F64({2, 2}, {2, 4, 0, 5}), b)) < 1e-14);
  CHECK(apart(triangular_solve(lower, b, {.upper = true, .transpose = true}),
              solve(F64({2, 2}, {2, 0, 9, 5}), b)) < 1e-14);
  for (const bool upper : {false, true})
    for (const bool transposed : {false, true})
      for (const bool unit : {false, true})
        CHECK(gradcheck(
                  [&](auto x) {
                    return triangular_solve(x[0], x[1], {upper, transposed, unit});
                  },
                  {lower, F64({3, 2, 1}, {1, 2, 3, 4, 5, 6})})
                  .message == "");
  const F64 m({2, 2, 2}, {2, 1, 1, 3, 4, 1, 0, 1});
  CHECK(solve(m, F64({2, 2}, {1, 2, 3, 4})).shape() == Shape{2, 2});  // a vector each
  CHECK(solve(m, F64::ones({2, 5})).shape() == Shape{2, 2, 5});
  CHECK(gradcheck([](auto x) { return solve(x[0], x[1]); }, {m, F64::ones({2, 1})}).message == "");
  CHECK(slogdet(F64({2, 2}, {0, 1, 1, 0})).sign.item() == -1);
  CHECK(det(F64({2, 2}, {1, 2, 2, 4})).item() == 0);
  CHECK(slogdet(F64({2, 2}, {1, 2, 2, 4})).sign.item() == 0);
  CHECK(most(pinv(F64::zeros({2, 3}))) == 0);
  CHECK(most(matrix_sqrt(F64::zeros({2, 2}))) == 0);
}

TEST_CASE("linear algebra: what is refused, by name", "[linalg]") {
  using F64 = figment::Tensor<double>;
  using test::error_of;
  const F64 wide({2, 3}), singular({2, 2}, {1, 2, 2, 4}), vector({3}),
      two({2, 2, 2}, {1, 0, 0, 1, 1, 2, 2, 4}), nan({2, 2}, {1, 0, 0, std::nan("")}),
      indefinite({2, 2}, {1, 0, 0, -1});
  const std::map<std::string, std::function<void(const F64&)>> square{
      {"inverse", [](const F64& x) { inverse(x); }},
      {"solve", [](const F64& x) { solve(x, x); }},
      {"triangular_solve", [](const F64& x) { triangular_solve(x, x); }},
      {"cholesky", [](const F64& x) { cholesky(x); }},
      {"det", [](const F64& x) { det(x); }},
      {"slogdet", [](const F64& x) { slogdet(x); }},
      {"eigh", [](const F64& x) { eigh(x); }},
      {"matrix_sqrt", [](const F64& x) { matrix_sqrt(x); }}};
  for (const auto& one : square) {
    const std::string& name = one.first;
    const auto& f = one.second;
    for (const F64& x : {wide, vector})
      CHECK(error_of([&] { f(x); }) ==
            name + ": expected square matrices (…, n, n), found shape " + to_string(x.shape()));
    CHECK(error_of([&] { f(nan); }) == name + ": an element of the matrix (2, 2) is nan");
  }
  CHECK(error_of([&] { qr(vector); }) == "qr: expected matrices (…, m, n), found shape (3,)");
  CHECK(error_of([&] { svd(vector); }) == "svd: expected matrices (…, m, n), found shape (3,)");
  CHECK(error_of([&] { pinv(nan); }) == "pinv: an element of the matrix (2, 2) is nan");
  CHECK(error_of([&] { lstsq(vector, vector); }) == "lstsq: expected matrices (…, m, n), found shape (3,)");

  CHECK(error_of([&] { inverse(singular); }) ==
        "inverse: the matrix (2, 2) is singular (its reciprocal condition is 0)");
  CHECK(error_of([&] {
          solve(two, wide.view_as({2, 3}));
        }) == "solve: matrix 1 of shape (2, 2, 2) is singular (its reciprocal condition is 0)");
  CHECK(error_of([&] { solve(two, F64({3, 2})); }) == "solve: a (2, 2, 2) and b (3, 2) do not fit");
  CHECK(error_of([&] {
          triangular_solve(F64({2, 2}, {1, 0, 3, 0}), F64({2}));
        }) == "triangular_solve: the matrix (2, 2) is singular (0 on its diagonal, at 1)");
  CHECK(error_of([&] { cholesky(indefinite); }) == "cholesky: the matrix (2, 2) is not positive definite");
  CHECK(error_of([&] { matrix_sqrt(indefinite); }) ==
        "matrix_sqrt: the matrix (2, 2) is not positive semidefinite (it has the eigenvalue -1)");
  CHECK(error_of([&] { lstsq(singular, F64({2})); }) ==
        "lstsq: the matrix (2, 2) has less than full rank; pinv(a) is for these");
  const auto gradient = [&](auto f) {
    const F64 x = parameter(singular.clone());
    return error_of([&] { grad(sum(f(x)), x); });
  };
  CHECK(gradient([](const F64& x) { return det(x); }) ==
        "det: the matrix (2, 2) is singular (its reciprocal condition is 0)");
  CHECK(gradient([](const F64& x) { return slogdet(x).log_abs; }) ==
        "slogdet: the matrix (2, 2) is singular (its reciprocal condition is 0)");
  CHECK(gradient([](const F64& x) { return matrix_sqrt(x); }) ==
        "matrix_sqrt: the matrix (2, 2) is singular, where it has no gradient");
}

TEST_CASE("every function of linear algebra has a row", "[linalg]") {
  std::set<std::string> without;
  for (const char* header : {"solve", "decompose", "functions"}) {
    std::ifstream file(FIGMENT_SOURCE_DIR "/include/figment/ops/linalg/" + std::string(header) + ".hpp");
    REQUIRE(file.is_open());
    bool in_detail = false;
    for (std::string line; std::getline(file, line);) {
      if (line.rfind("namespace detail", 0) == 0) in_detail = true;
      if (line.rfind("}  // namespace detail", 0) == 0) in_detail = false;
      const std::size_t open = line.find('('), space = line.rfind(' ', open);
      if (in_detail || open == line.npos || space == line.npos || line[0] == ' ' || line[0] == '/') continue;
      without.insert(line.substr(space + 1, open - space - 1));
    }
  }
  CHECK(without.size() == 12);
  for (const LinalgRow& row : linalg_rows())
    for (std::string name = row.name; !name.empty();
         name.resize(name.find_last_of('_') == name.npos ? 0 : name.find_last_of('_')))
      without.erase(name);
  CHECK(without == std::set<std::string>{});
}

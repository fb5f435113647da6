// Operands that do not fit: one line, beginning with the operation's name, quoting the shapes.
#include "figment/ops/loss.hpp"
#include "figment/ops/matmul.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"

using figment::Indices;
using figment::Tensor;
using test::error_of;
using F64 = Tensor<double>;

TEST_CASE("operations name themselves and the shapes that do not fit", "[ops]") {
  const F64 a = F64::ones({2, 3}), b = F64::ones({2, 4}), v = F64::ones({3});
  CHECK(error_of([&] { a + b; }) == "add: shapes (2, 3) and (2, 4) do not broadcast");
  CHECK(error_of([&] { a / b; }) == "div: shapes (2, 3) and (2, 4) do not broadcast");
  CHECK(error_of([&] { maximum(a, b); }) == "maximum: shapes (2, 3) and (2, 4) do not broadcast");
  CHECK(error_of([&] { matmul(a, b); }) == "matmul: (2, 3) and (2, 4) do not multiply");
  CHECK(error_of([&] { matmul(a, b, {.b = true}); }) == "matmul: (2, 3) and (2, 4)^F64 do not multiply");
  CHECK(error_of([&] { matmul(a, v); }) == "matmul: (2, 3) and (3,) do not multiply");
  CHECK(error_of([&] { linear(a, b, F64()); }) == "linear: x (2, 3) needs 2 features (weight (2, 4))");
  CHECK(error_of([&] { linear(a, F64::ones({3, 5}), v); }) == "linear: bias (3,) for weight (3, 5)");
  CHECK(error_of([&] {
          broadcast_to(a, {3, 3});
        }) == "broadcast_to: shapes (2, 3) and (3, 3) do not broadcast");
  CHECK(error_of([&] { broadcast_to(a, {3}); }) == "broadcast_to: (2, 3) does not broadcast to (3,)");
  CHECK(error_of([&] { sum_to(v, {2, 3}); }) == "sum_to: (3,) does not sum to (2, 3)");
  CHECK(error_of([&] { sum(a, 2); }) == "sum: axis 2 is out of range for shape (2, 3)");
}

TEST_CASE("shape operations say what does not fit", "[ops]") {
  const F64 a = F64::ones({2, 3});
  CHECK(error_of([&] { reshape(a, {4, -1}); }) == "reshape: (2, 3) has 6 elements, (4, 1) has 4");
  CHECK(error_of([&] {
          reshape(F64(figment::Shape{0, 3}), {0, -1});
        }) == "reshape: of (0, 3) nothing says what -1 is beside an extent of 0");
  CHECK(error_of([&] {
          a.view_as({(figment::Index{1} << 62) + 1, 4});
        }) == "tensor: shape (4611686018427387905, 4) has too many elements");
  CHECK(error_of([&] {
          reshape(a, {figment::Index{1} << 62, 4, -1});
        }) == "tensor: shape (4611686018427387904, 4, 0) has too many elements");
  CHECK(error_of([&] { reshape(a, {-1, -1}); }) == "reshape: only one extent can be -1");
  CHECK(error_of([&] { reshape(a, {-2, -3}); }) == "shape: dimension 0 is -2, expected 0 or more");
  CHECK(error_of([&] { squeeze(a, 0); }) == "squeeze: axis 0 of shape (2, 3) is not 1");
  CHECK(error_of([&] { unsqueeze(a, 3); }) == "unsqueeze: axis 3 is out of range for shape (2, 3)");
  CHECK(error_of([&] { permute(a, {0, 0}); }) == "permute: (0, 0) is not an order of 2 dimensions");
  CHECK(error_of([&] { permute(a, {0}); }) == "permute: order (0,) for shape (2, 3)");
  CHECK(error_of([&] { transpose(F64::ones({2})); }) ==
        "transpose: expected at least two dimensions, found shape (2,)");
  CHECK(error_of([&] { slice(a, 1, 2, 1); }) == "slice: 2 to 1 by 1 does not fit axis 1 of shape (2, 3)");
  CHECK(error_of([&] { slice(a, 1, 0, 4); }) == "slice: 0 to 4 by 1 does not fit axis 1 of shape (2, 3)");
  CHECK(error_of([&] { slice(a, 1, 0, 2, 0); }) == "slice: 0 to 2 by 0 does not fit axis 1 of shape (2, 3)");
  CHECK(error_of([&] { select(a, 1, 3); }) == "select: 3 is out of range for axis 1 of shape (2, 3)");
  CHECK(error_of([&] { select(a, 0, -3); }) == "select: -3 is out of range for axis 0 of shape (2, 3)");
  CHECK(error_of([&] {
          concat(std::vector{a, F64::ones({2, 4})});
        }) == "concat: shapes (2, 3) and (2, 4) differ beyond axis 0");
  CHECK(error_of([&] { concat(std::vector<F64>{}); }) == "concat: expected at least one tensor");
  CHECK(error_of([&] { stack(std::vector<F64>{}); }) == "stack: expected at least one tensor");
  CHECK(error_of([&] { stack(std::vector{a, F64::ones({2})}); }) == "stack: shapes (2, 3) and (2,) differ");
  CHECK(error_of([&] { stack(std::vector{a}, 3); }) == "stack: axis 3 is out of range for shape (2, 3)");
}

TEST_CASE("positions out of range are refused, with where they stand", "[ops]") {
  const F64 a = F64::ones({2, 3});
  CHECK(error_of([&] { take(a, Indices({2}, {0, 2})); }) == "take: position 2 at 1 is not in 0 to 1");
  CHECK(error_of([&] { take(a, Indices({1}, {-1})); }) == "take: position -1 at 0 is not in 0 to 1");
  CHECK(error_of([&] { pick(a, Indices({2}, {0, 3})); }) == "pick: position 3 at 1 is not in 0 to 2");
  CHECK(error_of([&] {
          pick(a, Indices({3}, {0, 1, 2}));
        }) == "pick: expected (N, C) and (N,), found (2, 3) and (3,)");
  CHECK(error_of([&] { figment::one_hot(Indices({1}, {5}), 5); }) ==
        "one_hot: position 5 at 0 is not in 0 to 4");
  CHECK(error_of([&] {
          cross_entropy(a, Indices({2}, {0, 3}));
        }) == "cross_entropy: position 3 at 1 is not in 0 to 2");
}

TEST_CASE("losses say what does not fit", "[ops]") {
  const F64 a = F64::ones({2, 3}), b = F64::ones({2, 1});
  CHECK(error_of([&] { mse(a, b); }) == "mse: prediction (2, 3) and target (2, 1) differ in shape");
  CHECK(error_of([&] { huber(a, a, 0); }) == "huber: expected a positive delta, found 0");
  CHECK(error_of([&] { gaussian_kl(a, b); }) ==
        "gaussian_kl: mean (2, 3) and log-variance (2, 1) differ in shape");
  const std::string differ = "gaussian_kl: means (2, 3) and (2, 3) and log-variances ";
  CHECK(error_of([&] { gaussian_kl(a, b, a, a); }) == differ + "(2, 1) and (2, 3) differ in shape");
  CHECK(error_of([&] { gaussian_kl(a, a, a, b); }) == differ + "(2, 3) and (2, 1) differ in shape");
  CHECK(error_of([&] { gaussian_kl(b, b, a, a); }) ==
        "gaussian_kl: means (2, 1) and (2, 3) and log-variances (2, 1) and (2, 3) differ in shape");
  CHECK(gaussian_kl(a, a, b, b).rank() == 0);  // one for all of a row
  CHECK(error_of([&] { kl_divergence(a, b); }) == "kl_divergence: p (2, 3) and q (2, 1) differ in shape");
  CHECK(error_of([&] {
          cross_entropy(a, Indices({3}, {0, 0, 0}));
        }) == "cross_entropy: expected (N, C) and (N,), found (2, 3) and (3,)");
  CHECK(error_of([&] { leaky_relu(a, -0.1); }) == "leaky_relu: expected a positive slope, found -0.1");
  CHECK(error_of([&] { clamp(a, 2, 1); }) == "clamp: expected low <= high, found 2 and 1");
}

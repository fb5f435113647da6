// Operands that do not fit: one line, beginning with the operation's name, quoting the shapes.
#include "figment/ops/conv2d.hpp"
#include "figment/ops/loss.hpp"
#include "figment/ops/matmul.hpp"
#include "figment/ops/pad.hpp"
#include "figment/ops/pool.hpp"
#include "figment/ops/product.hpp"
#include "figment/ops/scan.hpp"
#include "figment/ops/sort.hpp"
#include "figment/ops/split.hpp"
#include "figment/ops/straight_through.hpp"
#include "figment/ops/tile.hpp"
#include "figment/ops/triangle.hpp"
#include "figment/ops/upsample.hpp"
#include "figment/ops/vector_norm.hpp"
#include "support/catch.hpp"
#include "support/compare.hpp"
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
  CHECK(error_of([&] { matmul(a, b, {.b = true}); }) == "matmul: (2, 3) and (2, 4)^T do not multiply");
  CHECK(error_of([&] { matmul(a, v); }) == "matmul: (2, 3) and (3,) do not multiply");
  CHECK(error_of([&] {
          matmul(F64::ones({4, 2, 3}), F64::ones({5, 1, 3, 2}), {.a = true});
        }) == "matmul: (4, 2, 3)^T and (5, 1, 3, 2) do not multiply");
  CHECK(error_of([&] {
          matmul(F64::ones({7, 4, 2, 3}), F64::ones({2, 3, 2}));
        }) ==
        "matmul: (7, 4, 2, 3) and (2, 3, 2) do not multiply: their batches (7, 4) and (2,) do not broadcast");
  CHECK(error_of([&] { linear(a, b, F64()); }) == "linear: x (2, 3) needs 2 features (weight (2, 4))");
  CHECK(error_of([&] {
          linear(F64::ones({8, 28, 28}), F64::ones({784, 5}), F64());
        }) == "linear: x (8, 28, 28) needs 784 features in its last axis (weight (784, 5))");
  CHECK(error_of([&] { linear(F64::scalar(1), b, F64()); }) == "linear: expected x (…, 2), found a scalar");
  CHECK(error_of([&] { linear(a, v, F64()); }) == "linear: expected a weight (in, out), found (3,)");
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

TEST_CASE("norms, scans and triangles say what does not fit", "[ops]") {
  const F64 x = F64::zeros({3}), m = F64::zeros({2, 3});
  CHECK(error_of([&] { norm(x, 0); }) == "norm: expected p > 0, found 0");
  CHECK(error_of([&] { norm(x, 1, 1); }) == "norm: axis 1 is out of range for shape (3,)");
  CHECK(error_of([&] { norm(F64::zeros({0}), std::numeric_limits<double>::infinity()); }) ==
        "norm: no elements in shape (0,)");
  CHECK(error_of([&] { std_dev(x, -2); }) == "std_dev: axis -2 is out of range for shape (3,)");
  CHECK(error_of([&] { prod(m, 2); }) == "prod: axis 2 is out of range for shape (2, 3)");
  CHECK(error_of([&] { cumsum(x, 1); }) == "cumsum: axis 1 is out of range for shape (3,)");
  CHECK(error_of([&] { cumsum(figment::Indices::full({2}, 2000000000), 0); }) ==
        "cumsum: 4000000000 is beyond integers of 32 bits");
  CHECK(error_of([&] { tril(x); }) == "tril: expected at least two dimensions, found shape (3,)");
  CHECK(error_of([&] { straight_through(x, m); }) ==
        "straight_through: value (3,) and gradient_of (2, 3) are not of one shape");
  CHECK(error_of([&] { atan2(x, F64::zeros({2})); }) == "atan2: shapes (3,) and (2,) do not broadcast");
  CHECK(error_of([&] { figment::Mask({3}) ^ figment::Mask({2}); }) ==
        "xor: shapes (3,) and (2,) do not broadcast");
}

TEST_CASE("slices say what does not fit", "[ops]") {
  const F64 a = F64::ones({2, 3});
  CHECK(error_of([&] { slice(a, 1, 0, 2, -1); }) ==
        "slice: 0 to 2 by -1 does not fit axis 1 of shape (2, 3)");
  CHECK(error_of([&] {
          slice(a, {{}, {3, 0, -1}});
        }) == "slice: 3 to 0 by -1 does not fit axis 1 of shape (2, 3)");
  CHECK(error_of([&] { slice(a, {{}, {}, {}}); }) == "slice: 3 slices for shape (2, 3)");
}

TEST_CASE("what rearranges says what does not fit", "[ops]") {
  using figment::PadMode;
  const F64 a = F64::ones({2, 3});
  CHECK(error_of([&] { flip(a, 2); }) == "flip: axis 2 is out of range for shape (2, 3)");
  CHECK(error_of([&] { roll(a, {1, 2}, {0}); }) == "roll: 2 shifts for 1 axes");
  CHECK(error_of([&] { roll(a, 1, 2); }) == "roll: axis 2 is out of range for shape (2, 3)");
  CHECK(error_of([&] { pad(a, {{}, {}, {1, 1}}); }) == "pad: widths of 3 axes for shape (2, 3)");
  CHECK(error_of([&] {
          pad(a, {{-1, 0}});
        }) == "pad: expected widths of 0 or more, found -1 and 0 for axis 0");
  CHECK(error_of([&] {
          pad(a, {{2, 0}}, PadMode::reflect);
        }) == "pad: axis 0 of shape (2, 3) has too few elements for 2 and 0 more of its own");
  CHECK(error_of([&] {
          pad(a, {{2, 3}}, PadMode::circular);
        }) == "pad: axis 0 of shape (2, 3) has too few elements for 2 and 3 more of its own");
  CHECK_THAT(error_of([&] {
               pad(a, {{1, std::numeric_limits<figment::Index>::max()}});
             }),
             StartsWith("pad: "));
  CHECK(error_of([&] { tile(a, {-1}); }) == "tile: expected repeats of 0 or more, found -1 for axis 1");
  CHECK_THAT(error_of([&] { tile(a, {figment::Index{1} << 62}); }), StartsWith("tile: "));
  CHECK(error_of([&] { repeat(a, {2}); }) == "repeat: 1 repeats for shape (2, 3)");
  CHECK(error_of([&] { repeat_interleave(a, -1, 0); }) == "repeat_interleave: expected 0 or more, found -1");
  CHECK(error_of([&] {
          repeat_interleave(a, Indices({2}, {1, 1}), 1);
        }) == "repeat_interleave: (2,) repeats for axis 1 of shape (2, 3)");
  CHECK(error_of([&] { split(a, {1, 1}, 1); }) == "split: parts of 1 + 1 are not axis 1 of shape (2, 3)");
  CHECK(error_of([&] { split(a, {4, -1}, 1); }) == "split: parts of 4 + -1 are not axis 1 of shape (2, 3)");
  CHECK(error_of([&] { split(a, 0); }) == "split: expected parts of 1 or more, found 0");
  CHECK(error_of([&] { figment::split<2>(a, 1); }) == "split: axis 1 of shape (2, 3) is not 2 equal parts");
  CHECK(error_of([&] { chunk(a, 0); }) == "chunk: expected 1 part or more, found 0");
}

TEST_CASE("positions out of range are refused, with where they stand", "[ops]") {
  const F64 a = F64::ones({2, 3});
  CHECK(error_of([&] { take(a, Indices({2}, {0, 2})); }) == "take: position 2 at 1 is not in 0 to 1");
  CHECK(error_of([&] { take(a, Indices({1}, {-1})); }) == "take: position -1 at 0 is not in 0 to 1");
  CHECK(error_of([&] { pick(a, Indices({2}, {0, 3})); }) == "pick: position 3 at 1 is not in 0 to 2");
  CHECK(error_of([&] {
          pick(a, Indices({3}, {0, 1, 2}));
        }) == "pick: expected (…, C) and (…), found (2, 3) and (3,)");
  CHECK(error_of([&] { figment::one_hot(Indices({1}, {5}), 5); }) ==
        "one_hot: position 5 at 0 is not in 0 to 4");
  CHECK(error_of([&] {
          figment::one_hot(Indices::zeros({1, 1, 1, 1, 1, 1}), 2);
        }) == "one_hot: labels (1, 1, 1, 1, 1, 1) have no room for an axis of classes");
  CHECK(error_of([&] {
          index_select(a, 1, Indices({2}, {0, -1}));
        }) == "index_select: position -1 at 1 is not in 0 to 2");
  CHECK(error_of([&] {
          index_select(a, 1, Indices({1, 1}, {0}));
        }) == "index_select: expected positions (M,), found (1, 1)");
  CHECK(error_of([&] {
          gather(a, 1, Indices({1, 2}, {0, -3}));
        }) == "gather: position -3 at 1 is not in 0 to 2");
  CHECK(error_of([&] {
          gather(a, 1, Indices::zeros({3, 1}));
        }) == "gather: positions (3, 1) do not fit x (2, 3) beyond axis 1");
  CHECK(error_of([&] {
          scatter_add(a, 1, Indices::zeros({2, 1}), a);
        }) == "scatter_add: values (2, 3) for positions (2, 1)");
  CHECK(error_of([&] { topk(a, 4); }) == "topk: 4 of axis 1 of shape (2, 3)");
  CHECK(error_of([&] { sort(F64::scalar(1)); }) == "sort: axis -1 is out of range for shape ()");
  CHECK(error_of([&] {
          cross_entropy(a, Indices({2}, {0, 3}));
        }) == "cross_entropy: position 3 at 1 is not in 0 to 2");
}

// Every computation with a number that the caller gave comes after a check that it can be made: with
// -fsanitize=undefined this test sees the others.
TEST_CASE("sizes that cannot be counted are refused by the operation's name", "[ops]") {
  using figment::ConvOptions, figment::Index, figment::Padding, figment::Shape;
  const Index most = std::numeric_limits<Index>::max(), half = Index{1} << 62, more = Index{1} << 31;
  const F64 x = F64::ones({1, 4, 4, 2}), w = F64::ones({2, 2, 2, 2}), none;
  const ConvOptions wrong[] = {
      {.stride = most},
      {.stride = {1, half}, .padding = Padding::same()},
      {.stride = more},
      {.padding = Padding::all(most)},
      {.padding = Padding::of(0, 0, most, 1)},
      {.padding = Padding::all({0, half})},
      {.padding = Padding::all(-1)},
      {.dilation = half},
      {.padding = Padding::same(), .dilation = {most, 1}},
      {.stride = 0},
      {.dilation = -most},
      {.groups = most},
      {.groups = half},
      {.groups = 0},
      {.groups = -1},
  };
  for (const ConvOptions& o : wrong) {
    INFO(o.stride.height << " " << o.stride.width << " " << o.padding.top << " " << o.padding.bottom << " "
                         << o.dilation.height << " " << o.groups);
    CHECK_THAT(error_of([&] { conv2d(x, w, none, o); }), StartsWith("conv2d: "));
    CHECK_THAT(error_of([&] { conv_transpose2d(x, w, none, o); }), StartsWith("conv_transpose2d: "));
    if (o.groups != 1) continue;
    const figment::PoolOptions pool{
        .window = 2, .stride = o.stride == 0 ? -1 : o.stride, .padding = o.padding, .dilation = o.dilation};
    CHECK_THAT(error_of([&] { max_pool2d(x, pool); }), StartsWith("max_pool2d: "));
    CHECK_THAT(error_of([&] { avg_pool2d(x, pool); }), StartsWith("avg_pool2d: "));
  }
  for (const Index window : {most, half, more, Index{-1}})
    for (const figment::Extent2 e : {figment::Extent2(window), {1, window}, {window, 1}})
      CHECK_THAT(error_of([&] { avg_pool2d(x, {.window = e}); }), StartsWith("avg_pool2d: "));
  for (const Index padding : {most, half, more, Index{-1}, Index{2}})
    CHECK_THAT(error_of([&] { conv_transpose2d(x, w, none, {.stride = 2}, padding); }),
               StartsWith("conv_transpose2d: "));
  CHECK_THAT(
      error_of([&] {
        avg_pool2d(F64::ones({1, 65536, 1, 1}),
                   {.window = {65536, 1}, .stride = 1, .padding = Padding::same()});
      }),
      ContainsSubstring("avg_pool2d: the windows of 65536 along x (1, 65536, 1, 1) have more elements"));
  // Some of these multiply to a small number, if they are not looked at.
  for (const Index factor : {half + 1, half, most, Index{1} << 60, more, Index{0}, Index{-1}})
    for (const figment::Extent2 e : {figment::Extent2(factor), {1, factor}, {factor, 1}}) {
      INFO(factor);
      CHECK_THAT(error_of([&] { upsample2d(x, e); }), StartsWith("upsample2d: "));
      CHECK_THAT(error_of([&] { upsample2d(F64::ones({0, 4, 4, 2}), e); }), StartsWith("upsample2d: "));
      CHECK_THAT(error_of([&] { resize2d(x, e); }), StartsWith("resize2d: "));
    }
  for (const Index classes : {most, half, Index{-1}, -most})
    CHECK_THAT(error_of([&] { figment::one_hot(Indices(Shape{0}), classes); }),
               ContainsSubstring(classes < 0 ? "one_hot: " : "too many elements"));
  const auto long_rows = figment::Mask(Shape{0, half});
  CHECK_THAT(error_of([&] {
               figment::concat({long_rows, long_rows}, 1);
             }),
             StartsWith("concat: 4611686018427387904"));
  CHECK(error_of([&] { F64::arange(-1); }) == "shape: dimension 0 is -1, expected 0 or more");
  CHECK(error_of([&] { figment::Mask::arange(257); }) == "arange: 256 is beyond the type");
  CHECK(figment::Mask::arange(256)(255) == 255);
}

TEST_CASE("a step beyond the end takes the first position alone", "[ops]") {
  using figment::Index;
  const F64 x = parameter(F64({3}, {1, 2, 3}));
  for (const Index step : {std::numeric_limits<Index>::max(), Index{1} << 62, Index{3}}) {
    const F64 y = slice(x, 0, 0, 3, step);  // of the first of these the count once overflowed to nothing
    REQUIRE(y.shape() == figment::Shape{1});
    CHECK(y(0) == 1);
    CHECK(test::bit_difference(grad(sum(y), x), F64({3}, {1, 0, 0})) == "");
    CHECK(slice(x, 0, 2, 2, step).size() == 0);
  }
}

// PyTorch: "Calculated output size per channel: … is too small".
TEST_CASE("a transposed convolution of nothing, or less, is refused", "[ops]") {
  using figment::Index, figment::Padding;
  const F64 none;
  for (const Index stride : {1, 2, 3, 5})
    for (const Index taps : {1, 2, 3})
      for (const Index padding : {1, 2, 3, 4}) {
        const Index size = taps - 2 * padding;  // of one row
        const F64 x = F64::ones({1, 1, 1, 1}), w = F64::ones({taps, taps, 1, 1});
        INFO(stride << " " << taps << " " << padding);
        const std::string message = error_of([&] {
          const F64 y = conv_transpose2d(x, w, none, {.stride = stride, .padding = Padding::all(padding)});
          CHECK(y.shape() == figment::Shape{1, size, size, 1});
        });
        if (size > 0)
          CHECK(message == "no error");
        else
          CHECK_THAT(message,
                     StartsWith("conv_transpose2d: padding is more than the output of x (1, 1, 1, 1)"));
      }
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
        }) == "cross_entropy: expected (…, C) and (…), found (2, 3) and (3,)");
  CHECK(error_of([&] { leaky_relu(a, -0.1); }) == "leaky_relu: expected a positive slope, found -0.1");
  CHECK(error_of([&] { clamp(a, 2, 1); }) == "clamp: expected low <= high, found 2 and 1");
}

// Figures that are not trained on, by hand.
#include "figment/train/metrics.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"

using namespace figment;
using test::error_of;

TEST_CASE("accuracy counts the rows whose largest is at the label", "[train]") {
  const Tensor<float> logits({4, 3}, {1, 2, 0, 5, 1, 1, 0, 0, 3, 2, 2, 1});
  CHECK(accuracy(logits, Indices({4}, {1, 0, 2, 0})) == 1);  // the first of equals
  CHECK(accuracy(logits, Indices({4}, {1, 1, 2, 1})) == 0.5);
  // Of pixels, and of one.
  CHECK(accuracy(reshape(logits, {2, 2, 3}), Indices({2, 2}, {1, 1, 2, 0})) == 0.75);
  CHECK(accuracy(Tensor<float>({3}, {0, 2, 1}), Indices::scalar(1)) == 1);
  CHECK(error_of([] {
          accuracy(Tensor<float>::ones({0, 3}), Indices(Shape{0}));
        }) == "accuracy: no labels in shape (0,)");
  CHECK(error_of([&] {
          accuracy(logits, Indices({3}, {0, 1, 2}));
        }) == "accuracy: expected (…, C) and (…), found (4, 3) and (3,)");
}

TEST_CASE("psnr is the mean over images of decibels", "[train]") {
  const Tensor<double> clean({2, 2}, {0, 1, 0.5, 0.5});
  // Errors 0.1 everywhere and 0.01 everywhere: 20 dB and 40 dB.
  CHECK_THAT(psnr(Tensor<double>({2, 2}, {0.1, 0.9, 0.51, 0.49}), clean), WithinRel(30.0, 1e-12));
  CHECK(psnr(clean, clean) == 100);
  CHECK_THAT(psnr(clean * 255.0, clean * 255.0 + 25.5, 255), WithinRel(20.0, 1e-12));
  CHECK(error_of([&] { psnr(clean, Tensor<double>::zeros({4})); }) ==
        "psnr: expected two equal shapes, found (2, 2) and (4,)");
}

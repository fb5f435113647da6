// ae-conv: convolutions and pools to 4x4x8 and back, Adam, batches of 128.
#pragma once

#include "steps/common.hpp"

namespace benchmarks {

class AeConv {
 public:
  static constexpr const char* name = "ae-conv";

  double step() {
    const auto loss = this->loss();
    optimizer_.step(grad(loss, optimizer_.parameters()));
    return static_cast<double>(loss.item());
  }

  void verify() {
    check_gradient(name, optimizer_.parameters(), [&] { return loss(); });
    check_learning(name, 30, [&] { return step(); });
  }

 private:
  static figment::Sequential<float> make(figment::Rng& rng) {
    using namespace figment;
    const Conv2dOptions same{.padding = Padding::same(), .activation = Activation::relu};
    const Conv2dOptions valid{.activation = Activation::relu};
    const MaxPool2d pool({.window = 2, .padding = Padding::same()});
    return Sequential{Conv2d(1, 16, same, rng),
                      pool,
                      Conv2d(16, 8, same, rng),
                      pool,
                      Conv2d(8, 8, same, rng),
                      pool,
                      Conv2d(8, 8, same, rng),
                      UpSample2d(2),
                      Conv2d(8, 8, same, rng),
                      UpSample2d(2),
                      Conv2d(8, 16, valid, rng),
                      UpSample2d(2),
                      Conv2d(16, 1, {.padding = Padding::same()}, rng)};
  }

  Tensor<float> loss() const { return bce_with_logits(network_.forward(x_, {.training = true}), x_); }

  figment::Rng rng_{1};
  Tensor<float> x_ = discs(128, rng_);
  figment::Sequential<float> network_ = make(rng_);
  figment::Adam<float> optimizer_{parameters(network_), {.rate = 1e-3}};
};

}  // namespace benchmarks

// ae-conv: convolutions and pools to 4x4x8 and back, Adam, batches of 128.
#pragma once

#include "recipes/autoencoders.hpp"
#include "recipes/find.hpp"
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
  Tensor<float> loss() const { return model_.loss(x_, {.training = true}).total(); }

  figment::Rng rng_{1};
  Tensor<float> x_ = discs(128, rng_);
  recipes::AutoencoderModel model_ =
      recipes::make_autoencoder(recipes::find(recipes::autoencoders(), name), rng_);
  figment::Adam<float> optimizer_{parameters(model_)};
};

}  // namespace benchmarks

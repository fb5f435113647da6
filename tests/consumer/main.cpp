// What a user's first file does, built in each of the ways a project can take figment in. Exits with 1 when
// wrong.
#include <figment/figment.hpp>

#include <cstdio>

int main() {
  const figment::Tensor<float> x({2}, {1.0f, 2.0f});
  const auto w = figment::parameter(figment::Tensor<float>({2}, {3.0f, 5.0f}));

  // d/dw sum(w (x + x)) = 2 x
  const auto loss = figment::sum(w * (x + x));
  const auto g = figment::grad(loss, {w});
  const float dw0 = g[0].data()[0], dw1 = g[0].data()[1];
  std::printf("loss %g gradient %g %g\n", static_cast<double>(loss.item()), static_cast<double>(dw0),
              static_cast<double>(dw1));
  return loss.item() == 26.0f && dw0 == 2.0f && dw1 == 4.0f ? 0 : 1;
}

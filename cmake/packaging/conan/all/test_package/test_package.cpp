#include <figment/figment.hpp>
#ifdef WITH_IO
#include <figment/io.hpp>
#endif

#include <cstdio>

int main() {
  const auto w = figment::parameter(figment::Tensor<float>({2}, {3.0f, 5.0f}));
  const auto gradient = figment::grad(figment::sum(w * w), {w})[0];
  std::printf("%g %g\n", static_cast<double>(gradient.data()[0]), static_cast<double>(gradient.data()[1]));
#ifdef WITH_IO
  if (figment::io::encode_png(figment::io::grid(figment::Tensor<float>::ones({4, 8, 8}))).empty()) return 1;
#endif
  return gradient.data()[0] == 6.0f && gradient.data()[1] == 10.0f ? 0 : 1;
}

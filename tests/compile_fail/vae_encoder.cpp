// expect: a Vae's encoder needs a forward(x, context) or forward(x) that returns a Gaussian<T>
#include <figment/models/vae.hpp>

using namespace figment;

struct Encoder {
  Linear<float> mean, log_var;
#ifdef RIGHT
  Gaussian<float> forward(const Tensor<float>& x) const { return {mean.forward(x), log_var.forward(x)}; }
#else
  Tensor<float> forward(const Tensor<float>& x) const { return mean.forward(x); }
#endif
  Index latent() const { return 2; }
  void visit(auto&& v) { v("mean", mean), v("log_var", log_var); }
};

void f(const Encoder& encoder, const Linear<float>& decoder) { Vae vae(encoder, decoder); }

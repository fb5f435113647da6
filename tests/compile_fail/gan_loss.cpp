// expect: a GAN's loss needs the functions real_loss(logits, loss), fake_loss(logits, loss)
#include <figment/models/gan.hpp>
#include <figment/nn/linear.hpp>

using namespace figment;

struct Critic {};
Tensor<float> real_loss(const Tensor<float>& logits, Critic) { return -mean(logits); }
Tensor<float> fake_loss(const Tensor<float>& logits, Critic) { return mean(logits); }
#ifdef RIGHT
Tensor<float> generator_loss(const Tensor<float>& logits, Critic) { return -mean(logits); }
#endif

void f(const Linear<float>& g, const Linear<float>& d) { Gan gan(g, d, 2, GanOptionsWith<Critic>{}); }

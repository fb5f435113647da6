// A network of one's own for diffusion: a U-Net that knows the time, and finds the noise in images of digits.
#include <figment/data.hpp>
#include <figment/figment.hpp>

#include <cstdio>

using namespace figment;

Sequential<float> conv(Index in, Index out, Rng& rng) {
  return Sequential{GroupNorm(4, in), Silu{}, Conv2d(in, out, rng, {.padding = Padding::same()})};
}

/// Two convolutions, the time's features between them, and a way around both.
struct Block {
  Sequential<float> first, second;
  Linear<float> time, around;
  Block(Index in, Index out, Rng& rng)
      : first(conv(in, out, rng)), second(conv(out, out, rng)), time(32, out, rng), around(in, out, rng) {}
  Tensor<float> forward(const Tensor<float>& x, const Tensor<float>& when) const {
    return around(x) + second(first(x) + reshape(time(when), {x.dim(0), 1, 1, -1}));
  }
  void visit(auto&& v) { v("first", first), v("second", second), v("time", time), v("around", around); }
};

struct UNet {
  Linear<float> in;
  std::vector<Block> blocks;  // on the way down, at the bottom, on the way up
  MultiHeadAttention<float> attention;
  Sequential<float> out;
  explicit UNet(Rng& rng)
      : in(1, 16, rng),
        blocks{Block(16, 16, rng), Block(16, 32, rng), Block(48, 16, rng)},
        attention(32, 4, rng),
        out(conv(16, 1, rng)) {}
  Tensor<float> forward(const Tensor<float>& x, const Tensor<float>& t) const {
    const auto when = time_embedding(t, 32);
    const auto wide = blocks[0].forward(in(x), when), deep = blocks[1].forward(MaxPool2d(2)(wide), when);
    const auto back = UpSample2d(2)(deep + attention(deep));  // each pixel sees all
    return out(blocks[2].forward(concat({wide, back}, -1), when));
  }
  void visit(auto&& v) { v("in", in), v("blocks", blocks), v("attention", attention), v("out", out); }
};

int main() {
  const auto digits = AvgPool2d(2)(data::load_mnist(FIGMENT_BUNDLED_DATA).train.x) * 2 - 1;  // (N, 14, 14, 1)
  Rng rng(1);
  UNet net(rng);
  Adam adam(parameters(net), {.rate = 2e-3});
  double average = 1;
  for (Index step = 0; step < 150; ++step) {
    const auto x = slice(digits, 0, 32 * step, 32 * step + 32), noise = rng.normal(x.shape());
    const auto t = rng.uniform({32, 1, 1, 1}, 0, 1), angle = t * 1.5708;  // all is noise at t = 1
    const auto noisy = x * cos(angle) + noise * sin(angle);
    const auto loss = mse(net.forward(noisy, reshape(t, {32}) * 1000), noise);
    adam.step(grad(loss, parameters(net)));
    average = 0.95 * average + 0.05 * loss.item();
  }
  std::printf("mean squared error of the noise that was found: %.3f\n", average);
  return average < 0.3 ? 0 : 1;
}

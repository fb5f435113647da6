// A network of one's own of attention: a causal transformer that learns to say a phrase again.
#include <figment/figment.hpp>

#include <cstdio>

using namespace figment;

constexpr Index letters = 8, phrase = 6, length = 2 * phrase - 1, features = 32;

/// x + attention(norm(x)), and of that y + network(norm(y)) (Vaswani et al., 2017, normalised first).
struct Block {
  LayerNorm<float> before{features}, between{features};
  MultiHeadAttention<float> attention;
  Linear<float> up, down;

  explicit Block(Rng& rng)
      : attention(features, 4, rng, {.causal = true}),
        up(features, 4 * features, rng),
        down(4 * features, features, rng) {}
  Tensor<float> forward(const Tensor<float>& x) const {
    const auto y = x + attention(before(x));
    return y + down(gelu(up(between(y))));
  }
  void visit(auto&& v) {
    v("before", before), v("attention", attention), v("between", between), v("up", up), v("down", down);
  }
};

/// The logits of the next letter at each place, from the letters (N, L) up to it.
struct Transformer {
  Linear<float> embedding, head;
  std::vector<Block> blocks;

  explicit Transformer(Rng& rng) : embedding(letters, features, rng), head(features, letters, rng) {
    for (int i = 0; i < 2; ++i) blocks.emplace_back(rng);
  }
  Tensor<float> forward(const Indices& text) const {
    auto x = embedding(one_hot(text, letters)) + sinusoidal_positions(text.dim(1), features);
    for (const Block& block : blocks) x = block.forward(x);
    return head(x);
  }
  void visit(auto&& v) { v("embedding", embedding), v("blocks", blocks), v("head", head); }
};

int main() {
  Rng rng(2);
  Transformer model(rng);
  Adam adam(parameters(model), {.rate = 3e-3});
  double right = 0;
  for (int step = 1; step <= 300; ++step) {
    const auto once = cast<std::int32_t>(rng.uniform({32, phrase}, 0, letters));
    const auto text = concat({once, once}, 1);  // of which the second half can be known
    const auto logits = slice(model.forward(slice(text, 1, 0, length)), 1, phrase - 1, length);
    adam.step(grad(cross_entropy(logits, once), parameters(model)));
    right = mean(cast<float>(equal(argmax(logits, 2), once))).item();
    if (step % 100 == 0) std::printf("step %d: %.3f of the letters right\n", step, right);
  }
  return right > 0.95 ? 0 : 1;
}

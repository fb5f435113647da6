// A network of one's own over sequences: two layers of LSTM that read digits row by row.
#include <figment/data.hpp>
#include <figment/figment.hpp>

#include <cstdio>

using namespace figment;

/// Reads an image (N, 28, 28, 1) as 28 rows, one a step, and says from its last state which digit it was.
struct RowReader {
  Lstm<float> lstm;
  Linear<float> head;

  explicit RowReader(Rng& rng) : lstm(28, 48, rng, {.layers = 2}), head(48, 10, rng) {}

  Tensor<float> forward(const Tensor<float>& x) const {
    const auto states = lstm(reshape(x, {x.dim(0), 28, 28}));  // (N, 28, 48)
    return head(select(states, 1, -1));
  }

  void visit(auto&& v) {
    v("lstm", lstm);
    v("head", head);
  }
};

int main() {
  const auto digits = data::load_mnist(FIGMENT_BUNDLED_DATA);
  Rng rng(1);
  Classifier model(RowReader{rng});
  std::fputs(summary(model, {28, 28, 1}).c_str(), stdout);

  Adam adam(parameters(model), {.rate = 4e-3});
  data::Loader train(digits.train, {.batch = 50}), test(digits.test, {.batch = 500, .shuffle = false});
  const History history = fit(model, adam, train, test, {.epochs = 3});
  std::printf("accuracy on test digits: %.3f\n", history.last("val_accuracy"));

  // The same rows in two parts: what has been read stands in the state that is handed on.
  const NoGrad guard;
  const Tensor<float> rows = reshape(take(digits.test.x, Indices({2}, {0, 1})), {2, 28, 28});
  const Lstm<float>& lstm = model.net.lstm;
  const auto [upper, state] = lstm.forward(slice(rows, 1, 0, 14), {});
  const auto [lower, last] = lstm.forward(slice(rows, 1, 14, 28), state);
  const double apart = (max)(abs(lower - slice(lstm(rows), 1, 14, 28))).item();
  std::printf("read in two parts, states are apart by %g\n", apart);
  return history.last("val_accuracy") > 0.9 && apart == 0 ? 0 : 1;
}

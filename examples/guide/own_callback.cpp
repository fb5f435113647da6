// A callback of one's own: stops when the validation loss no longer falls, and puts the best weights back.
#include <figment/data/loader.hpp>
#include <figment/figment.hpp>

#include <cmath>
#include <cstdio>

using namespace figment;

template <class Model>
class RestoreBest final : public Callback {
 public:
  RestoreBest(Model& model, Index patience) : model_(model), best_(clone(model)), patience_(patience) {}

  void on_epoch(TrainState& state) override {
    const double now = state.history->last("val");
    if (now < loss_) loss_ = now, epoch_ = state.epoch, copy(model_, best_);
    if (state.epoch - epoch_ >= patience_) state.stop = true;
  }
  void on_end(const TrainState&) override { copy(best_, model_); }

  double loss() const { return loss_; }

 private:
  static void copy(Model& from, Model& to) {
    const auto source = named_tensors(from), target = named_tensors(to);
    for (std::size_t i = 0; i < source.size(); ++i) Tensor(target[i].second).copy_from(source[i].second);
  }

  Model& model_;
  Model best_;  // tensors of its own
  Index patience_, epoch_ = 0;
  double loss_ = std::numeric_limits<double>::infinity();
};

int main() {
  // 60 noisy points of a sine to learn, which the network can do by heart, and 60 to validate on.
  Rng rng(1);
  const auto x = rng.uniform<float>({120, 1}, -3, 3), y = sin(x) + rng.normal<float>({120, 1}, 0, 0.3f);
  const data::Dataset points{concat({x, y}, 1)};
  Sequential net{Linear(1, 128, rng, {.activation = Activation::relu}),
                 Linear(128, 128, rng, {.activation = Activation::relu}), Linear(128, 1, rng)};
  const auto loss = [&](const auto& batch, const Context& context) {
    return mse(net.forward(slice(batch.x, 1, 0, 1), context), slice(batch.x, 1, 1, 2));
  };

  Adam adam(parameters(net), {.rate = 3e-3});
  const auto [front, back] = data::split(points, 0.5);
  data::Loader train(front, {.batch = 10}), test(back, {.batch = 60, .shuffle = false});
  RestoreBest best(net, 20);
  const History history = fit(adam, train, test, loss, {.epochs = 500, .callbacks = {&best}});

  const double after = static_cast<double>(loss(*test.begin(), {}).item());
  std::printf("stopped after epoch %zu at %.4f; the weights of %.4f are back\n", history.rows.size(),
              history.last("val"), after);
  const bool restored = std::abs(after - best.loss()) < 1e-6;
  return restored && after < history.last("val") && history.rows.size() < 500 ? 0 : 1;
}

// A program with OpenMP trains a model in each of its threads: each must be what the same call gives alone,
// and its own team of threads must stay.
#include <omp.h>

#include <cstdio>
#include <figment/figment.hpp>

using namespace figment;

namespace {

/// The weights after 30 steps.
std::vector<float> trained(std::uint64_t seed) {
  Rng rng(seed);
  Sequential net{Linear(20, 300, rng, {.activation = Activation::relu}), BatchNorm(300), Dropout(0.2),
                 Linear(300, 5, rng)};
  Adam optimizer(parameters(net));
  Rng noise(seed + 100);
  const Context context{.training = true, .rng = &noise};
  for (int step = 0; step < 30; ++step) {
    const auto x = noise.normal<float>({200, 20});
    const auto loss = mse(net.forward(x, context), slice(x, 1, 0, 5));
    optimizer.step(grad(loss, parameters(net)));
  }
  std::vector<float> all;
  for (const auto& p : parameters(net)) all.insert(all.end(), p.data(), p.data() + p.size());
  return all;
}

}  // namespace

int main() {
  constexpr int models = 6, team = 4;
  std::vector<std::vector<float>> alone, together(models);
  for (int i = 0; i < models; ++i) alone.push_back(trained(static_cast<std::uint64_t>(i)));

  omp_set_num_threads(team);
  int seen = 0;
#pragma omp parallel for
  for (int i = 0; i < models; ++i) {
    together[static_cast<std::size_t>(i)] = trained(static_cast<std::uint64_t>(i));
#pragma omp critical
    seen = omp_get_num_threads() > seen ? omp_get_num_threads() : seen;
  }
  if (seen != team) return std::printf("expected a team of %d, found %d\n", team, seen), 1;
  for (std::size_t i = 0; i < models; ++i)
    if (together[i] != alone[i]) return std::printf("model %zu differs from the one trained alone\n", i), 1;
  std::printf("%d models in %d threads, each as trained alone\n", models, team);
}

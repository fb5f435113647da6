// Any bytes as the checkpoint of a run.
#include "figment/io/checkpoint.hpp"
#include "figment/figment.hpp"

#include "input.hpp"

using namespace figment;

namespace {

struct Run {
  Rng rng{1};
  Linear<float> layer{2, 1, rng};
  Adam<float> optimizer{parameters(layer)};
  Averaged<Linear<float>> average{layer};
  TrainPosition position;
  io::Checkpoint checkpoint{position};
  Run() {
    checkpoint.add_module(layer).add_optimizer("optimizer", optimizer).add_average("average", average);
    checkpoint.add_rng("rng", rng);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto path = fuzz::file(data, size);
  static Run run;
  bool loaded = false;
  const Index before = run.position.epoch;
  fuzz::attempt([&] {
    run.checkpoint.load(path);
    loaded = true;
  });
  if (!loaded && run.position.epoch != before) std::abort();  // refused means unchanged
  return 0;
}

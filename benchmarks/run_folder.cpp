// What a run's folder costs its training: the checkpoints of a DCGAN, TensorBoard's file and history.csv of a
// VAE.

#include <cstdio>
#include <cstring>
#include <figment/data.hpp>
#include <figment/figment.hpp>
#include <figment/io.hpp>
#include <figment/io/checkpoint.hpp>
#include <figment/io/tensorboard_log.hpp>
#include <filesystem>

#include "recipes/gans.hpp"
#include "recipes/vaes.hpp"
#include "support/command_line.hpp"
#include "support/timing.hpp"

using namespace figment;
namespace fs = std::filesystem;

namespace {

constexpr Index mnist = 60000;

/// The median of five of f's seconds.
template <class F>
double seconds_of(F f) {
  std::vector<double> samples;
  for (int i = 0; i < 5; ++i) {
    const double before = benchmarks::seconds_now();
    f();
    samples.push_back(benchmarks::seconds_now() - before);
  }
  std::sort(samples.begin(), samples.end());
  return samples[2];
}

/// Seconds of one step of a fit over so many, with these callbacks.
template <class Fit>
double step_seconds(Index steps, Fit fit) {
  const double before = benchmarks::seconds_now();
  fit();
  return (benchmarks::seconds_now() - before) / static_cast<double>(steps);
}

void checkpoint(const fs::path& dir, double width) {
  auto settings = recipes::dcgans()[0];
  settings.width = width;
  Rng rng(1);
  auto gan = recipes::make_gan(settings, rng);
  Adam generator(parameters(gan.generator)), discriminator(parameters(gan.discriminator));
  TrainPosition position;
  io::Checkpoint checkpoint(position);
  checkpoint.add_module(gan).add_optimizer("g", generator).add_optimizer("d", discriminator);
  constexpr Index steps = 3;
  data::Loader batches(data::Dataset<float>{rng.uniform({settings.batch, 28, 28, 1}), {}},
                       {.batch = settings.batch, .batches = steps});
  const double step =
      step_seconds(steps, [&] { fit(gan, generator, discriminator, batches, {.position = &position}); });

  const fs::path file = dir / "checkpoint.safetensors";
  const double copy = seconds_of([&] { checkpoint.snapshot(); });
  const auto snapshot = checkpoint.snapshot();
  const double write = seconds_of([&] { snapshot.write(file); });
  // Read back, it is what was written.
  const auto before = named_tensors(gan);
  std::vector<Tensor<float>> values;
  for (const auto& [name, t] : before) values.push_back(t.clone());
  for (const auto& [name, t] : before) Tensor<float>(t).copy_from(Tensor<float>::zeros(t.shape()));
  checkpoint.load(file);
  for (std::size_t i = 0; i < values.size(); ++i)
    ensure(std::memcmp(values[i].data(), before[i].second.data(),
                       static_cast<std::size_t>(values[i].size()) * sizeof(float)) == 0,
           "run_folder: '{}' was read back changed", before[i].first);

  const double epoch = step * static_cast<double>(mnist) / static_cast<double>(settings.batch);
  std::printf(
      "checkpoint of dcgan-tf, %.1f MB: training waits %.1f ms (a step takes %.0f ms), a thread writes for "
      "%.0f ms; together %.2f %% of an epoch\n",
      static_cast<double>(fs::file_size(file)) / 1e6, 1e3 * copy, 1e3 * step, 1e3 * write,
      100 * (copy + write) / epoch);
}

void log(const fs::path& dir) {
  Rng rng(1);
  auto vae = recipes::make_vae(recipes::vaes()[0], rng);
  RmsProp optimizer(parameters(vae));
  constexpr Index batch = 100, steps = mnist / batch;
  data::Loader batches(data::Dataset<float>{rng.uniform({6000, 28, 28, 1}), {}},
                       {.batch = batch, .batches = steps});
  struct Costs final : Callback {
    io::TensorBoardLog board;
    fs::path csv;
    double steps = 0, epochs = 0;
    explicit Costs(const fs::path& out) : board(out / "tensorboard"), csv(out / "history.csv") {}
    void on_begin(TrainState& s) override { board.on_begin(s); }
    void on_step(TrainState& s) override {
      const double before = benchmarks::seconds_now();
      board.on_step(s);
      steps += benchmarks::seconds_now() - before;
    }
    void on_epoch(TrainState& s) override {
      const double before = benchmarks::seconds_now();
      board.on_epoch(s);
      io::write_csv(csv, s.history->columns, s.history->rows);
      epochs += benchmarks::seconds_now() - before;
    }
  } costs(dir);
  const double epoch = static_cast<double>(steps) *
                       step_seconds(steps, [&] { fit(vae, optimizer, batches, {.callbacks = {&costs}}); });
  std::printf(
      "TensorBoard and history.csv of vae-256, an epoch of %.2f s: %.2f ms for its %td steps, %.2f ms at its "
      "end; together %.2f %%\n",
      epoch, 1e3 * costs.steps, steps, 1e3 * costs.epochs, 100 * (costs.steps + costs.epochs) / epoch);
}

}  // namespace

int main(int argc, char** argv) {
  double width = 1;
  std::ptrdiff_t threads = 0;
  std::string out = "runs/run_folder";
  examples::CommandLine line("run_folder", "Measures what a run's folder costs its training.");
  line.option("--width", width, "of the DCGAN, as a part of the published");
  line.option("--threads", threads, "threads to compute with, 0 for all cores", 0);
  line.option("--out", out, "directory to write into, on the disk in question");
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  return examples::run("run_folder", [&] {
    if (threads > 0) set_num_threads(static_cast<int>(threads));
    checkpoint(out, width);
    log(out);
    return 0;
  });
}

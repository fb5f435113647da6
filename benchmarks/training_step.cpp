// One whole training step of each published system, data already in memory.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "steps/ae_conv.hpp"
#include "steps/dcgan_tf.hpp"
#include "steps/gan_keras_mnist.hpp"
#include "steps/vae_256.hpp"
#include "support/command_line.hpp"
#include "support/heap_calls.hpp"
#include "support/memory.hpp"
#include "support/timing.hpp"

using namespace figment;

namespace {

struct Options {
  Index threads = 1;
  std::string name;
  double seconds = 3;
  bool json = false;
};

template <class Case>
void measure(const Options& options) {
  set_num_threads(static_cast<int>(options.threads));
  const double resident = benchmarks::resident_mb("VmRSS");
  Case steps;
  steps.verify();
  constexpr std::size_t most = 100'000;
  std::vector<double> samples;
  samples.reserve(most);
  const long heap_calls = test::heap_calls();
  const std::clock_t processor = std::clock();
  const double start = benchmarks::seconds_now();
  while (samples.size() < most &&
         (samples.size() < 5 || benchmarks::seconds_now() - start < options.seconds)) {
    const double before = benchmarks::seconds_now();
    steps.step();
    samples.push_back(benchmarks::seconds_now() - before);
  }
  const auto steps_taken = static_cast<double>(samples.size());
  // Of all threads, their waiting included: at one thread the time that other programs do not lengthen.
  const double cpu = static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC / steps_taken;
  const double calls = static_cast<double>(test::heap_calls() - heap_calls) / steps_taken;
  const double peak = benchmarks::resident_mb("VmHWM") - resident;
  const auto t = benchmarks::timing_of(samples);
  std::printf(
      options.json
          ? "{\"case\": \"%s\", \"threads\": %td, \"median_ms\": %.4f, \"min_ms\": %.4f, "
            "\"max_ms\": %.4f, \"cpu_ms\": %.4f, \"steps\": %zu, \"heap_calls\": %g, \"peak_mb\": %.1f}\n"
          : "%-16s %td thread(s): median %9.3f ms, min %9.3f, max %9.3f, processor %9.3f; %zu steps; "
            "%g heap calls a step, peak %.1f MB\n",
      Case::name, options.threads, t.median * 1e3, t.minimum * 1e3, t.maximum * 1e3, cpu * 1e3,
      samples.size(), calls, peak);
  std::fflush(stdout);
}

struct Entry {
  const char* name;
  void (*measure)(const Options&);
};
template <class Case>
constexpr Entry entry{Case::name, measure<Case>};
constexpr Entry cases[] = {entry<benchmarks::Vae256>, entry<benchmarks::GanKerasMnist>,
                           entry<benchmarks::DcganTf>, entry<benchmarks::AeConv>};

/// Each case in a process of its own, so that its peak of memory is its own. figment has no threads yet here.
int measure_apart(const Entry& c, const Options& options) {
  const pid_t child = fork();
  ensure(child >= 0, "cannot start a process for {}", c.name);
  if (child == 0) {
    _exit(examples::run("training_step", [&] {
      c.measure(options);
      return 0;
    }));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int measure_all(const Options& options) {
  if (!options.name.empty()) {
    std::string names;
    for (const Entry& c : cases) {
      if (options.name == c.name) return c.measure(options), 0;
      names += std::string(names.empty() ? "" : ", ") + c.name;
    }
    fail("no case is named '{}'; there are {}", options.name, names);
  }
  for (const Entry& c : cases)
    if (const int code = measure_apart(c, options)) return code;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  examples::CommandLine line(
      "training_step",
      "Times whole training steps. First each step's gradients and learning are verified. The peak "
      "is the most resident memory, less what was resident before the case began.");
  line.option("--threads", options.threads, "threads");
  line.option("--case", options.name, "only this case");
  line.option("--seconds", options.seconds, "how long to take steps, at least five");
  line.flag("--json", options.json, "one JSON object a line");
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  return examples::run("training_step", [&] { return measure_all(options); });
}

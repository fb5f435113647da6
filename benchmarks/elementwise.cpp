// What a training step does besides its products: each operation on every instruction set, beside Eigen's
// array expression and a memcpy, interleaved.

#include <cstdio>
#include <cstring>

#include "elementwise/maps.hpp"
#include "elementwise/reductions.hpp"
#include "elementwise/states.hpp"
#include "support/command_line.hpp"
#include "support/timing.hpp"

using namespace elementwise;
namespace kernels = figment::kernels;

namespace {

struct Options {
  Index threads = 1;
  std::string filter;
  bool json = false, quick = false;
};

std::vector<Case> all_cases() {
  std::vector<Case> list = map_cases();
  const auto add = [&](const std::vector<Case>& more) { list.insert(list.end(), more.begin(), more.end()); };
  add(loss_cases());
  add({softmax_case(10), softmax_case(1000), cross_entropy_case(10)});
  add(sum_cases());
  add(norm_cases(64));
  add(norm_cases(1));
  add(update_cases());
  return list;
}

struct Timed {
  std::string name;
  std::function<void()> run;
  std::vector<double> samples = {};
  std::size_t calls = 1;

  double gigabytes(double bytes) const { return bytes / benchmarks::timing_of(samples).median / 1e9; }
};

/// The case on each instruction set, the worst first, then its peer if it has one, then the memcpy.
std::vector<Timed> measure(const Run& run, double bytes, const Options& options) {
  std::vector<Timed> list;
  const kernels::Isa before = kernels::isa();
  for (auto isa : kernels::all_isas) {
    if (!kernels::supported(isa)) continue;
    list.push_back({std::string(kernels::name(isa)), [&run, isa] {
                      kernels::use_isa(isa);
                      run.ours();
                    }});
  }
  if (run.peer) list.push_back({"peer", run.peer});
  const std::vector<char> from(static_cast<std::size_t>(bytes / 2), 1);
  std::vector<char> to(from.size());
  list.push_back({"memcpy", [&] {
                    std::memcpy(to.data(), from.data(), from.size());
                    benchmarks::keep(to.data());
                  }});
  double round = 0;
  for (Timed& t : list) {
    t.run();  // warms the caches, takes its memory
    const double once = benchmarks::time_calls(t.run, 1);
    t.calls = static_cast<std::size_t>(std::clamp((options.quick ? 5e-4 : 2e-3) / once, 1.0, 1e5));
    round += once * static_cast<double>(t.calls);
  }
  const double wanted = (options.quick ? 0.1 : 1.0) / round;  // the slowest take fewer rounds
  for (int i = 0; i < static_cast<int>(std::clamp(wanted, 3.0, 21.0)); ++i)
    for (Timed& t : list) t.samples.push_back(benchmarks::time_warm_calls(t.run, t.calls));
  kernels::use_isa(before);
  return list;
}

/// The first call of a new case on each instruction set is right.
void verify(const Case& c, Index n) {
  const kernels::Isa before = kernels::isa();
  for (auto isa : kernels::all_isas) {
    if (!kernels::supported(isa)) continue;
    const Run fresh = c.make(n);
    kernels::use_isa(isa);
    fresh.ours();
    fresh.verify();
  }
  kernels::use_isa(before);
}

void print(const Case& c, Index n, const std::vector<Timed>& list, const Options& options) {
  const double count = static_cast<double>(n), bytes = c.arrays * count * 4;
  const bool peer = list[list.size() - 2].name == "peer";
  const Timed& best = list[list.size() - (peer ? 3 : 2)];
  const auto t = benchmarks::timing_of(best.samples);
  double ratio = 0;  // the median of the rounds'
  if (peer) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < best.samples.size(); ++i)
      ratios.push_back(list[list.size() - 2].samples[i] / best.samples[i]);
    ratio = benchmarks::timing_of(ratios).median;
  }
  if (options.json) {
    std::printf(
        "{\"case\": \"%s\", \"elements\": %td, \"threads\": %td, \"isa\": \"%s\", \"median_ms\": %.5f, "
        "\"min_ms\": %.5f",
        c.name.c_str(), n, options.threads, best.name.c_str(), t.median * 1e3, t.minimum * 1e3);
    for (const Timed& other : list)
      std::printf(", \"%s_gb_s\": %.2f", other.name.c_str(), other.gigabytes(bytes));
    if (peer) std::printf(", \"peer\": \"%s\", \"ratio\": %.2f", c.peer, ratio);
    std::printf("}\n");
  } else {
    std::printf("%-22s %8td", c.name.c_str(), n);
    for (const Timed& other : list)
      if (other.name != "peer" && other.name != "memcpy") std::printf(" %9.2f", other.gigabytes(bytes));
    std::printf(" (%6.2f - %6.2f) %7.3f %8.2f", bytes / t.maximum / 1e9, bytes / t.minimum / 1e9,
                count / t.median / 1e9, list.back().gigabytes(bytes));
    if (peer) std::printf(" %9.2f %-5s %6.2f", list[list.size() - 2].gigabytes(bytes), c.peer, ratio);
    std::printf("\n");
  }
  std::fflush(stdout);
}

int compare(const Options& options) {
  figment::set_num_threads(static_cast<int>(options.threads));
  if (!options.json) {
    std::printf(
        "float, %td thread(s) (the peers: 1). GB/s of what must be read and written: medians, the best set's "
        "(least - "
        "most);\nG/s: 10^9 elements a second; memcpy: as many bytes read and written. Eigen is compiled with "
        "this "
        "program's flags, without -march.\n%-22s %8s",
        options.threads, "case", "elements");
    for (auto isa : kernels::all_isas)
      if (kernels::supported(isa)) std::printf(" %9s", std::string(kernels::name(isa)).c_str());
    std::printf(" %17s %7s %8s %9s %12s\n", "", "G/s", "memcpy", "peer", "ratio");
  }
  int done = 0;
  for (const Case& c : all_cases()) {
    if (c.name.find(options.filter) == std::string::npos) continue;
    for (const Index n : {Index{32000}, options.quick ? Index{1} << 20 : Index{8} << 20}) {
      verify(c, n);
      const Run run = c.make(n);
      print(c, n, measure(run, c.arrays * static_cast<double>(n) * 4, options), options);
      ++done;
    }
  }
  figment::ensure(done > 0, "no case's name contains '{}'", options.filter);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  examples::CommandLine line("elementwise",
                             "Elementwise operations, reductions, random numbers and updates.");
  line.option("--threads", options.threads, "threads for figment");
  line.option("--filter", options.filter, "only cases whose name contains this");
  line.flag("--json", options.json, "one JSON object a line");
  line.flag("--quick", options.quick, "fewer rounds, a smaller large size");
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  return examples::run("elementwise", [&] { return compare(options); });
}

// What recording costs: operations on one-element tensors beside the same arithmetic on plain numbers.

#include <cmath>
#include <cstdio>
#include <figment/figment.hpp>

#include "support/timing.hpp"

using namespace figment;

namespace {

constexpr double budget = 300e-9;

struct Row {
  const char* name;
  benchmarks::Timing plain, unrecorded, recorded;
  double excess() const { return recorded.median - plain.median; }
};

template <class Plain, class Op>
Row measure(const char* name, Plain plain, Op op) {
  const float number = 0.5f;
  const auto constant = Tensor<float>::scalar(number), variable = parameter(Tensor<float>::scalar(number));
  ensure(std::abs(op(variable).item() - plain(number)) < 1e-6f, "{}: the two differ", name);
  std::vector<double> samples[3];
  volatile float in = number, out = 0;
  for (int i = 0; i < 51; ++i) {
    constexpr std::size_t calls = 2000;
    samples[0].push_back(benchmarks::time_calls([&] { out = plain(in); }, calls));
    samples[1].push_back(benchmarks::time_calls([&] { benchmarks::keep(op(constant)); }, calls));
    samples[2].push_back(benchmarks::time_calls([&] { benchmarks::keep(op(variable)); }, calls));
  }
  (void)out;
  return {name, benchmarks::timing_of(samples[0]), benchmarks::timing_of(samples[1]),
          benchmarks::timing_of(samples[2])};
}

}  // namespace

int main() {
  const Row rows[] = {
      measure(
          "exp", [](float x) { return std::exp(x); }, [](const auto& x) { return exp(x); }),
      measure(
          "relu", [](float x) { return x > 0 ? x : 0; }, [](const auto& x) { return relu(x); }),
      measure(
          "mul", [](float x) { return x * x; }, [](const auto& x) { return x * x; }),
      measure(
          "add", [](float x) { return x + x; }, [](const auto& x) { return x + x; }),
  };
  std::printf("one element, ns a call: median of 51 (min - max)\n%-6s %10s %12s %22s %16s\n", "op", "number",
              "not recorded", "recorded", "recorded - number");
  bool within = true;
  for (const Row& r : rows) {
    std::printf("%-6s %10.1f %12.1f %8.1f (%5.1f - %6.1f) %16.1f\n", r.name, r.plain.median * 1e9,
                r.unrecorded.median * 1e9, r.recorded.median * 1e9, r.recorded.minimum * 1e9,
                r.recorded.maximum * 1e9, r.excess() * 1e9);
    within &= r.excess() <= budget;
  }
  std::printf("%s the budget of %.0f ns\n", within ? "within" : "beyond", budget * 1e9);
  return within ? 0 : 1;
}

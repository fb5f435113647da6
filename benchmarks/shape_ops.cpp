// Every operation that moves, repeats or reduces elements, over each axis of (32, 28, 28, 32), forward and
// backward; benchmarks/peers/torch_shape_ops.py has the same cases under the same names.

#include <cstdio>
#include <ctime>

#include "shape_ops/case.hpp"
#include "shape_ops/maps.hpp"
#include "shape_ops/parts.hpp"
#include "shape_ops/recurrent.hpp"
#include "shape_ops/sums.hpp"
#include "support/command_line.hpp"
#include "support/timing.hpp"

using namespace shape_ops;

namespace {

struct Options {
  Index threads = 1;
  std::string filter;
  bool json = false, quick = false;
};

std::vector<Case> all_cases() {
  std::vector<Case> list;
  for (const auto& part : {slice_cases(), join_cases(), order_cases(), index_cases(), image_cases(),
                           broadcast_cases(), function_cases(), reduction_cases(), recurrent_cases()})
    list.insert(list.end(), part.begin(), part.end());
  return list;
}

Tensor<double> wide(const Tensor<float>& x) {
  Tensor<double> y(x.shape());
  std::copy_n(x.data(), x.size(), y.mutable_data());
  return y;
}

class Runner {
 public:
  explicit Runner(const Case& c) : case_(c) {
    for (const auto& x : c.inputs) inputs_.push_back(figment::parameter(x));
    y_ = c.run(inputs_);
    if (differentiable()) dy_ = normal(std::get<Tensor<float>>(y_).shape(), 9);
  }
  bool differentiable() const {
    return !inputs_.empty() && std::holds_alternative<Tensor<float>>(y_) &&
           std::get<Tensor<float>>(y_).tracked();
  }
  void forward() {
    y_ = Result();  // its memory serves again
    y_ = case_.run(inputs_);
  }
  void backward() {
    gradients_.clear();
    gradients_ = figment::vjp(std::get<Tensor<float>>(y_), dy_, inputs_);
  }

  /// Throws unless the values are those of plain loops in double, and the gradients those of a difference of
  /// them along a random direction.
  void verify() {
    Wide x;
    for (const auto& t : case_.inputs) x.push_back(wide(t));
    const Tensor<double> exact = case_.exact(x);
    std::visit([&](const auto& y) { compare(y, exact); }, y_);
    if (!differentiable()) return;
    backward();
    constexpr double h = 1e-8;  // hardly any maximum changes sides within it
    Wide up, down;
    double along = 0, size = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto v = normal(x[i].shape(), 20 + i);
      up.push_back(x[i].clone()), down.push_back(x[i].clone());
      double *u = up.back().mutable_data(), *d = down.back().mutable_data();
      for (Index j = 0; j < v.size(); ++j) {
        const double step = static_cast<double>(v.data()[j]);
        u[j] += h * step, d[j] -= h * step;
        const double part = static_cast<double>(gradients_[i].data()[j]) * step;
        along += part, size += part * part;
      }
    }
    const Tensor<double> above = case_.exact(up), below = case_.exact(down);
    double expected = 0, weight = 0;
    for (Index j = 0; j < above.size(); ++j) {
      weight += std::abs(static_cast<double>(dy_.data()[j]));
      expected += static_cast<double>(dy_.data()[j]) * (above.data()[j] - below.data()[j]) / (2 * h);
    }
    // Float's rounding errors average out; one wrong gradient of a million is 1e-3 of the sum's deviation.
    // The difference itself has lost the last digits of a double.
    const double allowed = 1e-4 * std::sqrt(size) + 1e-5 * std::sqrt(weight);
    figment::ensure(std::abs(along - expected) <= allowed,
                    "{}: along a direction the gradient gives {}, expected {} +- {}", case_.name, along,
                    expected, allowed);
  }

 private:
  template <class T>
  void compare(const Tensor<T>& y, const Tensor<double>& exact) {
    figment::ensure(y.size() == exact.size(), "{}: shape {}, expected {}", case_.name, y.shape(),
                    exact.shape());
    for (Index i = 0; i < y.size(); ++i) {
      const double found = static_cast<double>(y.data()[i]), e = exact.data()[i];
      figment::ensure(std::abs(found - e) <= case_.error * 0x1p-23 * std::max(1.0, std::abs(e)),
                      "{}: element {} is {}, expected {}", case_.name, i, found, e);
    }
  }

  const Case& case_;
  Inputs inputs_;
  Result y_;
  Tensor<float> dy_;
  figment::TensorList<float> gradients_;
};

/// With one thread the processor's time, on which other programs have less influence than on the clock's.
double seconds(Index threads) {
  timespec t{};
  if (threads > 1 || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0) return benchmarks::seconds_now();
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void measure(const Case& c, const char* pass, const std::function<void()>& run, const Options& options) {
  const auto time = [&](std::size_t calls) {
    const double start = seconds(options.threads);
    for (std::size_t i = 0; i < calls; ++i) run();
    return (seconds(options.threads) - start) / static_cast<double>(calls);
  };
  time(1);  // warms the caches, takes the memory
  const auto calls = static_cast<std::size_t>(std::clamp(2e-3 / time(1), 1.0, 1e4));
  std::vector<double> samples;
  for (int i = 0; i < (options.quick ? 3 : 9); ++i) samples.push_back(time(calls));
  const auto t = benchmarks::timing_of(samples);
  if (options.json)
    std::printf(
        "{\"case\": \"%s\", \"pass\": \"%s\", \"threads\": %td, \"median_ms\": %.5f, \"min_ms\": %.5f}\n",
        c.name.c_str(), pass, options.threads, t.median * 1e3, t.minimum * 1e3);
  else
    std::printf("%-28s %-8s median %9.4f ms, min %9.4f\n", c.name.c_str(), pass, t.median * 1e3,
                t.minimum * 1e3);
  std::fflush(stdout);
}

int compare(const Options& options) {
  figment::set_num_threads(static_cast<int>(options.threads));
  int done = 0;
  for (const Case& c : all_cases()) {
    if (c.name.find(options.filter) == std::string::npos) continue;
    Runner runner(c);
    runner.verify();
    measure(
        c, "forward", [&] { runner.forward(); }, options);
    if (runner.differentiable())
      measure(
          c, "backward", [&] { runner.backward(); }, options);
    ++done;
  }
  figment::ensure(done > 0, "no case's name contains '{}'", options.filter);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  examples::CommandLine line("shape_ops", "Operations that move, repeat or reduce elements.");
  line.option("--threads", options.threads, "threads for figment");
  line.option("--filter", options.filter, "only cases whose name contains this");
  line.flag("--json", options.json, "one JSON object a line");
  line.flag("--quick", options.quick, "fewer rounds");
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  return examples::run("shape_ops", [&] { return compare(options); });
}

// The convolutions of the training steps, each of their three products: figment beside oneDNN, interleaved.

#include <cmath>
#include <cstdio>
#include <figment/figment.hpp>
#include <optional>
#include <string>

#include "support/command_line.hpp"
#include "support/peak.hpp"

#ifdef FIGMENT_HAVE_ONEDNN
#include "support/onednn_conv.hpp"
#else
namespace benchmarks {
enum class Pass { forward, by_input, by_weight };
}
#endif

using namespace figment;
using benchmarks::Pass;
using Geometry = figment::detail::ConvGeometry;

namespace {

/// A square convolution.
struct Size {
  Index batch, side, in, out, window, stride;
  bool same;
  const char* where;

  Geometry geometry(Index n) const {
    return detail::conv_geometry("conv", {n, side, side, in}, {window, window, in, out},
                                 {.stride = stride, .padding = same ? Padding::same() : Padding::valid()});
  }
  std::string name() const {
    return figment::format("{}->{} {}x{} {}x{} s{}{}", in, out, side, side, window, window, stride,
                           same ? "" : " valid");
  }
};
// A transposed convolution's forward pass is the gradient by input of the one listed, and so on.
constexpr Size sizes[] = {
    {256, 7, 128, 256, 5, 1, true, "dcgan-tf"}, {256, 14, 64, 128, 5, 2, true, "dcgan-tf"},
    {256, 28, 1, 64, 5, 2, true, "dcgan-tf"},   {128, 28, 1, 16, 3, 1, true, "ae-conv"},
    {128, 14, 16, 8, 3, 1, true, "ae-conv"},    {128, 7, 8, 8, 3, 1, true, "ae-conv"},
    {128, 4, 8, 8, 3, 1, true, "ae-conv"},      {128, 8, 8, 8, 3, 1, true, "ae-conv"},
    {128, 16, 8, 16, 3, 1, false, "ae-conv"},   {128, 28, 16, 1, 3, 1, true, "ae-conv"},
};
constexpr const char* pass_names[] = {"forward", "by input", "by weight"};

Tensor<float> run(const Geometry& g, Pass pass, const Tensor<float>& x, const Tensor<float>& w,
                  const Tensor<float>& y) {
  switch (pass) {
    case Pass::forward:
      return detail::conv_y(g, x, w);
    case Pass::by_input:
      return detail::conv_x(g, y, w);
    default:
      return detail::conv_w(g, x, y);
  }
}

/// A sum in double, and the sum of its terms' sizes.
struct Sum {
  double value = 0, scale = 0;
  void add(float a, float b) {
    const double product = static_cast<double>(a) * static_cast<double>(b);
    value += product, scale += std::abs(product);
  }
};

/// One element of a product, by its definition: every tap of every output whose product reaches it.
Sum element(const Geometry& g, Pass pass, const Tensor<float>& x, const Tensor<float>& w,
            const Tensor<float>& y, Index flat) {
  const auto &h = g.rows, &v = g.columns;
  Sum sum;
  const auto split = [&](Index a, Index b, Index c) {
    return std::array<Index, 4>{flat / (a * b * c), flat / (b * c) % a, flat / c % b, flat % c};
  };
  const auto inside = [&](Index r, Index c) { return r >= 0 && r < h.input && c >= 0 && c < v.input; };
  if (pass == Pass::forward) {
    const auto [n, r, c, o] = split(h.output, v.output, g.out);
    for (Index kh = 0; kh < h.window; ++kh)
      for (Index kw = 0; kw < v.window; ++kw)
        for (Index i = 0; i < g.in && inside(h.at(r, kh), v.at(c, kw)); ++i)
          sum.add(x(n, h.at(r, kh), v.at(c, kw), i), w(kh, kw, i, o));
  } else if (pass == Pass::by_input) {
    const auto [n, row, column, i] = split(h.input, v.input, g.in);
    for (Index r = 0; r < h.output; ++r)
      for (Index c = 0; c < v.output; ++c)
        for (Index kh = 0; kh < h.window; ++kh)
          for (Index kw = 0; kw < v.window; ++kw)
            for (Index o = 0; o < g.out && h.at(r, kh) == row && v.at(c, kw) == column; ++o)
              sum.add(y(n, r, c, o), w(kh, kw, i, o));
  } else {
    const auto [kh, kw, i, o] = split(v.window, g.in, g.out);
    for (Index n = 0; n < g.batch; ++n)
      for (Index r = 0; r < h.output; ++r)
        for (Index c = 0; c < v.output; ++c)
          if (inside(h.at(r, kh), v.at(c, kw))) sum.add(x(n, h.at(r, kh), v.at(c, kw), i), y(n, r, c, o));
  }
  return sum;
}

/// Throws unless `found` is the product, by double sums at about `places` places spread over it.
void verify(const std::string& who, const Geometry& g, Pass pass, const Tensor<float>& x,
            const Tensor<float>& w, const Tensor<float>& y, const Tensor<float>& found, Index places) {
  // A prime step, so that all channels and positions have their turn.
  const Index step = places >= found.size() ? 1 : found.size() / places / 7919 * 7919 + 7919;
  for (Index t = 0, at = 0; t < std::min(places, found.size()); ++t, at = (at + step) % found.size()) {
    const Sum e = element(g, pass, x, w, y, at);
    // Rounding of a float sum stays below epsilon a term; 1e-6 are 17 half-units of the sum of sizes.
    ensure(std::abs(static_cast<double>(found.data()[at]) - e.value) <= 1e-6 * e.scale + 1e-6,
           "{} {}: element {} is {}, expected {}", who, pass_names[static_cast<int>(pass)], at,
           found.data()[at], e.value);
  }
}

/// Multiply-adds of a convolution, without and with those of the padding.
struct Work {
  double inside, nominal;
  explicit Work(const Geometry& g) {
    const auto taps = [](const detail::ConvAxis& a) {
      Index n = 0;
      for (Index o = 0; o < a.output; ++o) n += a.last_tap(o) - a.first_tap(o);
      return static_cast<double>(n);
    };
    const auto all = [](const detail::ConvAxis& a) { return static_cast<double>(a.output * a.window); };
    const auto each = static_cast<double>(g.batch * g.in / g.groups * g.out);
    inside = each * taps(g.rows) * taps(g.columns), nominal = each * all(g.rows) * all(g.columns);
  }
};

struct Options {
  Index threads = 1;
  std::string filter;
  bool json = false, quick = false;
};

struct Measured {
  benchmarks::Timing ours, peer;
  double ratio = 0;  ///< median of the rounds' ratios
  const char* layout = "";
};

Measured measure(const Size& s, Pass pass, const Options& options) {
  Rng rng(1);
  const auto operands = [&](const Geometry& g) {
    return std::array{rng.normal(g.x_shape()), rng.normal(g.w_shape()), rng.normal(g.y_shape())};
  };
  {
    const Geometry small = s.geometry(2);
    const auto [x, w, y] = operands(small);
    const auto found = run(small, pass, x, w, y);
    // Whole where that takes no more than a moment.
    verify("figment, batch 2,", small, pass, x, w, y, found, Work(small).nominal < 1e7 ? found.size() : 2000);
  }
  const Geometry g = s.geometry(s.batch);
  const auto [x, w, y] = operands(g);
  const auto ours = [&, &a = x, &b = w, &c = y] { return run(g, pass, a, b, c); };
  const auto found = ours();
  verify("figment", g, pass, x, w, y, found, 200);
  Measured m;
#ifdef FIGMENT_HAVE_ONEDNN
  auto peer = benchmarks::OneDnnConv::best(g, pass, x, w, y);
  m.layout = peer.layout();
  peer.run();
  const auto theirs = peer.result();
  verify("oneDNN", g, pass, x, w, y, theirs, 200);
  const float largest = max(abs(found)).item(), apart = max(abs(found - theirs)).item();
  // Two float sums of n normal products differ by some sqrt(n) roundings of their size, here n <= 50,000.
  ensure(apart <= 1e-5f * largest, "figment and oneDNN are {} apart in values up to {}", apart, largest);
#endif
  const double once = benchmarks::time_calls(ours, 1);
  const auto calls = static_cast<std::size_t>(std::clamp((options.quick ? 2e-3 : 1e-2) / once, 1.0, 1e4));
  std::vector<double> samples[2], ratios;
  for (int round = 0; round < (options.quick ? 5 : 15); ++round) {
    benchmarks::settle(options.threads > 1);
    samples[0].push_back(benchmarks::time_warm_calls([&] { benchmarks::keep(ours()); }, calls));
#ifdef FIGMENT_HAVE_ONEDNN
    benchmarks::settle(options.threads > 1);
    samples[1].push_back(benchmarks::time_warm_calls([&] { peer.run(); }, calls));
    ratios.push_back(samples[1].back() / samples[0].back());
#endif
  }
  m.ours = benchmarks::timing_of(samples[0]);
  if (!ratios.empty())
    m.peer = benchmarks::timing_of(samples[1]), m.ratio = benchmarks::timing_of(ratios).median;
  return m;
}

void print(const Size& s, Pass pass, const Measured& m, const Options& options, double peak) {
  const Work work(s.geometry(s.batch));
  const double flops = 2 * work.inside;
  const std::string name = figment::format("b{} {}", s.batch, s.name());
  const char* pass_name = pass_names[static_cast<int>(pass)];
  if (options.json) {
    std::printf(
        "{\"case\": \"%s\", \"model\": \"%s\", \"pass\": \"%s\", \"threads\": %td, \"median_ms\": %.4f, "
        "\"min_ms\": %.4f, \"gflops\": %.2f",
        name.c_str(), s.where, pass_name, options.threads, m.ours.median * 1e3, m.ours.minimum * 1e3,
        flops / m.ours.median / 1e9);
    if (m.ratio > 0)
      std::printf(
          ", \"onednn_median_ms\": %.4f, \"onednn_min_ms\": %.4f, \"onednn_layout\": \"%s\", "
          "\"ratio\": %.3f",
          m.peer.median * 1e3, m.peer.minimum * 1e3, m.layout, m.ratio);
    std::printf("}\n");
  } else {
    std::printf("%-29s %-9s %8.3f (%6.3f - %7.3f) %6.1f %3.0f%%", name.c_str(), pass_name,
                m.ours.median * 1e3, m.ours.minimum * 1e3, m.ours.maximum * 1e3, flops / m.ours.median / 1e9,
                peak > 0 ? 100 * flops / m.ours.median / peak : 0);
    if (m.ratio > 0)
      std::printf("  %8.3f (%6.3f - %7.3f) %6.1f (%6.1f) %-7s %6.2f", m.peer.median * 1e3,
                  m.peer.minimum * 1e3, m.peer.maximum * 1e3, flops / m.peer.median / 1e9,
                  2 * work.nominal / m.peer.median / 1e9, m.layout, m.ratio);
    std::printf("\n");
  }
  std::fflush(stdout);
}

int compare(const Options& options) {
  std::vector<std::pair<const Size*, Pass>> wanted;
  for (const Size& s : sizes)
    for (const Pass pass : {Pass::forward, Pass::by_input, Pass::by_weight}) {
      const auto name =
          figment::format("{} b{} {} {}", s.where, s.batch, s.name(), pass_names[static_cast<int>(pass)]);
      if (name.find(options.filter) != std::string::npos) wanted.emplace_back(&s, pass);
    }
  ensure(!wanted.empty(), "no convolution's name contains '{}'", options.filter);
  set_num_threads(static_cast<int>(options.threads));
#ifdef FIGMENT_HAVE_ONEDNN
  omp_set_num_threads(static_cast<int>(options.threads));
#endif
  const double peak = benchmarks::peak_flops() * static_cast<double>(options.threads);
  if (!options.json) {
    std::printf(
        "float, %td thread(s), %s; FMA peak %.0f GFLOP/s. ms: median (min - max). GFLOP/s count no products "
        "with padding.\n",
        options.threads, std::string(kernels::name(kernels::isa())).c_str(), peak / 1e9);
#ifdef FIGMENT_HAVE_ONEDNN
    std::printf(
        "oneDNN: in brackets with those products; activations as stated, whichever was faster; ratio above 1 "
        "where figment is.\n");
#endif
    std::printf("%-29s %-9s %27s %6s %4s", "convolution", "product", "figment ms", "GFLOP/s", "peak");
#ifdef FIGMENT_HAVE_ONEDNN
    std::printf("  %26s %15s %-7s %6s", "oneDNN ms", "GFLOP/s", "layout", "ratio");
#endif
    std::printf("\n");
  }
  double log_ratio = 0;
  int compared = 0;
  for (const auto& [s, pass] : wanted) {
    const Measured m = measure(*s, pass, options);
    print(*s, pass, m, options, peak);
    if (m.ratio > 0) log_ratio += std::log(m.ratio), ++compared;
  }
  if (compared && !options.json)
    std::printf("geometric mean of the ratios: %.2f\n", std::exp(log_ratio / compared));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  examples::CommandLine line("conv", "The convolutions of the training steps beside oneDNN's.");
  line.option("--threads", options.threads, "threads for both");
  line.option("--filter", options.filter, "only those whose model, name or product contains this");
  line.flag("--json", options.json, "one JSON object a line");
  line.flag("--quick", options.quick, "fewer rounds");
  if (const int code = line.parse(argc, argv); code >= 0) return code;
  return examples::run("conv", [&] { return compare(options); });
}

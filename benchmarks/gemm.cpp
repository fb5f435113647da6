// Matrix products of the training steps: figment beside Eigen, OpenBLAS and oneDNN, interleaved.
//   gemm [threads]

#include <Eigen/Core>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <figment/figment.hpp>
#include <functional>
#include <string>

#include "support/peak.hpp"

#ifdef FIGMENT_HAVE_OPENBLAS
#include <cblas.h>
#endif
#ifdef FIGMENT_HAVE_ONEDNN
#include <dnnl.h>
#include <omp.h>
#endif

using namespace figment;

namespace {

struct Size {
  Index m, n, k;
};
constexpr Size sizes[] = {{100, 256, 784},    {100, 784, 256},   {784, 256, 100},   {128, 1024, 784},
                          {256, 512, 512},    {32, 512, 256},    {256, 12544, 100}, {12544, 64, 25},
                          {12544, 128, 1600}, {1024, 1024, 1024}};

struct Peer {
  std::string name;
  std::function<void(const float* a, const float* b, float* c, Size s)> run;
};

std::vector<Peer> peers([[maybe_unused]] int threads) {
  std::vector<Peer> list;
  list.push_back({"figment", [](const float* a, const float* b, float* c, Size s) {
                    kernels::MatmulArgs<float> args{};
                    args.m = s.m, args.n = s.n, args.k = s.k;
                    args.a = a, args.a_row = s.k, args.a_col = 1;
                    args.b = b, args.b_row = s.n, args.b_col = 1;
                    args.c = c, args.c_row = s.n;
                    detail::run_matmul(args);
                  }});
  list.push_back({"Eigen", [](const float* a, const float* b, float* c, Size s) {
                    using M = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
                    Eigen::Map<M>(c, s.m, s.n).noalias() =
                        Eigen::Map<const M>(a, s.m, s.k) * Eigen::Map<const M>(b, s.k, s.n);
                  }});
#ifdef FIGMENT_HAVE_OPENBLAS
  openblas_set_num_threads(threads);
  list.push_back({"OpenBLAS", [](const float* a, const float* b, float* c, Size s) {
                    const int m = static_cast<int>(s.m), n = static_cast<int>(s.n), k = static_cast<int>(s.k);
                    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
                  }});
#endif
#ifdef FIGMENT_HAVE_ONEDNN
  omp_set_num_threads(threads);
  list.push_back({"oneDNN", [](const float* a, const float* b, float* c, Size s) {
                    dnnl_sgemm('N', 'N', s.m, s.n, s.k, 1, a, s.k, b, s.n, 0, c, s.n);
                  }});
#endif
  return list;
}

/// Throws unless c is a b, by a double sum at some hundred places.
void verify(const std::string& peer, const Tensor<float>& a, const Tensor<float>& b, const Tensor<float>& c,
            Size s) {
  for (Index t = 0; t < 100; ++t) {
    const Index i = t * 7919 % s.m, j = t * 104729 % s.n;
    double sum = 0, scale = 0;
    for (Index l = 0; l < s.k; ++l) {
      sum += double(a(i, l)) * double(b(l, j));
      scale += std::abs(double(a(i, l)) * double(b(l, j)));
    }
    ensure(std::abs(c(i, j) - sum) <= 1e-6 * scale + 1e-6, "{}: element ({}, {}) is {}, expected {}", peer, i,
           j, c(i, j), sum);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  if (threads < 1) {
    std::fprintf(stderr, "gemm: expected a number of threads, found '%s'\n", argv[1]);
    return 2;
  }
  set_num_threads(threads);
  const auto list = peers(threads);
  const double peak = benchmarks::peak_flops() * threads;
  std::printf(
      "float, %d thread(s), %s; FMA peak %.0f GFLOP/s; median GFLOP/s (share of peak) of 31 rounds\n%-18s",
      threads, std::string(kernels::name(kernels::isa())).c_str(), peak / 1e9, "m x n x k");
  for (const Peer& p : list) std::printf(" %14s", p.name.c_str());
  std::printf("   best peer\n");

  Rng rng(1);
  double log_ratio = 0, log_share = 0;
  for (const Size s : sizes) {
    const auto a = rng.normal({s.m, s.k}), b = rng.normal({s.k, s.n});
    Tensor<float> c({s.m, s.n});
    const double flops = 2.0 * static_cast<double>(s.m * s.n * s.k);
    const auto calls = static_cast<std::size_t>(std::max(1.0, 2e8 / flops));
    std::vector<std::vector<double>> samples(list.size());
    for (int round = 0; round < 32; ++round)
      for (std::size_t p = 0; p < list.size(); ++p) {
        benchmarks::settle(threads > 1);
        const double t =
            benchmarks::time_warm_calls([&] { list[p].run(a.data(), b.data(), c.mutable_data(), s); }, calls);
        if (round > 0) samples[p].push_back(t);
        if (round == 0) verify(list[p].name, a, b, c, s);
      }
    std::printf("%-18s", figment::format("{}x{}x{}", s.m, s.n, s.k).c_str());
    double best_peer = 1e9, ours = 0;
    for (std::size_t p = 0; p < list.size(); ++p) {
      const double t = benchmarks::timing_of(samples[p]).median;
      (p == 0 ? ours : best_peer) = p == 0 ? t : std::min(best_peer, t);
      std::printf(" %7.1f (%3.0f%%)", flops / t / 1e9, 100 * flops / t / peak);
    }
    std::printf("   %9.2f\n", best_peer / ours);
    log_ratio += std::log(best_peer / ours);
    log_share += std::log(flops / ours / peak);
  }
  const double n = std::size(sizes);
  std::printf("geometric means: %.2f of the best peer, %.0f%% of the peak\n", std::exp(log_ratio / n),
              100 * std::exp(log_share / n));
}

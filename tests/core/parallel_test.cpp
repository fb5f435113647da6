// The thread pool.
#include "figment/core/parallel.hpp"

#include <fstream>
#include <numeric>
#include <set>
#include <stdexcept>

#ifdef __linux__
#include <sys/resource.h>
#include <unistd.h>
#endif

#include "support/catch.hpp"
#include "support/compare.hpp"
#include "support/error_of.hpp"

using figment::Index;
using figment::parallel_for;
using test::ThreadScope;

TEST_CASE("parallel_for covers every position once, for any number of threads", "[core]") {
  for (int threads : {1, 2, 3, 5}) {
    ThreadScope scope(threads);
    for (Index n : {0, 1, 2, 7, 100, 10007})
      for (Index grain : {0, 1, 3, 50, 20000}) {
        INFO(n << " in grains of " << grain << " on " << threads << " threads");
        std::vector<int> seen(static_cast<std::size_t>(n), 0);
        std::atomic<int> ranges{0}, short_ranges{0};
        parallel_for(n, grain, [&](Index begin, Index end) {
          ++ranges;
          if (end - begin < grain) ++short_ranges;
          for (Index i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];  // ranges do not overlap
        });
        CHECK(std::count(seen.begin(), seen.end(), 1) == n);
        CHECK(ranges <= threads);
        if (n >= grain) CHECK(short_ranges == 0);
        if (n == 0) CHECK(ranges == 0);
      }
  }
}

TEST_CASE("work is really shared", "[core]") {
  ThreadScope scope(2);
  // Each half waits for the other to begin: one thread alone would wait for ever.
  std::atomic<int> begun{0};
  std::set<std::thread::id> threads;
  std::mutex mutex;
  parallel_for(2, 1, [&](Index, Index) {
    ++begun;
    while (begun < 2) std::this_thread::yield();
    std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  CHECK(threads.size() == 2);
}

TEST_CASE("an exception comes back to the caller, and the pool goes on", "[core]") {
  for (int threads : {1, 2, 3}) {
    ThreadScope scope(threads);
    for (int round = 0; round < 3; ++round) {
      CHECK_THROWS_WITH(parallel_for(100, 1,
                                     [](Index, Index end) {
                                       if (end == 100) throw std::runtime_error("the last part");
                                     }),
                        "the last part");
      CHECK_THROWS_AS(parallel_for(100, 1, [](Index, Index) { throw std::logic_error("all parts"); }),
                      std::logic_error);
      std::atomic<Index> sum{0};
      parallel_for(100, 1, [&](Index begin, Index end) { sum += end - begin; });
      CHECK(sum == 100);
    }
  }
}

TEST_CASE("nested calls run where they are", "[core]") {
  ThreadScope scope(3);
  std::vector<int> seen(60, 0);
  std::atomic<int> elsewhere{0};
  parallel_for(6, 1, [&](Index begin, Index end) {
    const auto here = std::this_thread::get_id();
    for (Index i = begin; i < end; ++i)
      parallel_for(10, 1, [&](Index b, Index e) {
        if (std::this_thread::get_id() != here) ++elsewhere;
        for (Index j = b; j < e; ++j) ++seen[static_cast<std::size_t>(i * 10 + j)];
      });
  });
  CHECK(std::count(seen.begin(), seen.end(), 1) == 60);
  CHECK(elsewhere == 0);
}

TEST_CASE("several threads may compute at the same time", "[core]") {
  ThreadScope scope(2);
  std::vector<std::thread> callers;
  std::atomic<Index> total{0};
  for (int k = 0; k < 4; ++k)
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round)
        parallel_for(64, 1, [&](Index begin, Index end) { total += end - begin; });
    });
  for (auto& c : callers) c.join();
  CHECK(total == 4 * 200 * 64);
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a system that grants fewer threads gets fewer", "[core]") {
  rlimit before{};
  getrlimit(RLIMIT_AS, &before);
  long pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit now = before;
  now.rlim_cur = static_cast<rlim_t>(pages * sysconf(_SC_PAGESIZE)) + (200u << 20);  // some twenty stacks
  REQUIRE(setrlimit(RLIMIT_AS, &now) == 0);
  int granted = 0;
  Index sum = 0;
  const std::string error = test::error_of([&] {
    figment::detail::ThreadPool pool(400);
    granted = pool.size();
    std::atomic<Index> total{0};
    pool.run(
        1000, [](void* t, Index part) { *static_cast<std::atomic<Index>*>(t) += part; }, &total);
    sum = total;
  });
  setrlimit(RLIMIT_AS, &before);
  CHECK(error == "no error");
  CHECK((granted >= 1 && granted < 400));
  CHECK(sum == 499500);
}
#endif

TEST_CASE("the number of threads can be set, from 1 up", "[core]") {
  ThreadScope restore(figment::num_threads());
  figment::set_num_threads(4);
  CHECK(figment::num_threads() == 4);
  figment::set_num_threads(1);
  CHECK(figment::num_threads() == 1);
  CHECK(test::error_of([] { figment::set_num_threads(0); }) ==
        "set_num_threads: expected 1 or more, found 0");
  CHECK(figment::num_threads() == 1);
  // As many as can help, where a typing error asks for all that the system has.
  figment::set_num_threads(100000);
  CHECK(figment::num_threads() <= static_cast<int>((std::max)(16u, 4 * std::thread::hardware_concurrency())));
}

// The recycled memory.
#include "figment/core/memory.hpp"

#include <set>
#include <thread>
#include <vector>

#include "figment/core/tensor.hpp"
#include "support/catch.hpp"

using figment::memory_stats;
using figment::Tensor;
using figment::detail::MemoryPool;
using figment::detail::recycle_memory;

TEST_CASE("blocks are aligned, large enough and apart", "[core]") {
  auto& pool = MemoryPool::instance();
  std::vector<std::pair<std::byte*, std::size_t>> blocks;
  for (std::size_t bytes = 0; bytes < 5000; bytes += 7) {
    auto* p = static_cast<std::byte*>(pool.allocate(bytes));
    REQUIRE(reinterpret_cast<std::uintptr_t>(p) % MemoryPool::alignment == 0);
    std::fill_n(p, bytes, static_cast<std::byte>(bytes));  // a sanitizer sees a block that is too small
    blocks.emplace_back(p, bytes);
  }
  for (const auto& [p, bytes] : blocks) {
    bool intact = true;
    for (std::size_t i = 0; i < bytes; ++i) intact &= p[i] == static_cast<std::byte>(bytes);
    CHECK(intact);
    pool.deallocate(p, bytes);
  }
}

TEST_CASE("at most a quarter of a block is slack, at every size", "[core]") {
  auto& pool = MemoryPool::instance();
  for (std::size_t bytes = 65; bytes < std::size_t{1} << 24; bytes += bytes / 9 + 1) {
    const auto before = memory_stats().in_use;
    void* p = pool.allocate(bytes);
    const auto taken = memory_stats().in_use - before;
    INFO(bytes << " bytes");
    CHECK(taken >= bytes);
    CHECK(taken < bytes + bytes / 4 + 64);
    pool.deallocate(p, bytes);
    CHECK(memory_stats().in_use == before);
  }
}

TEST_CASE("a block given back is used again by the next of its size", "[core]") {
  if (!recycle_memory) return;
  const float* first;
  {
    const Tensor<float> t({1000});
    first = t.data();
  }
  const auto before = memory_stats();
  CHECK(before.cached > 0);
  {
    const Tensor<float> again({1000});
    CHECK(again.data() == first);
    CHECK(memory_stats().allocations == before.allocations);
    CHECK(memory_stats().cached < before.cached);
  }
  CHECK(memory_stats().cached == before.cached);
  CHECK(memory_stats().in_use == before.in_use);
}

TEST_CASE("the peak is the highest use since it was reset", "[core]") {
  figment::reset_peak_memory();
  const auto start = memory_stats();
  CHECK(start.peak == start.in_use);
  { const Tensor<double> t({100000}); }
  CHECK(memory_stats().peak >= start.in_use + 800000);
  CHECK(memory_stats().in_use == start.in_use);
  figment::reset_peak_memory();
  CHECK(memory_stats().peak == start.in_use);
}

TEST_CASE("cached blocks can be given back to the heap", "[core]") {
  { const Tensor<double> t({100000}); }
  figment::release_cached_memory();
  CHECK(memory_stats().cached == 0);
  const Tensor<double> t({100000});  // and the pool goes on working
  CHECK(t.data() != nullptr);
}

#ifndef __SANITIZE_THREAD__  // a sanitizer ends the program instead
TEST_CASE("a request beyond the machine throws and counts for nothing", "[core]") {
  if (!recycle_memory) return;
  const auto before = memory_stats();
  CHECK_THROWS_AS(Tensor<double>({figment::Index{1} << 55}), std::bad_alloc);
  CHECK(memory_stats().in_use == before.in_use);
  CHECK(memory_stats().peak == before.peak);
  CHECK(memory_stats().allocations == before.allocations);
}
#endif

TEST_CASE("threads share the pool, and one may free what another took", "[core]") {
  const auto before = memory_stats().in_use;
  {
    std::vector<Tensor<float>> made(400);
    std::vector<std::thread> threads;
    for (std::size_t k = 0; k < 4; ++k)
      threads.emplace_back([&, k] {
        for (std::size_t i = 0; i < 100; ++i) {
          made[k * 100 + i] =
              Tensor<float>::full({static_cast<figment::Index>(1 + i)}, static_cast<float>(k));
          const Tensor<float> brief({64});
        }
      });
    for (auto& t : threads) t.join();
    bool right = true;
    std::set<const float*> places;
    for (std::size_t i = 0; i < made.size(); ++i) {
      places.insert(made[i].data());
      for (float v : made[i].values()) right &= v == static_cast<float>(i / 100);
    }
    CHECK(right);
    CHECK(places.size() == made.size());
  }
  CHECK(memory_stats().in_use == before);
}

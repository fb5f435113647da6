// Recycled memory: blocks go back to a free list of their size class instead of the heap, so that a
// training step which asks for the same sizes as the last one allocates nothing.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <thread>

namespace figment {

/// Counts of the recycled memory, in bytes and blocks.
struct MemoryStats {
  std::size_t in_use = 0;       ///< bytes handed out now
  std::size_t peak = 0;         ///< the highest in_use since the start or the last reset_peak_memory()
  std::size_t cached = 0;       ///< bytes waiting on free lists
  std::size_t allocations = 0;  ///< blocks ever taken from the heap
};

namespace detail {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool recycle_memory = false;  // the sanitizer sees a use after free only if memory is freed
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool recycle_memory = false;
#else
inline constexpr bool recycle_memory = true;
#endif
#else
inline constexpr bool recycle_memory = true;
#endif

/// One global pool under a spin lock. Thread-local lists would leak when one thread allocates (a loader)
/// and another frees.
class MemoryPool {
 public:
  static constexpr std::size_t alignment = 64;

  /// Never destroyed, as static tensors may outlive any order; what it holds is given back at the end.
  static MemoryPool& instance() {
    static constinit MemoryPool pool;
    return pool;
  }

  // Out of line, as the lock's waiting is long.
  [[gnu::noinline]] static void* allocate(std::size_t bytes) {
    MemoryPool& pool = instance();
    const std::size_t c = size_class(bytes), size = class_size(c);
    {
      Lock lock(pool.busy_);
      if (Block* b = pool.free_[c]) {
        pool.free_[c] = b->next;
        pool.stats_.cached -= size;
        pool.count(size);
        return b;
      }
    }
    // Of a program, or of a library that is unloaded, and perhaps loaded again.
    static const struct AtEnd {
      ~AtEnd() { instance().close(); }
    } at_end;
    void* const block = ::operator new(size, std::align_val_t(alignment));
    Lock lock(pool.busy_);
    ++pool.stats_.allocations;
    pool.count(size);
    return block;
  }

  [[gnu::noinline]] static void deallocate(void* p, std::size_t bytes) noexcept {
    MemoryPool& pool = instance();
    const std::size_t c = size_class(bytes), size = class_size(c);
    {
      Lock lock(pool.busy_);
      pool.stats_.in_use -= size;
      if (pool.recycling_) {
        pool.stats_.cached += size;
        pool.free_[c] = new (p) Block{pool.free_[c]};
        return;
      }
    }
    ::operator delete(p, std::align_val_t(alignment));
  }

  void release() noexcept {
    Lock lock(busy_);
    for (Block*& head : free_)
      while (Block* b = head) {
        head = b->next;
        ::operator delete(b, std::align_val_t(alignment));
      }
    stats_.cached = 0;
  }
  /// What is still to be given back goes to the heap at once.
  void close() noexcept {
    {
      Lock lock(busy_);
      recycling_ = false;
    }
    release();
  }

  MemoryStats stats() noexcept {
    Lock lock(busy_);
    return stats_;
  }
  void reset_peak() noexcept {
    Lock lock(busy_);
    stats_.peak = stats_.in_use;
  }

 private:
  struct Block {
    Block* next;
  };
  struct Lock {
    std::atomic_flag& flag;
    explicit Lock(std::atomic_flag& f) noexcept : flag(f) {
      if (flag.test_and_set(std::memory_order_acquire)) [[unlikely]]
        wait();
    }
    ~Lock() { flag.clear(std::memory_order_release); }
    // It is held for some ten instructions: whoever is in the way has been interrupted.
    [[gnu::cold, gnu::noinline]] void wait() noexcept {
      do std::this_thread::yield();
      while (flag.test_and_set(std::memory_order_acquire));
    }
  };

  void count(std::size_t size) noexcept {
    stats_.in_use += size;
    if (stats_.in_use > stats_.peak) stats_.peak = stats_.in_use;
  }

  // Four classes to a power of two, from 64 bytes: at most a quarter of a block is slack.
  static std::size_t size_class(std::size_t bytes) noexcept {
    const std::size_t units = bytes <= 64 ? 1 : (bytes + 63) / 64;
    if (units <= 4) return units - 1;
    const int log = static_cast<int>(std::bit_width(units - 1)) - 1;  // 2^log <= units - 1 < 2^(log+1)
    return static_cast<std::size_t>(4 * (log - 1)) + ((units - 1) >> (log - 2)) - 4;
  }
  static std::size_t class_size(std::size_t c) noexcept {
    if (c < 4) return (c + 1) * 64;
    const std::size_t log = c / 4 + 1, quarter = c % 4;
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): c is below 256
    return ((std::size_t{5} + quarter) << (log - 2)) * 64;
  }

  std::atomic_flag busy_{};
  bool recycling_ = recycle_memory;
  Block* free_[4 * 64] = {};
  MemoryStats stats_;
};

}  // namespace detail

/// What the recycled memory holds now.
inline MemoryStats memory_stats() { return detail::MemoryPool::instance().stats(); }

/// Makes the bytes in use now the peak.
inline void reset_peak_memory() { detail::MemoryPool::instance().reset_peak(); }

/// Gives the blocks waiting for reuse back to the heap.
inline void release_cached_memory() { detail::MemoryPool::instance().release(); }

/// A standard allocator over the recycled memory, for containers in the training step.
template <class V>
struct RecycledAllocator {
  /// The elements.
  using value_type = V;
  /// Any two are the same.
  RecycledAllocator() = default;
  /// From one of other elements, as std requires.
  template <class U>
  RecycledAllocator(const RecycledAllocator<U>&) {}  // NOLINT(google-explicit-constructor): as std requires
  /// Room for n elements, aligned to 64 bytes.
  V* allocate(std::size_t n) { return static_cast<V*>(detail::MemoryPool::allocate(n * sizeof(V))); }
  /// Gives back what allocate(n) gave.
  void deallocate(V* p, std::size_t n) noexcept { detail::MemoryPool::deallocate(p, n * sizeof(V)); }
  /// Always: there is one memory.
  friend bool operator==(const RecycledAllocator&, const RecycledAllocator&) { return true; }
};

}  // namespace figment

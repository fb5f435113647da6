// The memory behind tensors: counted, 64-byte aligned, recycled, with a count of its changes.
#pragma once

#include <new>

#include "figment/core/memory.hpp"
#include "figment/core/ref.hpp"

namespace figment::detail {

class Storage final : public Counted {
 public:
  static Ref<Storage> make(std::size_t bytes) {
    void* block = MemoryPool::allocate(header + bytes);
    return Ref<Storage>(new (block) Storage(bytes));
  }

  void* data() { return reinterpret_cast<std::byte*>(this) + header; }

  /// Goes up with every change in place; what a graph saved is valid only while this stays.
  std::uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  void bump() { version_.fetch_add(1, std::memory_order_relaxed); }

 private:
  static constexpr std::size_t header = MemoryPool::alignment;

  explicit Storage(std::size_t bytes) : bytes_(bytes) {}
  void destroy() noexcept override { MemoryPool::deallocate(this, header + bytes_); }

  std::atomic<std::uint32_t> version_{0};
  std::size_t bytes_;
};

}  // namespace figment::detail

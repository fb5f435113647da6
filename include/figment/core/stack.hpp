// A growing array in recycled memory, for the engine. Each kind of std::vector would cost a program some
// thirty more functions to compile.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "figment/core/memory.hpp"

namespace figment::detail {

template <class V>
class Stack {
 public:
  Stack() = default;
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  [[gnu::noinline]] ~Stack() {
    clear();
    if (data_) MemoryPool::deallocate(data_, room_ * sizeof(V));
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  V* begin() { return data_; }
  V* end() { return data_ + size_; }
  V& operator[](std::size_t i) { return data_[i]; }
  const V& operator[](std::size_t i) const { return data_[i]; }
  V& back() { return data_[size_ - 1]; }

  void push(V value) {
    if (size_ == room_) grow();
    new (data_ + size_++) V(std::move(value));
  }
  void pop() { data_[--size_].~V(); }
  void clear() {
    while (size_ > 0) pop();
  }

 private:
  [[gnu::cold]] void grow() {
    const std::size_t room = room_ ? 2 * room_ : 16;
    V* const data = static_cast<V*>(MemoryPool::allocate(room * sizeof(V)));
    for (std::size_t i = 0; i < size_; ++i) {
      new (data + i) V(std::move(data_[i]));
      data_[i].~V();
    }
    if (data_) MemoryPool::deallocate(data_, room_ * sizeof(V));
    data_ = data, room_ = room;
  }

  V* data_ = nullptr;
  std::size_t size_ = 0, room_ = 0;
};

}  // namespace figment::detail

// Intrusive reference counts: one word in the object, no control block.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace figment::detail {

/// A shared object that knows how to destroy itself (back into the recycled memory).
class Counted {
 public:
  Counted() = default;
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  std::uint32_t use_count() const { return count_.load(std::memory_order_acquire); }

 protected:
  virtual ~Counted() = default;
  virtual void destroy() noexcept = 0;
  /// Counts one more handle, which Ref::adopt makes; true if there was none.
  bool hold() { return count_.fetch_add(1, std::memory_order_relaxed) == 0; }

 private:
  template <class>
  friend class Ref;
  std::atomic<std::uint32_t> count_{0};
};

template <class V>
class Ref {
 public:
  Ref() = default;
  explicit Ref(V* p) : p_(p) { grab(); }
  /// The handle that is counted already.
  static Ref adopt(V* p) {
    Ref r;
    r.p_ = p;
    return r;
  }
  Ref(const Ref& o) : p_(o.p_) { grab(); }
  Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  Ref& operator=(Ref o) noexcept {
    std::swap(p_, o.p_);
    return *this;
  }
  ~Ref() { drop(); }

  V* get() const { return p_; }
  V* operator->() const { return p_; }
  explicit operator bool() const { return p_ != nullptr; }

 private:
  void grab() const {
    if (p_) p_->count_.fetch_add(1, std::memory_order_relaxed);
  }
  void drop() const {
    if (p_) release(p_);
  }
  // Out of line: handles are dropped everywhere, and a program compiles each of those places.
  [[gnu::noinline]] static void release(Counted* p) {
    if (p->count_.fetch_sub(1, std::memory_order_acq_rel) == 1) p->destroy();
  }

  V* p_ = nullptr;
};

}  // namespace figment::detail

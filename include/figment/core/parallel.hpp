// A small thread pool. Work is split by output position only, so results do not depend on the number of
// threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "figment/core/shape.hpp"

namespace figment {

namespace detail {

class ThreadPool {
 public:
  using Task = void (*)(void* context, Index part);

  static ThreadPool& instance() {
    static ThreadPool pool(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
    return pool;
  }

  explicit ThreadPool(int n) { resize(n); }
  ~ThreadPool() { stop(); }

  int size() const { return size_.load(std::memory_order_relaxed); }

  void resize(int n) {
    std::lock_guard owner(owner_);
    stop();
    stopping_ = false;
    size_ = n;
    for (int i = 1; i < n; ++i) workers_.emplace_back([this, g = generation_] { work(g); });
  }

  /// Runs task(context, p) for each p < parts; returns when all are done. The first exception is rethrown.
  void run(Index parts, Task task, void* context) {
    std::unique_lock owner(owner_, std::defer_lock);
    // Another thread's work, or a nested call (which must not try the lock it may hold): do it here.
    if (inside_ || !owner.try_lock()) {
      for (Index p = 0; p < parts; ++p) task(context, p);
      return;
    }
    {
      std::lock_guard lock(mutex_);
      task_ = task, context_ = context, parts_ = parts;
      next_.store(0, std::memory_order_relaxed);
      active_ = static_cast<int>(workers_.size());
      error_ = nullptr;
      ++generation_;
    }
    wake_.notify_all();
    drain();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return active_ == 0; });
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  void drain() {
    inside_ = true;
    for (Index p; (p = next_.fetch_add(1, std::memory_order_relaxed)) < parts_;) {
      try {
        task_(context_, p);
      } catch (...) {
        std::lock_guard lock(mutex_);
        if (!error_) error_ = std::current_exception();
      }
    }
    inside_ = false;
  }

  void work(std::uint64_t seen) {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
        if (stopping_) return;
        seen = generation_;
      }
      drain();
      std::lock_guard lock(mutex_);
      if (--active_ == 0) done_.notify_one();
    }
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (auto& w : workers_) w.join();
    workers_.clear();
  }

  static inline thread_local bool inside_ = false;

  std::mutex owner_, mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> workers_;
  std::atomic<int> size_{1};
  std::atomic<Index> next_{0};
  std::uint64_t generation_ = 0;
  bool stopping_ = false;
  int active_ = 0;
  Task task_ = nullptr;
  void* context_ = nullptr;
  Index parts_ = 0;
  std::exception_ptr error_;
};

}  // namespace detail

/// How many threads figment computes with, the caller's included. At the start: all cores.
inline int num_threads() { return detail::ThreadPool::instance().size(); }

/// Sets the number of threads, 1 or more. Not while another thread is computing.
inline void set_num_threads(int n) {
  check(n >= 1, "set_num_threads: expected 1 or more, found {}", n);
  if (n != num_threads()) detail::ThreadPool::instance().resize(n);
}

/// A view of a callable R f(begin, end). What runs in parallel is compiled once, behind a pointer.
template <class R = void>
class RangeFunction {
 public:
  template <class F>
  RangeFunction(F&& f)  // NOLINT(google-explicit-constructor): lambdas convert
      : object_(const_cast<void*>(static_cast<const void*>(&f))), call_([](void* o, Index begin, Index end) {
          return static_cast<R>((*static_cast<std::remove_reference_t<F>*>(o))(begin, end));
        }) {}
  R operator()(Index begin, Index end) const { return call_(object_, begin, end); }

 private:
  void* object_;
  R (*call_)(void*, Index, Index);
};

/// Calls f(begin, end) over [0, n), split into at most num_threads() ranges of at least `grain` each.
/// Nested calls, and calls while another thread holds the pool, run where they are.
inline void parallel_for(Index n, Index grain, RangeFunction<> f) {
  const Index parts = std::min<Index>(num_threads(), n / std::max<Index>(grain, 1));
  if (parts <= 1) {
    if (n > 0) f(0, n);
    return;
  }
  struct Work {
    RangeFunction<> f;
    Index n, parts;
  } work{f, n, parts};
  detail::ThreadPool::instance().run(
      parts,
      [](void* context, Index p) {
        const auto& w = *static_cast<Work*>(context);
        w.f(w.n * p / w.parts, w.n * (p + 1) / w.parts);
      },
      &work);
}

}  // namespace figment

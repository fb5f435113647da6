// A small thread pool. Work is split by output position only, so results do not depend on the number of
// threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "figment/core/shape.hpp"

namespace figment {

namespace detail {

/// Tells the processor that the caller is waiting in a loop.
inline void relax() {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
  __builtin_ia32_pause();
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
  asm volatile("yield");
#endif
}

/// Looks for a while, some 50 microseconds, whether `ready` has come true. Within a training step the next
/// work comes sooner than that, while waking a thread that sleeps takes as long as the work itself may.
template <class F>
bool spin_until(F ready) {
  for (int i = 0; i < 2000; ++i) {
    if (ready()) return true;
    relax();
  }
  return false;
}

class ThreadPool {
 public:
  using Task = void (*)(void* context, Index part);

  [[gnu::noinline]] static ThreadPool& instance() {
    static ThreadPool pool(static_cast<int>((std::max)(1u, std::thread::hardware_concurrency())));
    return pool;
  }

  explicit ThreadPool(int n) { resize(n); }
  ~ThreadPool() { stop(); }

  int size() const { return size_.load(std::memory_order_relaxed); }

  /// More than a few times the cores never help, and would leave the system's other programs none.
  static int most() { return 4 * (std::max)(4, static_cast<int>(std::thread::hardware_concurrency())); }

  void resize(int n) {
    n = (std::min)(n, most());
    std::lock_guard owner(owner_);
    stop();
    stopping_ = false;
    workers_ = std::make_unique<std::thread[]>(static_cast<std::size_t>(n - 1));
    int made = 0;
    try {
      for (; made < n - 1; ++made) workers_[made] = std::thread([this] { work(); });
    } catch (const std::system_error&) {
    }  // a limit of the system: those there are do the work
    size_ = 1 + made;
  }

  /// Runs task(context, p) for each p < parts; returns when all are done. The first exception is rethrown.
  void run(Index parts, Task task, void* context) {
    std::unique_lock owner(owner_, std::defer_lock);
    // Another thread's work, or a nested call (which must not try the lock it may hold): do it here.
    if (inside_ || !owner.try_lock()) {
      for (Index p = 0; p < parts; ++p) task(context, p);
      return;
    }
    task_ = task, context_ = context;
    unfinished_.store(static_cast<int>(parts), std::memory_order_relaxed);
    untaken_.store(static_cast<int>(parts));
    ++calls_;
    calls_.notify_all();
    // A worker that comes too late finds nothing left, and nobody waits for it.
    drain();
    const auto done = [&] { return unfinished_.load(std::memory_order_acquire) == 0; };
    if (!spin_until(done))
      for (int left; (left = unfinished_.load(std::memory_order_acquire)) != 0;) unfinished_.wait(left);
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  void drain() {
    inside_ = true;
    // Only who took a part reads the task: it stays as it is until that part is finished.
    for (int p; (p = untaken_.fetch_sub(1, std::memory_order_acquire)) > 0;) {
      try {
        task_(context_, p - 1);
      } catch (...) {
        std::lock_guard lock(error_mutex_);
        if (!error_) error_ = std::current_exception();
      }
      if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished_.notify_one();
    }
    inside_ = false;
  }

  void work() {
    for (;;) {
      const int seen = calls_.load();
      if (stopping_) return;
      if (untaken_.load(std::memory_order_relaxed) > 0) drain();
      if (!spin_until([&] { return calls_.load(std::memory_order_relaxed) != seen; })) calls_.wait(seen);
    }
  }

  void stop() {
    stopping_ = true;
    ++calls_;
    calls_.notify_all();
    for (int w = size_.exchange(1) - 1; w > 0; --w) workers_[w - 1].join();
  }

  static inline thread_local bool inside_ = false;

  std::mutex owner_, error_mutex_;
  std::unique_ptr<std::thread[]> workers_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> size_{1};
  std::atomic<int> calls_{0};                    // of run and stop: what sleeping workers watch
  std::atomic<int> untaken_{0}, unfinished_{0};  // parts of the present call
  Task task_ = nullptr;
  void* context_ = nullptr;
  std::exception_ptr error_;
};

}  // namespace detail

/// How many threads figment computes with, the caller's included. At the start: all cores.
inline int num_threads() { return detail::ThreadPool::instance().size(); }

/// Sets the number of threads, 1 or more, of which there will be at most four for each core, or 16, and no
/// more than the system grants: num_threads() says how many. Not while another thread is computing.
inline void set_num_threads(int n) {
  ensure(n >= 1, "set_num_threads: expected 1 or more, found {}", n);
  if (n != num_threads()) detail::ThreadPool::instance().resize(n);
}

/// A view of a callable R f(begin, end). What runs in parallel is compiled once, behind a pointer.
template <class R = void>
class RangeFunction {
 public:
  /// Of anything callable, which has to outlive this.
  template <class F>
  // NOLINTNEXTLINE(google-explicit-constructor,bugprone-forwarding-reference-overload): lambdas convert
  RangeFunction(F&& f)
      : object_(const_cast<void*>(static_cast<const void*>(&f))), call_(&call<std::remove_reference_t<F>>) {}
  /// Calls it.
  R operator()(Index begin, Index end) const { return call_(object_, begin, end); }

 private:
  // Not a lambda, which would be a class and two functions more for each F.
  template <class F>
  static R call(void* f, Index begin, Index end) {
    return static_cast<R>((*static_cast<F*>(f))(begin, end));
  }

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

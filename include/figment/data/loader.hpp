// Batches of a dataset in a fresh order each epoch, prepared one step ahead in the background.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "figment/data/dataset.hpp"

namespace figment::data {

/// Some examples x (B, …) with their labels (B,), undefined if the dataset has none.
template <class T = float>
struct Batch {
  Tensor<T> x;                 ///< (B, …)
  Indices labels;              ///< (B,) or undefined
  Index epoch = 0, index = 0;  ///< the epoch's number and the batch's place in it, from 0

  /// B.
  Index size() const { return x.dim(0); }
};

/// How a Loader makes batches.
struct LoaderOptions {
  Index batch = 32;        ///< examples in each, at least 1; the last of an epoch may have fewer
  bool shuffle = true;     ///< a new order each epoch
  bool drop_last = false;  ///< leave out a last batch that is not full
  /// Draw each example by itself, so that some come twice and others not at all; the batches are all full.
  bool replacement = false;
  Index batches = 0;  ///< of an epoch, however often they go through the data; 0: once
  /// Prepare batches on a thread of the loader's own. Where the system grants none, they are made when they
  /// are asked for.
  bool prefetch = true;
  std::uint64_t seed = 0;  ///< of the order and of the transforms' random numbers
};

namespace detail {

/// How many batches an epoch has.
[[gnu::cold, gnu::noinline]] inline Index batches_of(const LoaderOptions& o, Index examples) {
  ensure(o.batch >= 1, "loader: expected a batch of 1 or more, found {}", o.batch);
  ensure(examples < Index{1} << 31, "loader: {} examples, at most 2^31 - 1 are supported", examples);
  const bool rest = examples % o.batch > 0 && !o.drop_last && !o.replacement;
  const Index batches = o.batches ? o.batches : examples / o.batch + rest;
  ensure(o.batches >= 0, "loader: expected 0 or more batches, found {}", o.batches);
  ensure(examples > 0 || o.batches == 0, "loader: {} batches of no examples", o.batches);
  const bool drawn = o.batches > 0 || o.replacement;  // the order then has all of their places
  ensure(!drawn || batches <= ((Index{1} << 31) - 1) / o.batch,
         "loader: {} batches of {}, at most 2^31 - 1 examples fit", batches, o.batch);
  return batches;
}

/// What a loader owns. It stays at one address, for the thread's sake, while loaders move.
template <class T>
class LoaderState {
 public:
  using Transform = std::function<Tensor<T>(Tensor<T>, Rng&)>;

  LoaderState(Dataset<T> dataset, const LoaderOptions& options)
      : dataset_(std::move(dataset)),
        options_(options),
        size_(dataset_.size()),
        batches_(batches_of(options, size_)) {}
  ~LoaderState() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  Index size() const { return size_; }
  Index batches() const { return batches_; }

  void add(Transform f) {
    ensure(static_cast<bool>(f), "loader: expected a transform, found an empty function");
    std::unique_lock lock(mutex_);
    halt(lock);
    transforms_.push_back(std::move(f));
  }

  void seek(Index epoch, Index batch) {
    ensure(epoch >= 0 && epoch < Index{1} << 31, "loader: expected an epoch from 0 to 2^31 - 1, found {}",
           epoch);
    ensure(batch >= 0 && batch <= batches_, "loader: batch {} of an epoch of {}", batch, batches_);
    next_epoch_ = epoch, first_batch_ = batch;
  }

  void begin() {
    std::unique_lock lock(mutex_);
    halt(lock);
    epoch_ = next_epoch_++;
    made_ = taken_ = std::exchange(first_batch_, 0);
    error_ = nullptr;
    order_ = order();
    running_ = options_.prefetch && have_thread();
    lock.unlock();
    wake_.notify_all();
  }

  /// The next batch into `batch`, or false at the epoch's end.
  bool next(Batch<T>& batch) {
    if (taken_ == batches_) return false;
    batch = {};  // its memory is then free for the batch being made
    if (!thread_.joinable()) {
      const Index index = std::exchange(taken_, batches_);  // an exception ends the epoch
      batch = make(index);
      taken_ = index + 1;
      return true;
    }
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return made_ > taken_ || error_; });
    if (made_ == taken_) {
      made_ = taken_ = batches_;
      std::rethrow_exception(std::exchange(error_, nullptr));
    }
    batch = std::exchange(slot(taken_++), {});
    lock.unlock();
    wake_.notify_all();
    return true;
  }

 private:
  /// Each example once.
  [[gnu::noinline]] Indices pass(Rng& rng) const {
    return options_.shuffle ? rng.permutation(size_) : Indices::arange(size_);
  }
  Batch<T>& slot(Index i) { return ahead_[static_cast<std::size_t>(i) % ahead_.size()]; }

  /// One generator for the order of an epoch (draw 0) and for each of its batches (1, 2, …). The top bit
  /// keeps them apart from the streams of the user's own Rng(seed).
  Rng generator(Index draw) const {
    return Rng(options_.seed)
        .stream(std::uint64_t{1} << 63 | static_cast<std::uint64_t>(epoch_) << 32 |
                static_cast<std::uint64_t>(draw));
  }

  /// The examples of the epoch, batch after batch.
  Indices order() const {
    Rng rng = generator(0);
    if (!options_.replacement && options_.batches == 0) return pass(rng);
    Indices all(Shape{batches_ * options_.batch});
    std::int32_t* out = all.mutable_data();
    for (Index begin = 0; begin < all.size(); begin += size_) {
      const Index n = (std::min)(size_, all.size() - begin);
      if (options_.replacement) {
        for (Index i = 0; i < n; ++i) out[begin + i] = static_cast<std::int32_t>(rng.below(size_));
      } else {
        const Indices once = pass(rng);
        std::copy_n(once.data(), n, out + begin);
      }
    }
    return all;
  }

  Batch<T> make(Index index) const {
    const Index begin = index * options_.batch, n = (std::min)(options_.batch, order_.size() - begin);
    const std::int32_t* rows = order_.data() + begin;
    Tensor<T> x = gather_rows(dataset_.x, rows, n);
    Rng rng = generator(index + 1);
    for (const auto& f : transforms_) x = f(std::move(x), rng);
    ensure(x.rank() >= 1 && x.dim(0) == n, "loader: a transform made {} of a batch of {}", x.shape(), n);
    return {std::move(x), dataset_.labels.defined() ? gather_rows(dataset_.labels, rows, n) : Indices(),
            epoch_, index};
  }

  bool have_thread() {
    try {
      if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    } catch (const std::system_error&) {
    }  // a limit of the system; the next epoch tries again
    return thread_.joinable();
  }

  // Ends the epoch under way: afterwards the thread touches nothing but the lock.
  [[gnu::noinline]] void halt(std::unique_lock<std::mutex>& lock) {
    running_ = false;
    wake_.wait(lock, [&] { return !busy_; });
    ahead_ = {};
    taken_ = made_ = batches_;
  }

  void work() {
    std::unique_lock lock(mutex_);
    const auto ahead = static_cast<Index>(ahead_.size());
    for (;;) {
      wake_.wait(lock, [&] { return stopping_ || (running_ && made_ < batches_ && made_ - taken_ < ahead); });
      if (stopping_) return;
      busy_ = true;
      lock.unlock();
      Batch<T> batch;
      std::exception_ptr error;
      try {
        batch = make(made_);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      busy_ = false;
      if (error) {
        running_ = false;
        error_ = error;
      } else if (running_) {
        slot(made_++) = std::move(batch);
      }
      wake_.notify_all();
    }
  }

  Dataset<T> dataset_;
  LoaderOptions options_;
  Index size_, batches_;
  std::vector<Transform> transforms_;
  Index next_epoch_ = 0, first_batch_ = 0, epoch_ = 0;
  Indices order_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::array<Batch<T>, 2> ahead_;  // batch i waits in slot i mod 2
  Index made_ = 0, taken_ = 0;
  bool running_ = false, busy_ = false, stopping_ = false;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace detail

/// for (const auto& batch : loader) runs one epoch; the next loop runs the next. The order of an epoch
/// depends on (seed, epoch) alone and a transform's random numbers on (seed, epoch, batch), so that batches
/// are the same with and without prefetch. One loop at a time; it may be left early.
template <class T = float>
class Loader {
 public:
  /// A change to a batch's x.
  using Transform = typename detail::LoaderState<T>::Transform;

  /// Throws unless the batch is 1 or more, the dataset has examples where batches are asked for, and its
  /// labels are (N,). An epoch of no examples has no batches.
  explicit Loader(Dataset<T> dataset, const LoaderOptions& options = {})
      : state_(std::make_unique<detail::LoaderState<T>>(std::move(dataset), options)) {}

  /// Adds a change to every batch's x: (B, …) -> (B, …), after those added before. x is the batch's own copy.
  /// With prefetch it runs on the loader's thread; what it throws comes out of the loop. Throws when the
  /// function is empty.
  Loader& transform(Transform f) & {
    state_->add(std::move(f));
    return *this;
  }
  /// The same of a loader just made.
  Loader&& transform(Transform f) && { return std::move(transform(std::move(f))); }

  /// The number of examples.
  Index size() const { return state_->size(); }
  /// The number of batches in an epoch.
  Index batches() const { return state_->batches(); }
  /// The next loop runs epoch n, from 0, and starts at batch `first`: how training resumes.
  void set_epoch(Index n, Index first = 0) { state_->seek(n, first); }

  /// Behind the last batch of an epoch.
  struct End {};
  /// Goes through an epoch's batches, once.
  class Iterator {
   public:
    /// Takes the first batch.
    explicit Iterator(detail::LoaderState<T>& state) : state_(&state) { ++*this; }
    /// The batch.
    const Batch<T>& operator*() const { return batch_; }
    /// The batch.
    const Batch<T>* operator->() const { return &batch_; }
    /// Takes the next batch; throws what a transform threw.
    Iterator& operator++() {
      more_ = state_->next(batch_);
      return *this;
    }
    /// The epoch has ended.
    friend bool operator==(const Iterator& i, End) { return !i.more_; }

   private:
    detail::LoaderState<T>* state_;
    Batch<T> batch_;
    bool more_ = false;
  };

  /// Begins an epoch.
  Iterator begin() {
    state_->begin();
    return Iterator(*state_);
  }
  /// Where it ends.
  End end() const { return {}; }

 private:
  std::unique_ptr<detail::LoaderState<T>> state_;
};
/// Of the dataset's type.
template <class T>
Loader(Dataset<T>) -> Loader<T>;
/// Of the dataset's type.
template <class T>
Loader(Dataset<T>, LoaderOptions) -> Loader<T>;

}  // namespace figment::data

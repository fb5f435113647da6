// Switching the recording of operations off and on.
#pragma once

#include <utility>

namespace figment {

namespace detail {

inline thread_local bool recording_enabled = true;

/// Sets whether this thread records, until the end of the scope.
class RecordingScope {
 public:
  explicit RecordingScope(bool on) : before_(std::exchange(recording_enabled, on)) {}
  ~RecordingScope() { recording_enabled = before_; }
  RecordingScope(const RecordingScope&) = delete;
  RecordingScope& operator=(const RecordingScope&) = delete;

 private:
  bool before_;
};

}  // namespace detail

/// While one lives, operations of this thread are not recorded: `NoGrad guard;`
class NoGrad : detail::RecordingScope {
 public:
  NoGrad() : RecordingScope(false) {}
};

/// The value of f(), computed without recording.
template <class F>
auto no_grad(F&& f) {
  NoGrad guard;
  return std::forward<F>(f)();
}

}  // namespace figment

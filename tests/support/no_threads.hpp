// A system that grants no more threads.
#pragma once

#include <cstddef>

#ifdef __GLIBC__
#include <pthread.h>

namespace test {

/// While one lives no thread can be begun: each would get a stack of more than there are addresses.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t now;
    pthread_attr_init(&now);
    pthread_attr_setstacksize(&now, std::size_t{1} << 60);
    pthread_setattr_default_np(&now);
    pthread_attr_destroy(&now);
  }
  ~NoThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_;
};

}  // namespace test
#endif

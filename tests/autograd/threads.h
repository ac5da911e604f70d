// Sets the number of threads while it lives.
#pragma once

#include "autograd/parallel.h"

namespace testing {

class ThreadCount {
 public:
  explicit ThreadCount(int threads) : before_(ag::thread_count()) { ag::set_thread_count(threads); }
  ~ThreadCount() { ag::set_thread_count(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

}  // namespace testing

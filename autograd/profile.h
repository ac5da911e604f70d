// Times every kernel, to show where a computation's time goes.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace ag {

struct KernelTime {
  int64_t calls = 0;
  double seconds = 0;     // of the calling thread, so that other programs on the machine do not count
  double operations = 0;  // of a matrix product, else 0
};
using Profile = std::map<std::string, KernelTime>;  // by kernel; products also by shape

// While it lives, every kernel that an op calls is added to the profile. For one thread that calls ops.
class Profiling {
 public:
  explicit Profiling(Profile& profile);
  ~Profiling();
  Profiling(const Profiling&) = delete;
  Profiling& operator=(const Profiling&) = delete;
};

// The time from here to the end of the scope. DISPATCH makes one for each kernel.
class KernelTimer {
 public:
  explicit KernelTimer(const char* kernel) {
    if (active_) start(kernel);
  }
  ~KernelTimer() {
    if (active_) stop();
  }
  KernelTimer(const KernelTimer&) = delete;
  KernelTimer& operator=(const KernelTimer&) = delete;

  // The kernel that runs is a product (M,K) (K,N).
  static void product(int64_t M, int64_t N, int64_t K) {
    if (active_) describe_product(M, N, K);
  }

 private:
  friend class Profiling;
  static void start(const char* kernel);
  static void stop();
  static void describe_product(int64_t M, int64_t N, int64_t K);
  static Profile* active_;  // null: nothing is timed
};

double thread_seconds();  // the processor time of the calling thread

}  // namespace ag

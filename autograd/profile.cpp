#include "autograd/profile.h"

#include <ctime>

#include "autograd/check.h"

namespace ag {
namespace {

std::string running;  // the kernel that runs now
double began = 0, operations = 0;

}  // namespace

Profile* KernelTimer::active_ = nullptr;

Profiling::Profiling(Profile& profile) { KernelTimer::active_ = &profile; }
Profiling::~Profiling() { KernelTimer::active_ = nullptr; }

void KernelTimer::start(const char* kernel) {
  running = kernel;
  operations = 0;
  began = thread_seconds();
}

void KernelTimer::stop() {
  const double seconds = thread_seconds() - began;
  KernelTime& time = (*active_)[running];
  ++time.calls;
  time.seconds += seconds;
  time.operations += operations;
}

void KernelTimer::describe_product(int64_t M, int64_t N, int64_t K) {
  running = message(running, ' ', M, " x ", N, " x ", K);
  operations += 2 * static_cast<double>(M) * static_cast<double>(N) * static_cast<double>(K);
}

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace ag

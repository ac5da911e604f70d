#include "p2rec/task/parallel_jobs.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "autograd/parallel.h"

namespace p2rec {

int threads_of_each(size_t count, int threads) {
  return std::max(1, threads / static_cast<int>(std::clamp<size_t>(count, 1, static_cast<size_t>(threads))));
}

void run_side_by_side(size_t count, size_t at_once, const std::function<void(size_t)>& job) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr problem;
  const int threads_of_job = threads_of_each(count, ag::thread_count());
  const auto work = [&] {
    ag::set_thread_count(threads_of_job);  // of this thread's kernels
    for (size_t i = next++; i < count; i = next++) {
      try {
        job(i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!problem) problem = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < std::min(count, at_once); ++i) {
    try {
      threads.emplace_back(work);
    } catch (const std::system_error&) {
      if (threads.empty()) throw;
      break;
    }
  }
  for (std::thread& thread : threads) thread.join();
  if (problem) std::rethrow_exception(problem);
}

}  // namespace p2rec

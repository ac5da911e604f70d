// How CPU kernels use threads.
#pragma once

#include <omp.h>

#include <cstdint>
#include <exception>

namespace ag {

// Carries the first exception out of a parallel loop: OpenMP lets no exception leave a loop.
class FirstException {
 public:
  template <class F>
  void catch_from(const F& body) {
    try {
      body();
    } catch (...) {
#pragma omp critical
      if (!first_) first_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::exception_ptr first_;
};

// Calls f(i) for i in [0, n), on several threads if n * work_per_item operations are worth it. The first
// exception is thrown again after the loop. In every kernel one i computes each number, so the result does
// not depend on the number of threads.
template <class F>
void parallel_for(int64_t n, int64_t work_per_item, const F& f) {
  constexpr int64_t kWorthIt = 1 << 15;
  FirstException problem;
#pragma omp parallel for schedule(static) if (n > 1 && n * work_per_item > kWorthIt)
  for (int64_t i = 0; i < n; ++i) problem.catch_from([&] { f(i); });
  problem.rethrow();
}

// The same for a flat range, in chunks f(begin, end), so that f can contain a vector loop.
template <class F>
void parallel_chunks(int64_t n, const F& f) {
  constexpr int64_t kChunk = 1 << 13;
  parallel_for((n + kChunk - 1) / kChunk, kChunk, [&](int64_t i) {
    const int64_t begin = i * kChunk, end = begin + kChunk < n ? begin + kChunk : n;
    f(begin, end);
  });
}

// Splits the C columns of a matrix (R,C) over threads and calls f(begin, end) for each part, so that one
// thread sums a column.
template <class F>
void parallel_columns(int64_t R, int64_t C, const F& f) {
  constexpr int64_t kColumns = 64;
  parallel_for((C + kColumns - 1) / kColumns, R * kColumns, [&](int64_t block) {
    const int64_t begin = block * kColumns, end = begin + kColumns < C ? begin + kColumns : C;
    f(begin, end);
  });
}

inline int thread_count() { return omp_get_max_threads(); }
inline void set_thread_count(int threads) { omp_set_num_threads(threads); }

}  // namespace ag

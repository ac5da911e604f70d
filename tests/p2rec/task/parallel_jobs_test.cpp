// Parallel jobs: each runs once, with its share of the threads, at most N run
// at a time, and an exception ends them.
#include "p2rec/task/parallel_jobs.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "autograd/check.h"
#include "autograd/parallel.h"
#include "tests/autograd/threads.h"
#include "tests/testing.h"

using p2rec::run_side_by_side;

TEST_CASE("jobs: each runs once, at most N at a time") {
  constexpr size_t kJobs = 40;
  std::vector<std::atomic<int>> times(kJobs);
  std::atomic<int> running{0}, most{0};
  run_side_by_side(kJobs, 3, [&](size_t i) {
    const int now = ++running;
    for (int before = most; before < now && !most.compare_exchange_weak(before, now);) continue;
    ++times[i];
    --running;
  });
  CHECK(std::all_of(times.begin(), times.end(), [](const std::atomic<int>& n) { return n == 1; }));
  CHECK(most <= 3);
  run_side_by_side(0, 3, [](size_t) { FAIL("there is no job"); });
}

TEST_CASE("jobs: threads are shared among the jobs that run at the same time") {
  CHECK(p2rec::threads_of_each(1, 8) == 8);
  CHECK(p2rec::threads_of_each(3, 8) == 2);
  CHECK(p2rec::threads_of_each(8, 8) == 1);
  CHECK(p2rec::threads_of_each(30, 2) == 1);
  CHECK(p2rec::threads_of_each(0, 2) == 2);
  const testing::ThreadCount guard(4);
  for (const size_t at_once : {1, 2}) {
    std::vector<int> threads(2);
    run_side_by_side(2, at_once, [&](size_t i) { threads[i] = ag::thread_count(); });
    CHECK(threads == std::vector<int>{2, 2});
  }
}

TEST_CASE("jobs: an exception is thrown again, and no further job begins") {
  std::vector<size_t> begun;
  const auto third_fails = [&](size_t i) {
    begun.push_back(i);
    if (i == 2) throw ag::InputError("job 2 fails");
  };
  CHECK_THROWS_WITH_AS(run_side_by_side(10, 1, third_fails), "job 2 fails", ag::InputError);
  CHECK(begun == std::vector<size_t>{0, 1, 2});
  // If two jobs fail at the same time, one exception is thrown.
  std::atomic<int> jobs{0};
  const auto fails = [&](size_t) {
    ++jobs;
    throw ag::InputError("all fail");
  };
  CHECK_THROWS_WITH_AS(run_side_by_side(100, 2, fails), "all fail", ag::InputError);
  CHECK(jobs <= 2);
}

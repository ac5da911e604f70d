// Independent computations side by side, with a share of the threads each.
//
// A small recommender keeps one core busy but gains less from a second, so several are trained at once. The share follows from
// the number of jobs in all, so that a result does not depend on how many others run beside it.
#pragma once

#include <cstddef>
#include <functional>

namespace p2rec {

// Threads of each of `count` jobs: where there are more threads than jobs, they share them.
int threads_of_each(size_t count, int threads);

// Calls job(0) .. job(count - 1), each with threads_of_each, `at_once` at a time, or fewer where the system gives no more threads. The first exception
// stops the handing out of further jobs and is thrown again when those that run have ended.
void run_side_by_side(size_t count, size_t at_once, const std::function<void(size_t)>& job);

}  // namespace p2rec

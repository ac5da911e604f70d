// Independent computations side by side, each with a share of the threads.
//
// A small recommender gains little from a second core, so several are trained at once. The share follows from
// the total number of jobs, so that a result does not depend on how many others run beside it.
#pragma once

#include <cstddef>
#include <functional>

namespace p2rec {

// Threads of each of `count` jobs, at least one.
int threads_of_each(size_t count, int threads);

// Calls job(0) .. job(count - 1), each with threads_of_each, `at_once` at a time, or fewer if the system
// gives no more threads. After the first exception no further job begins; it is thrown again at the end.
void run_side_by_side(size_t count, size_t at_once, const std::function<void(size_t)>& job);

}  // namespace p2rec

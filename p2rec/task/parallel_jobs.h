// Runs independent jobs in parallel, each with a share of the threads.
//
// A small recommender gains little from a second core, so several are trained at once. The share depends only
// on the total number of jobs, so that a job's result does not depend on how many run at the same time.
#pragma once

#include <cstddef>
#include <functional>

namespace p2rec {

// The number of threads of each of `count` jobs, at least 1.
int threads_of_each(size_t count, int threads);

// Calls job(0) .. job(count - 1), each with threads_of_each, `at_once` at a time, or fewer if threads cannot
// be created. After the first exception no job is started; it is rethrown when the running ones have ended.
void run_side_by_side(size_t count, size_t at_once, const std::function<void(size_t)>& job);

}  // namespace p2rec

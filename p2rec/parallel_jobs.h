// Independent computations side by side, one thread each.
//
// A small recommender keeps one core busy but gains little from a second, so several are trained at once. Each runs its
// kernels on one thread, and its result does not depend on how many others run beside it.
#pragma once

#include <cstddef>
#include <functional>

namespace p2rec {

// Calls job(0) .. job(count - 1), `at_once` at a time, or fewer where the system gives no more threads. The first exception
// stops the handing out of further jobs and is thrown again when those that run have ended.
void run_side_by_side(size_t count, size_t at_once, const std::function<void(size_t)>& job);

}  // namespace p2rec

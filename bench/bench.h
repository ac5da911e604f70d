// What the benchmarks share.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace bench {

// The best rate of a large f32 product on all threads with the backend in force, in operations a second; measured once
// per backend, in this run, so that shares of it compare like with like.
double gemm_peak();

// Adds "FLOP/s" and "of_gemm_peak" to the results. `operations` is what one iteration does.
void report_operations(benchmark::State& state, double operations);

}  // namespace bench

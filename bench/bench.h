// Functions that the benchmarks share.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace bench {

// The best rate of a large f32 product on all threads with the current backend, in operations per second. It
// is measured once per backend and run, so that the shares of a run are comparable.
double gemm_peak();

// Adds "tokens/s" to the results. `tokens` are those of one iteration.
inline void tokens_per_second(benchmark::State& state, int64_t tokens) {
  state.counters["tokens/s"] =
      benchmark::Counter(static_cast<double>(tokens * state.iterations()), benchmark::Counter::kIsRate);
}

// Adds "FLOP/s" and "of_gemm_peak" to the results. `operations` is the number of operations of one iteration.
void report_operations(benchmark::State& state, double operations);

}  // namespace bench

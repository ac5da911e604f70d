#include <cstdio>

#include "autograd/gemm.h"
#include "autograd/parallel.h"
#include "bench/bench.h"

int main(int argc, char** argv) {
  ag::keep_freed_memory();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  std::printf("%s, %d threads; a 1024 x 1024 x 1024 product reaches %.1f GFLOP/s\n",
              ag::gemm_backend_name().c_str(), ag::thread_count(), bench::gemm_peak() * 1e-9);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

// One LoRA step kernel by kernel: time, rate, and the rate as a share of a large product's in the same run.
// Arguments: sequences, length, precision (f32 or bf16), steps.
#include "autograd/profile.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "autograd/gemm.h"
#include "autograd/kernels.h"
#include "autograd/parallel.h"
#include "bench/profile/lora_step.h"

namespace {

struct Row {
  std::string kernel;
  ag::KernelTime time;
};

// The best rate of a large product in operations per second.
double product_rate() {
  constexpr int64_t M = 1024, N = 1536, K = 576;
  const ag::Tensor a = bench::random_tensor({M, K}, "a"), b = bench::random_tensor({N, K}, "b"),
                   c = ag::Tensor::zeros({M, N});
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const double begin = ag::thread_seconds();
    ag::cpu::gemm(false, true, M, N, K, 1, a.data(), b.data(), 0, c.data());
    best = std::max(best, 2.0 * M * N * K / (ag::thread_seconds() - begin));
  }
  return best;
}

// The kernels, the slowest first, and what remains of the step.
std::vector<Row> rows_of(const ag::Profile& profile, double seconds) {
  std::vector<Row> rows;
  for (const auto& [kernel, time] : profile) {
    rows.push_back({kernel, time});
    seconds -= time.seconds;
  }
  rows.push_back({"outside of kernels", {0, seconds, 0}});
  std::ranges::sort(rows, std::greater(), [](const Row& row) { return row.time.seconds; });
  return rows;
}

void print(const std::vector<Row>& rows, double seconds, int steps, double peak) {
  std::printf("%-34s %8s %9s %6s %9s %8s\n", "kernel", "calls", "ms", "share", "GFLOP/s", "of peak");
  for (const auto& [kernel, time] : rows) {
    std::printf("%-34s %8.0f %9.2f %5.1f%%", kernel.c_str(), double(time.calls) / steps,
                1e3 * time.seconds / steps, 100 * time.seconds / seconds);
    if (time.operations > 0) {
      const double rate = time.operations / time.seconds;
      std::printf(" %9.1f %7.0f%%", 1e-9 * rate, 100 * rate / peak);
    }
    std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, int otherwise) { return argc > i ? std::atoi(argv[i]) : otherwise; };
  const int sequences = argument(1, 4), length = argument(2, 256), steps = argument(4, 3);
  const bool bf16 = argc > 3 && std::string(argv[3]) == "bf16";
  ag::keep_freed_memory();
  const double peak = product_rate();
  const nn::Packed batch = bench::random_prompts(std::vector<int64_t>(size_t(sequences), length));
  bench::LoraStep step(bf16);
  step.run(batch);  // allocates the memory that the following steps use again
  ag::Profile profile;
  const double begin = ag::thread_seconds();
  {
    const ag::Profiling profiling(profile);
    for (int i = 0; i < steps; ++i) step.run(batch);
  }
  const double seconds = ag::thread_seconds() - begin;
  std::printf("%s, %d threads; a product 1024 x 1536 x 576 reaches %.1f GFLOP/s\n",
              ag::gemm_backend_name().c_str(), ag::thread_count(), 1e-9 * peak);
  std::printf(
      "a step of %d x %d tokens: %.1f ms, %.1f tokens/s; its frozen matrices at that rate: %.1f ms\n\n",
      sequences, length, 1e3 * seconds / steps, double(batch.ids.numel()) * steps / seconds,
      1e3 * 2 * bench::forward_operations(batch.ids.numel()) / peak);
  print(rows_of(profile, seconds), seconds, steps, peak);
}

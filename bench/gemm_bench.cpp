// Matrix products: each backend, with the shapes that a language model and a recommender use.
#include <algorithm>
#include <chrono>
#include <map>

#include "autograd/gemm.h"
#include "autograd/kernels.h"
#include "bench/bench.h"

using ag::Tensor;

namespace bench {

double gemm_peak() {
  static std::map<ag::GemmBackend, double> peaks;
  double& peak = peaks[ag::gemm_backend()];
  if (peak > 0) return peak;
  constexpr int64_t kSize = 1024;
  const Tensor a = Tensor::full({kSize, kSize}, 1), b = Tensor::full({kSize, kSize}, 1),
               c = Tensor::zeros({kSize, kSize});
  for (int i = 0; i < 20; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    ag::cpu::gemm(false, false, kSize, kSize, kSize, 1, a.data(), b.data(), 0, c.data());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    peak = std::max(peak, 2.0 * kSize * kSize * kSize / seconds);
  }
  return peak;
}

void report_operations(benchmark::State& state, double operations) {
  const double total = operations * static_cast<double>(state.iterations());
  state.counters["FLOP/s"] = benchmark::Counter(total, benchmark::Counter::kIsRate);
  state.counters["of_gemm_peak"] = benchmark::Counter(total / gemm_peak(), benchmark::Counter::kIsRate);
}

namespace {

struct Shape {
  const char* use;
  bool transpose_a, transpose_b;
  int64_t M, N, K;
};
const Shape kShapes[] = {
    {"square", false, false, 1024, 1024, 1024},
    {"llama_gate", false, true, 800, 1536, 576},
    {"llama_gate_dx", false, false, 800, 576, 1536},
    {"lora_A", false, true, 800, 8, 576},
    {"lora_B", false, true, 800, 576, 8},
    {"lora_dA", true, false, 8, 576, 800},
    {"sasrec_inner", false, true, 5600, 64, 64},
    {"item_logits", false, true, 600, 1682, 64},
    {"item_logits_dh", false, false, 600, 64, 1682},
    {"item_logits_dtable", true, false, 1682, 64, 600},
};

void gemm(benchmark::State& state, ag::GemmBackend backend, Shape s) {
  const ag::GemmBackend before = ag::gemm_backend();
  ag::set_gemm_backend(backend);
  const Tensor a = Tensor::full({s.M, s.K}, 1), b = Tensor::full({s.K, s.N}, 1),
               c = Tensor::zeros({s.M, s.N});
  for (auto _ : state)
    ag::cpu::gemm(s.transpose_a, s.transpose_b, s.M, s.N, s.K, 1, a.data(), b.data(), 0, c.data());
  report_operations(state, 2.0 * static_cast<double>(s.M * s.N * s.K));
  ag::set_gemm_backend(before);
}

const bool kRegistered = [] {
  for (const Shape& s : kShapes) {
    for (ag::GemmBackend backend : {ag::GemmBackend::Eigen, ag::GemmBackend::OneDNN}) {
      if (backend == ag::GemmBackend::OneDNN && !ag::has_onednn()) continue;
      const std::string name =
          std::string("gemm/") + s.use + (backend == ag::GemmBackend::Eigen ? "/eigen" : "/onednn");
      benchmark::RegisterBenchmark(name.c_str(), [backend, s](benchmark::State& state) {
        gemm(state, backend, s);
      })->UseRealTime();
    }
  }
  return true;
}();

}  // namespace
}  // namespace bench

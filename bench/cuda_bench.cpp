// On CUDA: copying, matrix products with each library, a LoRA step and a SASRec step. Registered only if
// there is a device. Each iteration waits for the device.
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "autograd/gemm.h"
#include "autograd/ops.h"
#include "bench/bench.h"
#include "bench/profile/lora_step.h"
#include "bench/sasrec_step.h"

namespace bench {
namespace {

using ag::Device;
using ag::Tensor;

void time(const std::string& name, const std::function<void(benchmark::State&)>& f) {
  benchmark::RegisterBenchmark(("cuda/" + name).c_str(), f)->UseRealTime()->Unit(benchmark::kMillisecond);
}

void wait_for(const Tensor& x) { (void)x.view({x.numel()}).rows(0, 1).item(); }

void scale(benchmark::State& state) {
  const Tensor x = Tensor::full({int64_t{1} << 26}, 1, Device::CUDA);
  for (auto _ : state) wait_for(ag::scale(x, 2));
  state.counters["bytes/s"] = benchmark::Counter(static_cast<double>(2 * 4 * x.numel() * state.iterations()),
                                                 benchmark::Counter::kIsRate);
}

// x (M,K) weight^T (N,K)
void product(benchmark::State& state, bool cublas, bool bf16, int64_t M, int64_t N, int64_t K) {
  const bool before = ag::uses_cublas();
  ag::set_cublas(cublas);
  const Tensor x = random_tensor({M, K}, "x", Device::CUDA);
  Tensor weight = random_tensor({N, K}, "weight", Device::CUDA);
  if (bf16) weight.round_to_bf16();
  for (auto _ : state) wait_for(ag::linear(x, weight));
  ag::set_cublas(before);
  state.counters["FLOP/s"] =
      benchmark::Counter(2.0 * static_cast<double>(M * N * K) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}

// `step` returns its loss.
template <class Step>
void steps(benchmark::State& state, const Step& step, int64_t tokens) {
  wait_for(step());  // allocates the memory that the following steps use again
  for (auto _ : state) wait_for(step());
  tokens_per_second(state, tokens);
}

const bool kRegistered = [] {
  if (!ag::is_available(Device::CUDA)) return false;
  time("scale", scale);
  for (const auto& [M, N, K] :
       {std::array<int64_t, 3>{4096, 4096, 4096}, {1024, 1536, 576}, {1024, 8, 576}}) {
    const std::string size = ag::message('/', M, 'x', N, 'x', K);
    time("gemm/tiled" + size, [=](auto& state) { product(state, false, false, M, N, K); });
    if (!ag::has_cublas()) continue;
    time("gemm/cublas_f32" + size, [=](auto& state) { product(state, true, false, M, N, K); });
    time("gemm/cublas_bf16" + size, [=](auto& state) { product(state, true, true, M, N, K); });
  }
  for (const bool bf16 : {false, true}) {
    time(bf16 ? "lora_step/bf16" : "lora_step/f32", [=](auto& state) {
      LoraStep step(bf16, Device::CUDA);
      const nn::Packed batch = random_prompts(std::vector<int64_t>(16, 256));
      steps(
          state, [&] { return step.run(batch); }, batch.ids.numel());
    });
  }
  time("sasrec_step", [](auto& state) {
    SasrecStep step(128, 50, Device::CUDA);
    steps(
        state, [&] { return step.run(); }, step.tokens());
  });
  return true;
}();

}  // namespace
}  // namespace bench

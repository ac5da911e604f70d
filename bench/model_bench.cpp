// Fused attention, one LoRA step of a language model and one SASRec step: tokens per second, and the rate of
// operations as a share of a large matrix product's in the same run.
#include "autograd/ops.h"
#include "bench/bench.h"
#include "bench/profile/lora_step.h"
#include "bench/sasrec_step.h"

namespace bench {
namespace {

using ag::Tensor;

// Forward and backward. Arguments: sequences, length, heads, key heads, head size, causal. There are 2
// products forward and 5 backward; with the causal mask a query sees half of the keys.
void attention(benchmark::State& state) {
  const int64_t B = state.range(0), T = state.range(1), H = state.range(2), KV = state.range(3),
                D = state.range(4), N = B * T;
  Tensor q = random_tensor({N, H, D}, "q"), k = random_tensor({N, KV, D}, "k"),
         v = random_tensor({N, KV, D}, "v");
  for (Tensor* x : {&q, &k, &v}) x->set_requires_grad();
  const ag::Offsets offsets(std::vector<int32_t>(static_cast<size_t>(B), static_cast<int32_t>(T)));
  const Tensor dy = random_tensor({N, H, D}, "dy");
  for (auto _ : state) ag::backward(ag::attention(q, k, v, offsets, offsets, ag::Mask::Causal), dy);
  tokens_per_second(state, N);
  report_operations(state, 7.0 * static_cast<double>(B * H * T * T * D));
}
BENCHMARK(attention)
    ->Args({16, 50, 9, 3, 64})
    ->Args({128, 50, 2, 2, 32})
    ->Args({4, 512, 9, 3, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// Arguments: sequences, length, 1 for BF16.
void lora_step(benchmark::State& state) {
  const nn::Packed batch =
      random_prompts(std::vector<int64_t>(static_cast<size_t>(state.range(0)), state.range(1)));
  LoraStep step(state.range(2) == 1);
  step.run(batch);  // not measured: it allocates
  for (auto _ : state) step.run(batch);
  tokens_per_second(state, batch.ids.numel());
  report_operations(state, 2 * forward_operations(batch.ids.numel()));
}
BENCHMARK(lora_step)
    ->ArgsProduct({{16}, {50}, {0, 1}})
    ->ArgsProduct({{4}, {256}, {0, 1}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);

void sasrec_step(benchmark::State& state) {
  SasrecStep step(state.range(0), state.range(1));
  for (auto _ : state) step.run();
  tokens_per_second(state, step.tokens());
  report_operations(state, step.operations());
}
BENCHMARK(sasrec_step)->Args({128, 50})->Args({128, 9})->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bench

// Generation with SmolLM2-135M's shape and random weights: tokens per second of all sequences together.
#include "bench/bench.h"
#include "bench/profile/lora_step.h"
#include "models/llama/generation.h"

namespace bench {
namespace {

// Greedy, without an end token. Arguments: sequences at once, tokens of a prompt, tokens to generate, 1 for
// BF16. Only the generated tokens count; the time includes the prompts.
void generation(benchmark::State& state) {
  const int64_t B = state.range(0), P = state.range(1), T = state.range(2);
  models::Llama model(smollm2_config());
  models::initialise(model, 0.02, 1);
  if (state.range(3) == 1) nn::store_in_bf16(model);
  std::vector<models::Prompt> prompts;
  for (auto& ids : random_sequences(B, P, 49152))
    prompts.push_back({std::move(ids), static_cast<uint32_t>(prompts.size())});
  for (auto _ : state) models::generate(model, prompts, {.tokens = T}, [](size_t, const auto&) {});
  state.counters["tokens/s"] =
      benchmark::Counter(static_cast<double>(B * T * state.iterations()), benchmark::Counter::kIsRate);
  int64_t weights = 0;  // all matrices; the token table is the output matrix too
  for (const auto& [name, w] : model.named_parameters()) weights += w.rank() == 2 ? w.numel() : 0;
  report_operations(state, 2.0 * static_cast<double>(weights * B * T));
}
BENCHMARK(generation)
    ->ArgsProduct({{1, 64}, {32}, {64}, {0, 1}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace bench

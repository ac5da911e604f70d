// Generation with SmolLM2-135M's shape and random weights: tokens per second of all sequences together.
#include "bench/bench.h"
#include "models/llama/generation.h"

namespace bench {
namespace {

models::LlamaConfig smollm2() {
  models::LlamaConfig config;
  config.vocabulary = 49152;
  config.hidden = 576;
  config.intermediate = 1536;
  config.layers = 30;
  config.heads = 9;
  config.kv_heads = 3;
  return config;
}

// Greedy, without an end token. Arguments: sequences at once, tokens of a prompt, tokens to generate. Only the
// generated tokens count; the time includes the prompts.
void generation(benchmark::State& state) {
  const int64_t B = state.range(0), P = state.range(1), T = state.range(2);
  models::Llama model(smollm2());
  models::initialise(model, 0.02, 1);
  std::vector<models::Prompt> prompts;
  for (int64_t b = 0; b < B; ++b) {
    std::vector<int32_t> ids;
    for (int64_t i = 0; i < P; ++i) ids.push_back(static_cast<int32_t>((b * P + i) * 7919 % 49152));
    prompts.push_back({ids, static_cast<uint32_t>(b)});
  }
  for (auto _ : state) models::generate(model, prompts, {.tokens = T}, [](size_t, const auto&) {});
  state.counters["tokens/s"] =
      benchmark::Counter(static_cast<double>(B * T * state.iterations()), benchmark::Counter::kIsRate);
  int64_t weights = 0;  // all matrices; the token table is the output matrix too
  for (const auto& [name, w] : model.named_parameters()) weights += w.rank() == 2 ? w.numel() : 0;
  report_operations(state, 2.0 * static_cast<double>(weights * B * T));
}
BENCHMARK(generation)
    ->Args({1, 32, 64})
    ->Args({64, 32, 64})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace bench

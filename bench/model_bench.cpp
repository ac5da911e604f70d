// Fused attention, one LoRA step of a language model and one SASRec step: tokens per second, and the rate of
// operations as a share of a large matrix product's in the same run.
#include "autograd/ops.h"
#include "bench/bench.h"
#include "models/llama/llama.h"
#include "models/recommenders/sasrec.h"
#include "nn/init.h"
#include "nn/lora.h"
#include "nn/optim.h"

namespace bench {
namespace {

using ag::Tensor;

Tensor random(ag::Shape shape, const char* name) {
  Tensor x = Tensor::empty(std::move(shape));
  nn::normal_(x, 1, nn::key_for(name, 1));
  return x;
}

std::vector<std::vector<int32_t>> random_sequences(int64_t count, int64_t length, int32_t below) {
  std::vector<std::vector<int32_t>> sequences(static_cast<size_t>(count));
  uint64_t draw = 0;
  for (auto& sequence : sequences) {
    for (int64_t i = 0; i < length; ++i)
      sequence.push_back(
          static_cast<int32_t>(ag::random_below({1, 0, 0}, draw++, static_cast<uint32_t>(below))));
  }
  return sequences;
}

void tokens_per_second(benchmark::State& state, int64_t tokens) {
  state.counters["tokens/s"] =
      benchmark::Counter(static_cast<double>(tokens * state.iterations()), benchmark::Counter::kIsRate);
}

// Forward and backward. Arguments: sequences, length, heads, key heads, head size, causal. There are 2
// products forward and 5 backward; with the causal mask a query sees half of the keys.
void attention(benchmark::State& state) {
  const int64_t B = state.range(0), T = state.range(1), H = state.range(2), KV = state.range(3),
                D = state.range(4), N = B * T;
  Tensor q = random({N, H, D}, "q"), k = random({N, KV, D}, "k"), v = random({N, KV, D}, "v");
  for (Tensor* x : {&q, &k, &v}) x->set_requires_grad();
  const ag::Offsets offsets(std::vector<int32_t>(static_cast<size_t>(B), static_cast<int32_t>(T)));
  const Tensor dy = random({N, H, D}, "dy");
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

// The step of `p2rec reconstruct`: SmolLM2-135M's shape with random weights, LoRA with r = 8 on its seven
// kinds of linear layers, a linear head on the last token, AdamW. Arguments: sequences, length.
void lora_step(benchmark::State& state) {
  const int64_t B = state.range(0), T = state.range(1);
  models::LlamaConfig config;
  config.vocabulary = 49152;
  config.hidden = 576;
  config.intermediate = 1536;
  config.layers = 30;
  config.heads = 9;
  config.kv_heads = 3;
  models::Llama model(config);
  models::initialise(model, 0.02, 1);
  nn::attach_lora(model, {});
  nn::NamedTensors trained = nn::lora_parameters(model);
  Tensor head = Tensor::zeros({20, config.hidden});
  trained.emplace_back("head", head.set_requires_grad());
  nn::Adam adam(trained, {});
  const nn::Packed x = nn::pack(random_sequences(B, T, 49152));
  const Tensor target = random({B, 20}, "target");
  for (auto _ : state) {
    adam.zero_grad();
    const Tensor h = ag::embedding(model.hidden_states(x), x.offsets.last_rows());
    ag::backward(ag::mse(ag::linear(h, head), target));
    adam.step();
  }
  tokens_per_second(state, B * T);
  // The frozen matrices: forward, and the gradient of their input.
  const double per_layer = 2.0 * static_cast<double>(config.hidden * config.hidden) +
                           2.0 * static_cast<double>(config.hidden * 192) +
                           3.0 * static_cast<double>(config.hidden * config.intermediate);
  report_operations(state, 4.0 * 30 * per_layer * static_cast<double>(B * T));
}
BENCHMARK(lora_step)
    ->Args({16, 50})
    ->Args({4, 256})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);

// SASRec with the ml-100k configuration, cross-entropy over all 1,682 items,
// dropout on. Arguments: windows, length.
void sasrec_step(benchmark::State& state) {
  const int64_t B = state.range(0), T = state.range(1);
  models::SasrecConfig config;
  config.items = 1682;
  models::Sasrec model(config, 1);
  nn::Adam adam(model.named_parameters(), {.decoupled = false});
  models::SequenceBatch batch{model.pack(random_sequences(B, T, 1682)), {}, {}, {}, {}};
  batch.targets = batch.input.ids;
  uint32_t step = 0;
  for (auto _ : state) {
    batch.input.dropout = {1, step++, true};
    adam.zero_grad();
    ag::backward(model.loss(batch, {}));
    adam.step();
  }
  tokens_per_second(state, B * T);
  const double C = 64, per_token = 2 * (2 * 6 * C * C) + 2 * 1682 * C;  // two blocks and the logits, forward
  report_operations(state, 3.0 * per_token * static_cast<double>(B * T));
}
BENCHMARK(sasrec_step)->Args({128, 50})->Args({128, 9})->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bench

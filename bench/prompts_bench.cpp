// Fine-tuning on prompts, and embedding of items, whose lengths are those of real ones: P2REC_LENGTHS names a
// file with one length a line. The tokens are random, with SmolLM2-135M's shape and random weights.
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>

#include "bench/bench.h"
#include "bench/profile/lora_step.h"
#include "p2rec/llm/embed.h"
#include "p2rec/llm/token_batches.h"

namespace bench {
namespace {

std::vector<int64_t> read_lengths(const char* file) {
  std::ifstream in(file);
  return {std::istream_iterator<int64_t>(in), {}};
}

void report(benchmark::State& state, int64_t real, double operations) {
  state.counters["tokens/s"] =
      benchmark::Counter(static_cast<double>(real * state.iterations()), benchmark::Counter::kIsRate);
  report_operations(state, operations);
}

// An epoch of p2rec reconstruct's steps, each with `tokens` tokens.
void finetune_prompts(benchmark::State& state, const std::vector<int64_t>& lengths, int64_t tokens,
                      bool bf16) {
  std::vector<nn::Packed> batches;
  for (const auto& batch : p2rec::token_batches(lengths, tokens, 1, 0)) {
    std::vector<int64_t> own;
    for (const int64_t i : batch) own.push_back(lengths[static_cast<size_t>(i)]);
    batches.push_back(random_prompts(own));
  }
  LoraStep step(bf16);
  step.run(batches[0]);  // not measured: it allocates
  for (auto _ : state) {
    for (const nn::Packed& batch : batches) step.run(batch);
  }
  const int64_t all = std::reduce(lengths.begin(), lengths.end());
  report(state, all, 2 * forward_operations(all));
}

// Virtual users as in p2rec augment: a prompt of `lengths` tokens for each item, of which the first kPrefix
// are the same for all, and are read once. They count for each item, because a program that reads whole
// prompts does the same work with them.
void embed_prompts(benchmark::State& state, const std::vector<int64_t>& lengths, bool bf16) {
  constexpr int64_t kPrefix = 3;  // "User history:"
  models::Llama model(smollm2_config());
  models::initialise(model, 0.02, 1);
  if (bf16) nn::store_in_bf16(model);
  const ag::NoGrad no_grad;
  const auto prompt_of = [&](int64_t item) {
    return random_sequences(1, lengths[static_cast<size_t>(item)] - kPrefix, 49152)[0];
  };
  const ag::Tensor beginning = random_prompts(std::vector{kPrefix}).ids;
  const auto embed = [&](int64_t items) {
    const models::SharedPrefix prefix = model.shared_prefix(model.embed(beginning));
    p2rec::embed_items({model}, items, prompt_of, &prefix, {});
  };
  embed(std::min<int64_t>(64, std::ssize(lengths)));  // not measured: it allocates
  for (auto _ : state) embed(std::ssize(lengths));
  const int64_t tokens = std::reduce(lengths.begin(), lengths.end());
  report(state, tokens, forward_operations(tokens - kPrefix * std::ssize(lengths)));
}

void add(const std::string& name, const std::function<void(benchmark::State&)>& work) {
  benchmark::RegisterBenchmark(name.c_str(), work)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond)
      ->Iterations(1);
}

const bool kRegistered = [] {
  const char* file = std::getenv("P2REC_LENGTHS");
  if (file == nullptr) return false;
  const std::vector<int64_t> lengths = read_lengths(file);
  for (const bool bf16 : {false, true}) {
    const std::string precision = bf16 ? "/1" : "/0";
    for (const int64_t tokens : {256, 768}) {
      add("finetune_prompts/" + std::to_string(tokens) + precision,
          [=](benchmark::State& state) { finetune_prompts(state, lengths, tokens, bf16); });
    }
    add("embed_prompts" + precision, [=](benchmark::State& state) { embed_prompts(state, lengths, bf16); });
  }
  return true;
}();

}  // namespace
}  // namespace bench

// Fine-tuning's batches by tokens: what is in them, and how a step's loss is weighted.
#include "p2rec/llm/token_batches.h"

#include <algorithm>
#include <numeric>

#include "autograd/ops.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "p2rec/llm/finetune.h"
#include "tests/models/llama/small_shapes.h"
#include "tests/testing.h"

using ag::Tensor;
using p2rec::token_batches;

namespace {

constexpr int64_t kExamples = 1000, kTokens = 200;

// From 5 to 64 tokens.
std::vector<int64_t> some_lengths() {
  std::vector<int64_t> lengths;
  for (uint64_t i = 0; i < kExamples; ++i) lengths.push_back(5 + ag::random_below({1, 0, 0}, i, 60));
  return lengths;
}

int64_t tokens_of(const std::vector<int64_t>& batch, const std::vector<int64_t>& lengths) {
  int64_t tokens = 0;
  for (const int64_t i : batch) tokens += lengths[static_cast<size_t>(i)];
  return tokens;
}

}  // namespace

TEST_CASE("token batches: every example once, each batch with about the same number of tokens") {
  const std::vector<int64_t> lengths = some_lengths();
  const int64_t all = std::reduce(lengths.begin(), lengths.end()),
                batches = p2rec::batches_per_epoch(lengths, kTokens);
  CHECK(batches == (all + kTokens - 1) / kTokens);
  const auto found = token_batches(lengths, kTokens, 1, 0);
  REQUIRE(std::ssize(found) == batches);
  std::vector<int64_t> seen;
  for (const auto& batch : found) {
    REQUIRE(!batch.empty());
    seen.insert(seen.end(), batch.begin(), batch.end());
    CHECK(std::abs(tokens_of(batch, lengths) - all / batches) <= 64);
  }
  std::ranges::sort(seen);
  std::vector<int64_t> each(kExamples);
  std::iota(each.begin(), each.end(), 0);
  CHECK(seen == each);
}

TEST_CASE("token batches: seed and epoch decide the batches, and nothing else") {
  const std::vector<int64_t> lengths = some_lengths();
  const auto first = token_batches(lengths, kTokens, 1, 0);
  CHECK(token_batches(lengths, kTokens, 1, 0) == first);
  CHECK(token_batches(lengths, kTokens, 1, 1) != first);
  CHECK(token_batches(lengths, kTokens, 2, 0) != first);
}

TEST_CASE("token batches: examples of a batch are equally long, and batches come in random order") {
  const std::vector<int64_t> lengths = some_lengths();
  const auto batches = token_batches(lengths, kTokens, 1, 0);
  int64_t alike = 0, jumps = 0;
  for (size_t b = 0; b < batches.size(); ++b) {
    const auto [shortest, longest] =
        std::ranges::minmax(batches[b], {}, [&](int64_t i) { return lengths[size_t(i)]; });
    alike += lengths[size_t(longest)] - lengths[size_t(shortest)] <= 8;
    if (b > 0) jumps += std::abs(lengths[size_t(batches[b][0])] - lengths[size_t(batches[b - 1][0])]) > 8;
  }
  CHECK(alike > std::ssize(batches) * 95 / 100);
  CHECK(jumps > std::ssize(batches) / 2);
  // So two parts with the same number of examples have about the same number of tokens.
  CHECK(p2rec::most_tokens_of_part(lengths, kTokens, 2, 1) < kTokens * 3 / 4);
}

TEST_CASE("token batches: few examples, and examples that are longer than the budget") {
  CHECK(token_batches({7}, 100, 1, 0) == std::vector<std::vector<int64_t>>{{0}});
  CHECK(p2rec::batches_per_epoch({500, 1, 1}, 10) == 3);
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    for (const auto& batch : token_batches({500, 1, 1}, 10, seed, 0)) CHECK(batch.size() == 1);
    for (const auto& batch : token_batches({10, 1, 30, 2}, 20, seed, 0)) CHECK(!batch.empty());
  }
  CHECK(p2rec::most_tokens_of_part({500, 1, 1}, 10, 1, 1) == 500);
}

TEST_CASE("fine-tuning: every example has the same weight, however many are in its step") {
  models::Llama model(testing::byte_config(1));
  models::initialise(model, 0.2, 1);
  const Tensor w = Tensor::full({1}, 1).set_requires_grad();
  p2rec::Finetuning finetuning;
  finetuning.trained = {{{{"w", w}}, 1e-30}};
  finetuning.lengths = some_lengths();
  for (int64_t i = 0; i < kExamples; ++i) finetuning.examples.push_back(i);
  // The loss of an example is its length times w, which stays 1.
  finetuning.loss = [&](std::span<const int64_t> batch, const p2rec::BatchPart& part,
                        const nn::DropoutContext&) -> p2rec::PartLoss {
    const auto own = part.of(batch);
    const double sum = static_cast<double>(tokens_of({own.begin(), own.end()}, finetuning.lengths));
    return {ag::mean(ag::scale(w, sum / double(own.size()))), std::ssize(own), std::ssize(batch)};
  };
  p2rec::FinetuneConfig config;
  config.tokens = kTokens;
  config.epochs = 2;
  config.batch_parts = 2;
  const p2rec::FinetuneLosses losses = p2rec::finetune(model, config, finetuning);
  const double mean = double(std::reduce(finetuning.lengths.begin(), finetuning.lengths.end())) / kExamples;
  CHECK(losses.last_epoch == doctest::Approx(mean).epsilon(1e-5));
}

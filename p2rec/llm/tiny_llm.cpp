#include "p2rec/llm/tiny_llm.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "p2rec/training/loop.h"

namespace p2rec {
namespace {

using ag::Tensor;
using TokenLines = std::vector<std::vector<int32_t>>;  // the token ids of each line

constexpr uint32_t kLineStream = ag::stream("catalogue lines");
constexpr double kInitialStd = 0.05, kWeightDecay = 0.01, kClip = 1.0;
constexpr int64_t kWarmup = 20;

models::LlamaConfig model_config(int64_t vocabulary, const TinyLlmConfig& config) {
  models::LlamaConfig model;
  model.vocabulary = vocabulary;
  model.hidden = config.hidden;
  model.intermediate = config.intermediate;
  model.layers = config.layers;
  model.heads = config.heads;
  model.kv_heads = config.kv_heads;
  return model;
}

std::vector<std::string> catalogue_lines(const Interactions& data) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < data.item_ids.size(); ++i) {
    const bool titled = !data.titles.empty() && !data.titles[i].empty();
    lines.push_back(data.item_ids[i] + (titled ? ": " + data.titles[i] : ""));
  }
  return lines;
}

// The lines as tokens, each with an end token if the tokenizer has one.
TokenLines encoded(const std::vector<std::string>& lines, const models::Tokenizer& tokenizer) {
  TokenLines result;
  for (const std::string& line : lines) {
    result.push_back(tokenizer.encode(line));
    if (const auto& ends = tokenizer.special().ends; !ends.empty()) result.back().push_back(ends[0]);
  }
  return result;
}

TokenLines lines_of_step(const TokenLines& lines, int64_t step, const TinyLlmConfig& config) {
  const ag::RandomKey key{config.seed, static_cast<uint32_t>(step), kLineStream};
  TokenLines batch;
  for (int64_t i = 0; i < config.batch; ++i)
    batch.push_back(
        lines[ag::random_below(key, static_cast<uint64_t>(i), static_cast<uint32_t>(lines.size()))]);
  return batch;
}

int64_t predicted_tokens(std::span<const std::vector<int32_t>> lines) {
  int64_t tokens = 0;
  for (const auto& line : lines) tokens += std::max<int64_t>(0, std::ssize(line) - 1);
  return tokens;
}

}  // namespace

Tensor next_tokens(const nn::Packed& x) {
  std::vector<int32_t> targets(static_cast<size_t>(x.offsets.rows()), -1);
  for (int64_t b = 0; b < x.offsets.sequences(); ++b) {
    for (int64_t i = x.offsets.at(b); i + 1 < x.offsets.at(b + 1); ++i)
      targets[static_cast<size_t>(i)] = x.ids.ints()[i + 1];
  }
  return Tensor::from_ints(targets);
}

Tensor next_token_loss(const models::Llama& model, const std::vector<std::vector<int32_t>>& sequences) {
  const nn::Packed x = nn::pack(sequences);
  return ag::cross_entropy(model.logits(model.hidden_states(x)), next_tokens(x));
}

void describe(TinyLlmConfig& config, const nn::Visit& visit) {
  visit({"tiny-steps", "pre-training steps of the language model 'tiny'", nn::at_least(1)}, &config.steps);
}

std::unique_ptr<models::Llama> untrained_tiny_llm(const models::Tokenizer& tokenizer,
                                                  const TinyLlmConfig& config) {
  auto model = std::make_unique<models::Llama>(model_config(tokenizer.vocabulary(), config));
  models::initialise(*model, kInitialStd, config.seed);
  model->requires_grad(false);
  return model;
}

std::unique_ptr<models::Llama> pretrain_tiny_llm(const Interactions& data, const models::Tokenizer& tokenizer,
                                                 const TinyLlmConfig& config, const Task& task) {
  return pretrain_tiny_llm(catalogue_lines(data), tokenizer, config, task);
}

std::unique_ptr<models::Llama> pretrain_tiny_llm(const std::vector<std::string>& texts,
                                                 const models::Tokenizer& tokenizer,
                                                 const TinyLlmConfig& config, const Task& task) {
  auto model = untrained_tiny_llm(tokenizer, config);
  model->requires_grad(true);
  nn::Adam adam(model->named_parameters(), {.lr = config.lr, .weight_decay = kWeightDecay});
  const TokenLines lines = encoded(texts, tokenizer);
  task.announce(fmt::format("{} parameters, {} lines, {} steps of {} lines", model->parameter_count(),
                            lines.size(), config.steps, config.batch));
  const Loop loop{.adam = adam,
                  .steps_per_epoch = config.steps,
                  .epochs = 1,
                  .lr = config.lr,
                  .clip = kClip,
                  .loss = [&](int64_t step, const BatchPart& part) -> PartLoss {
                    const TokenLines batch = lines_of_step(lines, step, config);
                    const auto own = part.of(std::span(batch));
                    if (predicted_tokens(own) == 0) return {};
                    return {next_token_loss(*model, {own.begin(), own.end()}), predicted_tokens(own),
                            predicted_tokens(batch)};
                  },
                  .schedule = cosine_schedule(kWarmup, config.steps)};
  const std::vector<double> losses = train(loop, task);
  task.finish(fmt::format("loss {:.3f} per byte", losses.back()));
  model->requires_grad(false);
  return model;
}

}  // namespace p2rec

#include "p2rec/llm/tiny_llm.h"

#include <fmt/format.h>

#include "nn/optim.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr uint32_t kLineStream = 3'000'000;
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

// Lines of the catalogue as tokens, each with an end token where the tokenizer has one.
std::vector<std::vector<int32_t>> catalogue_lines(const Interactions& data,
                                                  const models::Tokenizer& tokenizer) {
  std::vector<std::vector<int32_t>> lines;
  for (size_t i = 0; i < data.item_ids.size(); ++i) {
    const bool titled = !data.titles.empty() && !data.titles[i].empty();
    lines.push_back(tokenizer.encode(data.item_ids[i] + (titled ? ": " + data.titles[i] : "")));
    if (const auto end = tokenizer.end_of_text()) lines.back().push_back(*end);
  }
  return lines;
}

// The mean cross-entropy of every token of the lines but the first.
Tensor next_token_loss(const models::Llama& model, const std::vector<std::vector<int32_t>>& lines) {
  const nn::Packed x = nn::pack(lines);
  std::vector<int32_t> targets(static_cast<size_t>(x.offsets.rows()), -1);
  for (int64_t b = 0; b < x.offsets.sequences(); ++b) {
    for (int64_t i = x.offsets.at(b); i + 1 < x.offsets.at(b + 1); ++i)
      targets[static_cast<size_t>(i)] = x.ids.ints()[i + 1];
  }
  return ag::cross_entropy(model.logits(model.hidden_states(x)), Tensor::from_ints(targets));
}

}  // namespace

std::unique_ptr<models::Llama> pretrain_tiny_llm(const Interactions& data, const models::Tokenizer& tokenizer,
                                                 const TinyLlmConfig& config, const Task& task) {
  auto model = std::make_unique<models::Llama>(model_config(tokenizer.vocabulary(), config));
  models::initialise(*model, kInitialStd, config.seed);
  nn::Adam adam(model->named_parameters(), {.lr = config.lr, .weight_decay = kWeightDecay});
  const auto lines = catalogue_lines(data, tokenizer);
  int64_t first = 0;
  if (const auto saved = task.resume()) {
    for (const auto& [name, tensor] : model->named_parameters()) Tensor(tensor).copy_from(saved->at(name));
    adam.load_state(*saved);
    first = adam.steps();
  }
  task.announce(fmt::format("{} parameters from scratch, {} lines, {} steps of {}", model->parameter_count(),
                            lines.size(), config.steps, config.batch));
  double loss_value = 0;
  for (int64_t step = first; step < config.steps; ++step) {
    std::vector<std::vector<int32_t>> batch;
    for (int64_t i = 0; i < config.batch; ++i) {
      const ag::RandomKey key{config.seed, static_cast<uint32_t>(step), kLineStream};
      batch.push_back(
          lines[ag::random_below(key, static_cast<uint64_t>(i), static_cast<uint32_t>(lines.size()))]);
    }
    adam.zero_grad();
    const Tensor loss = next_token_loss(*model, batch);
    ag::backward(loss);
    nn::clip_grad_norm(adam.parameters(), kClip);
    const double factor = nn::schedule_factor(nn::Schedule::Cosine, step + 1, kWarmup, config.steps + 1);
    adam.step(factor);
    loss_value = loss.item();
    task.log(step, {{"loss", loss_value}, {"lr", config.lr * factor}});
    task.progress(static_cast<double>(step + 1) / static_cast<double>(config.steps),
                  fmt::format("step {} of {}, loss {:.3f}", step + 1, config.steps, loss_value));
    if (task.save_due()) {
      nn::NamedTensors state = model->named_parameters();
      for (const auto& entry : adam.state()) state.push_back(entry);
      task.save(step, state);
    }
    task.check_stop();
  }
  task.finish(fmt::format("loss {:.3f} per byte", loss_value));
  model->requires_grad(false);
  return model;
}

}  // namespace p2rec

#include "p2rec/methods/delrec/distillation.h"

#include <fmt/format.h>

#include <algorithm>

#include "autograd/ops.h"
#include "p2rec/llm/training_lists.h"
#include "p2rec/methods/delrec/task_weights.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr double kWeightDecay = 1e-5, kClip = 2, kWarmupShare = 0.1;

std::vector<int32_t> ids_of(const SoftText& text, const DelrecInput& input) {
  return soft_prompt_ids(text, input.prompts.soft_tokens, input.tokenizer, input.llm.config().vocabulary);
}

void add_choice(ChoiceBatch& batch, std::vector<int32_t> prompt, const std::vector<int32_t>& candidates,
                int32_t answer) {
  batch.prompts.push_back(std::move(prompt));
  batch.candidates.insert(batch.candidates.end(), candidates.begin(), candidates.end());
  batch.places.push_back(static_cast<int32_t>(std::ranges::find(candidates, answer) - candidates.begin()));
}

// The teacher's first `count` items after the history, best first, without those of the history.
std::vector<int32_t> teacher_list(const models::SequentialRecommender& teacher, Sequence history,
                                  int64_t count) {
  const Tensor scores = teacher.scores(teacher.pack({{history.begin(), history.end()}})).to(ag::Device::CPU);
  return top_items({scores.data(), static_cast<size_t>(scores.numel())}, count, history);
}

// The loss of a batch and its gradient with respect to the soft prompt.
TaskLoss task_loss(const ItemReader& reader, const DelrecInput& input, const ChoiceBatch& batch) {
  const Tensor loss =
      choice_loss(reader, nn::pack(batch.prompts), input.title_vectors, batch.candidates, batch.places);
  ag::backward(loss);
  TaskLoss found{loss.item(), reader.item_tokens.grad()};
  reader.item_tokens.zero_grad();
  return found;
}

}  // namespace

void describe(DistillationConfig& config, const nn::Visit& visit) {
  visit({"distil-lr", "learning rate of the soft prompt", nn::kPositive}, &config.lr);
  visit({"distil-batch", "users per step of the soft prompt, each with an example of both tasks",
         nn::at_least(1)},
        &config.batch);
  visit({"distil-epochs", "epochs of the soft prompt", nn::at_least(1)}, &config.epochs);
}

DelrecInput::DelrecInput(const models::Llama& model, const models::Tokenizer& words,
                         const Interactions& interactions, const DelrecPromptConfig& config)
    : llm(model),
      tokenizer(words),
      data(interactions),
      prompts(config),
      titles(title_tokens(interactions, words, model.config().vocabulary)),
      title_vectors(p2rec::title_vectors(model, titles)) {}

Tensor choice_loss(const ItemReader& reader, const nn::Packed& prompts, const Tensor& title_vectors,
                   const std::vector<int32_t>& candidates, const std::vector<int32_t>& places) {
  const auto B = std::ssize(places);
  const Tensor ids = Tensor::from_ints({B, std::ssize(candidates) / B}, candidates);
  return ag::cross_entropy(ag::candidate_scores(prompt_states(reader, prompts), title_vectors, ids),
                           Tensor::from_ints(places));
}

void add_analysis(ChoiceBatch& batch, const DelrecInput& input, int64_t user, int64_t candidates,
                  uint64_t seed) {
  const Sequence all = training_part(input.data, user), items = latest(all, input.prompts);
  const CandidateSampler sampler(input.data.items(), candidates, list_seed("lists of the analysis", seed));
  const std::vector<int32_t> list = sampler.draw(user, analysed_item(items), all);
  add_choice(batch, ids_of(analysis_text(items, list, input.data), input), list, analysed_item(items));
}

void add_simulation(ChoiceBatch& batch, const DelrecInput& input,
                    const models::SequentialRecommender& teacher, int64_t user, int64_t candidates,
                    uint64_t seed) {
  const Sequence history = training_part(input.data, user);
  const std::vector<int32_t> chosen = teacher_list(teacher, history, candidates / 2);
  std::vector<int32_t> removed(history.begin(), history.end());
  removed.insert(removed.end(), chosen.begin() + 1, chosen.end());
  const int64_t others = candidates - std::ssize(chosen) + 1;  // with the first choice, which is their target
  const CandidateSampler sampler(input.data.items(), others, list_seed("lists of the teacher", seed));
  std::vector<int32_t> list = sampler.draw(user, chosen[0], removed);
  list.insert(list.end(), chosen.begin() + 1, chosen.end());
  const ag::RandomKey key{seed, static_cast<uint32_t>(user), ag::stream("order of the teacher's candidates")};
  std::vector<int32_t> mixed;
  for (const int32_t i : ag::random_permutation(key, static_cast<int32_t>(list.size())))
    mixed.push_back(list[static_cast<size_t>(i)]);
  const SoftText text =
      simulation_text(latest(history, input.prompts), mixed, std::span(chosen).subspan(1), input.data);
  add_choice(batch, ids_of(text, input), mixed, chosen[0]);
}

Distillation distil(const DelrecInput& input, const models::SequentialRecommender& teacher,
                    const DistillationOptions& options, const Task& task) {
  const DistillationConfig& config = options.config;
  const TrainingLists lists =
      training_lists(input.data, options.candidates, options.seed, kLeastAnalysed, options.users);
  std::vector<int64_t> users;
  for (const int64_t i : lists.train) users.push_back(lists.lists[static_cast<size_t>(i)].user);
  Distillation result;
  result.soft_prompt =
      initial_soft_prompt(input.llm, input.prompts.soft_tokens, options.seed).set_requires_grad();
  const ItemReader reader{input.llm, result.soft_prompt};
  const int64_t steps_per_epoch = steps_of_epoch(users, config.batch),
                total = steps_per_epoch * config.epochs;
  nn::Adam adam({{"soft_prompt", result.soft_prompt}}, {.lr = config.lr, .weight_decay = kWeightDecay});
  task.announce(fmt::format("{}, {}", counted(std::ssize(users), "user"), counted(config.epochs, "epoch")));
  const Loop loop{.adam = adam,
                  .steps_per_epoch = steps_per_epoch,
                  .epochs = config.epochs,
                  .lr = config.lr,
                  .clip = kClip,
                  .loss = [&](int64_t step, const BatchPart& part) -> PartLoss {
                    if (!part.is_last()) return {};
                    ChoiceBatch analysis, simulation;
                    for (const int64_t user : examples_of_step(users, config.batch, step, options.seed)) {
                      add_analysis(analysis, input, user, options.candidates, options.seed);
                      add_simulation(simulation, input, teacher, user, options.candidates, options.seed);
                    }
                    const JointLoss joint =
                        joint_loss(task_loss(reader, input, analysis), task_loss(reader, input, simulation));
                    return {known_loss(result.soft_prompt, joint)};
                  },
                  .schedule = cosine_schedule(static_cast<int64_t>(kWarmupShare * double(total)), total)};
  const std::vector<double> losses = train(loop, task);
  result.first = mean_loss(losses, 0, steps_per_epoch);
  result.last = mean_loss(losses, total - steps_per_epoch, total);
  result.soft_prompt.set_requires_grad(false);
  task.finish(fmt::format("loss {:.4f}", result.last));
  return result;
}

}  // namespace p2rec

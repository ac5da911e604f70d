#include "p2rec/methods/delrec/ranker.h"

#include "autograd/ops.h"

namespace p2rec {
namespace {

using ag::Tensor;

std::vector<int32_t> prompt_ids(const DelrecInput& input, const CandidateList& list, Sequence history,
                                const Tensor& soft_prompt) {
  return soft_prompt_ids(ranking_prompt(input, list, history, soft_prompt),
                         soft_prompt.defined() ? soft_prompt.dim(0) : 0, input.tokenizer,
                         input.llm.config().vocabulary);
}

}  // namespace

RankerConfig::RankerConfig() {
  finetune.lora.targets = {"q_proj", "v_proj"};
  finetune.lora.alpha = 32;
  finetune.lora.dropout = 0.05;
  finetune.lr = 1e-4;
  finetune.epochs = 3;
}

void describe(RankerConfig& config, const nn::Visit& visit) {
  describe(config.finetune, visit);
  visit({"train-users", "learn from a fixed sample of N users; 0: all users", nn::at_least(0)},
        &config.users);
}

SoftText ranking_prompt(const DelrecInput& input, const CandidateList& list, Sequence history,
                        const Tensor& soft_prompt) {
  return ranking_text(latest(history, input.prompts), list.items, input.data, soft_prompt.defined());
}

Finetuning learn_to_rank(const DelrecInput& input, const TrainingLists& lists, const Tensor& soft_prompt) {
  Finetuning result{.examples = lists.train, .lengths = {}, .heldout = lists.heldout};
  const auto prompt_of = [=, &input, &lists](int64_t i) {
    const CandidateList& list = lists.lists[static_cast<size_t>(i)];
    return prompt_ids(input, list, history_of(input.data, list), soft_prompt);
  };
  for (const int64_t i : lists.train) result.lengths.push_back(std::ssize(prompt_of(i)));
  result.loss = [=, &input, &lists](std::span<const int64_t> batch, const BatchPart& part,
                                    const nn::DropoutContext& dropout) -> PartLoss {
    std::vector<std::vector<int32_t>> prompts;
    for (const int64_t i : batch) prompts.push_back(prompt_of(i));
    nn::Packed x = nn::pack(prompts);
    x.dropout = dropout;
    std::vector<int32_t> candidates, places;
    for (const int64_t i : part.of(batch)) {
      const CandidateList& list = lists.lists[static_cast<size_t>(i)];
      candidates.insert(candidates.end(), list.items.begin(), list.items.end());
      places.push_back(list.place);
    }
    const int64_t B = std::ssize(batch);
    return {choice_loss({input.llm, soft_prompt}, nn::part(x, part.begin(B), part.end(B)),
                        input.title_vectors, candidates, places),
            std::ssize(places), B};
  };
  return result;
}

std::vector<double> rank_candidates(const DelrecInput& input, const CandidateList& list, Sequence history,
                                    const Tensor& soft_prompt) {
  const ag::NoGrad no_grad;
  const Tensor state =
      prompt_states({input.llm, soft_prompt}, nn::pack({prompt_ids(input, list, history, soft_prompt)}));
  const Tensor scores = ag::candidate_scores(state, input.title_vectors,
                                             Tensor::from_ints({1, std::ssize(list.items)}, list.items));
  const std::vector<ag::real> values = scores.values();
  return {values.begin(), values.end()};
}

}  // namespace p2rec

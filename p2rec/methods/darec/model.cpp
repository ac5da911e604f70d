#include "p2rec/methods/darec/model.h"

#include <algorithm>
#include <span>

#include "autograd/ops.h"
#include "p2rec/llm/embed.h"
#include "p2rec/methods/common/item_init.h"
#include "p2rec/training/loop.h"

namespace p2rec {
namespace {

using ag::Tensor;

constexpr double kWarmupShare = 0.1, kClip = 1;

}  // namespace

void describe(DarecModelConfig& config, const nn::Visit& visit) {
  visit({"history", "maximum number of items in a prompt, the latest ones", nn::at_least(1)},
        &config.history);
  visit({"layer-groups", "groups of layers that get an adapter each; at most one per layer",
         nn::between(1, 6)},  // the search looks at all 4^6 choices
        &config.layer_groups);
  visit({"masked-groups", "groups, the first ones, in which an item's tokens attend only to each other",
         nn::at_least(1)},
        &config.masked_groups);
  visit({"adapt-lr", "learning rate of adapters and collaborative vectors", nn::kPositive}, &config.lr);
  visit({"adapt-batch", "users per training step", nn::at_least(1)}, &config.batch);
  visit({"adapt-epochs", "epochs of a trial", nn::at_least(1)}, &config.epochs);
  visit({"train-users", "learn from a fixed sample of N users; 0: all users", nn::at_least(0)},
        &config.users);
}

int64_t groups_of(const DarecModelConfig& config, int64_t layers) {
  const int64_t groups = std::min(config.layer_groups, layers);
  INPUT_CHECK(config.masked_groups < groups, "masked-groups: found ", config.masked_groups,
              "; expected fewer than the groups of layers, ", groups,
              "; hint: the last layers must read the whole history");
  return groups;
}

DarecModel::DarecModel(models::Llama& llm, const models::Tokenizer& tokenizer, const Interactions& data,
                       const Tensor& item_vectors, const DarecModelConfig& config)
    : llm_(llm),
      config_(config),
      prompts_(data, tokenizer, llm.config().vocabulary, config.history),
      item_vectors_(ag::scale(standardised(item_vectors), token_rms(llm)).to(llm.device())),
      title_vectors_(title_vectors(llm, title_tokens(data, tokenizer, llm.config().vocabulary))) {
  groups();  // throws early
}

int64_t DarecModel::masked_layers() const {
  int64_t layer = 0;
  while (group_of_layer(layer, llm_.config().layers, groups()) < config_.masked_groups) ++layer;
  return layer;
}

void DarecModel::begin(const DarecVariant& variant, uint64_t seed) {
  AG_CHECK(std::ssize(variant.adapters) == groups(), "DARec: ", variant.adapters.size(), " adapters for ",
           groups(), " groups of layers");
  variant_ = variant;
  attach_adapters(llm_, variant.adapters, seed);
  collaborative_ =
      Tensor::zeros({llm_.config().hidden, item_vectors_.dim(1)}, ag::DType::Real, llm_.device());
  collaborative_.set_requires_grad();
}

nn::NamedTensors DarecModel::trained() const {
  nn::NamedTensors tensors = adapter_parameters(llm_);
  if (variant_.vectors) tensors.emplace_back("collaborative.weight", collaborative_);
  return tensors;
}

// The input vectors (N,C): those of the tokens, plus W e(i) at the last token of item i.
Tensor DarecModel::embedded(const std::vector<DarecPrompt>& prompts, const Tensor& ids) const {
  const Tensor tokens = llm_.embed(ids);
  if (!variant_.vectors) return tokens;
  std::vector<int32_t> items, added;  // added: for each token 0, or 1 + the index in `items`
  for (const DarecPrompt& prompt : prompts) {
    size_t end = added.size() + static_cast<size_t>(prompt.blocks[0]);
    added.resize(added.size() + prompt.ids.size(), 0);
    for (size_t i = 0; i < prompt.items.size(); ++i) {
      end += static_cast<size_t>(prompt.blocks[i + 1]);
      items.push_back(prompt.items[i]);
      added[end - 1] = static_cast<int32_t>(items.size());
    }
  }
  const Tensor vectors = ag::linear(ag::embedding(item_vectors_, Tensor::from_ints(items)), collaborative_),
               nothing = Tensor::zeros({1, tokens.dim(1)}, ag::DType::Real, llm_.device());
  return ag::add(tokens, ag::embedding(ag::concat({nothing, vectors}, 0), Tensor::from_ints(added)));
}

Tensor DarecModel::scores(const std::vector<Sequence>& histories,
                          const std::vector<int32_t>& candidates) const {
  std::vector<DarecPrompt> prompts;
  std::vector<std::vector<int32_t>> ids;
  std::vector<int32_t> blocks;
  for (const Sequence history : histories) {
    const DarecPrompt& prompt = prompts.emplace_back(prompts_.of(history));
    ids.push_back(prompt.ids);
    blocks.insert(blocks.end(), prompt.blocks.begin(), prompt.blocks.end());
  }
  const nn::Packed x = nn::pack(ids);
  const Tensor input = embedded(prompts, x.ids);
  const Tensor states =
      variant_.mask ? llm_.last_states(input, x, models::BlockMask{ag::Offsets(blocks), masked_layers()})
                    : llm_.last_states(input, x);
  const auto B = std::ssize(histories);
  return ag::candidate_scores(states, title_vectors_,
                              Tensor::from_ints({B, std::ssize(candidates) / B}, candidates));
}

std::vector<double> train_darec(const DarecModel& model, const Interactions& data, const TrainingLists& lists,
                                uint64_t seed, const Task& task) {
  if (model.trained().empty()) return {};
  const DarecModelConfig& config = model.config();
  nn::Adam adam(model.trained(), {.lr = config.lr});
  const int64_t steps_per_epoch = steps_of_epoch(lists.train, config.batch),
                total = steps_per_epoch * config.epochs;
  const Loop loop{.adam = adam,
                  .steps_per_epoch = steps_per_epoch,
                  .epochs = config.epochs,
                  .lr = config.lr,
                  .clip = kClip,
                  .loss = [&](int64_t step, const BatchPart& part) -> PartLoss {
                    std::vector<Sequence> histories;
                    std::vector<int32_t> candidates, places;
                    const std::vector<int64_t> batch =
                        examples_of_step(lists.train, config.batch, step, seed);
                    for (const int64_t i : part.of(std::span(batch))) {
                      const CandidateList& list = lists.lists[static_cast<size_t>(i)];
                      histories.push_back(history_of(data, list));
                      candidates.insert(candidates.end(), list.items.begin(), list.items.end());
                      places.push_back(list.place);
                    }
                    if (places.empty()) return {};
                    return {ag::cross_entropy(model.scores(histories, candidates), Tensor::from_ints(places)),
                            std::ssize(places), std::ssize(batch)};
                  },
                  .schedule = cosine_schedule(static_cast<int64_t>(kWarmupShare * double(total)), total)};
  return train(loop, task);
}

Tensor darec_scores(const DarecModel& model, const Interactions& data,
                    const std::vector<CandidateList>& lists, Target target, const Task& task) {
  const ag::NoGrad no_grad;
  return score_rows(
      std::ssize(lists), std::ssize(lists.at(0).items), "user",
      [&](int64_t i) {
        const CandidateList& list = lists[static_cast<size_t>(i)];
        const auto found = model.scores({target_history(data, list.user, target)}, list.items).values();
        return std::vector<double>(found.begin(), found.end());
      },
      task);
}

}  // namespace p2rec

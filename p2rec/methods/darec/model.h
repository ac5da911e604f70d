// DARec's model: the language model with context masking, collaborative vectors and adapters.
#pragma once

#include <vector>

#include "p2rec/llm/candidate_scoring.h"
#include "p2rec/llm/training_lists.h"
#include "p2rec/methods/darec/adapters.h"
#include "p2rec/methods/darec/prompts.h"

namespace p2rec {

struct DarecModelConfig {
  int64_t history = 10;  // maximum number of items, the latest ones
  int64_t layer_groups = 6;
  int64_t masked_groups = 1;
  double lr = 1e-3;  // of adapters and W
  int64_t batch = 8, epochs = 2;
  int64_t users = 200;  // `most` of training_lists
};
void describe(DarecModelConfig& config, const nn::Visit& visit);

// config.layer_groups, or the number of layers if that is smaller: each layer is then a group. Throws
// ag::InputError if all groups are masked.
int64_t groups_of(const DarecModelConfig& config, int64_t layers);

// A model of the comparison: the adapters, a choice for each group of layers, and which other parts are on.
struct DarecVariant {
  Point adapters;
  bool mask = true, vectors = true;
};

class DarecModel {
 public:
  // item_vectors (V,d): the teacher's, of any scale. Refers to the language model. Throws as groups_of().
  DarecModel(models::Llama& llm, const models::Tokenizer& tokenizer, const Interactions& data,
             const ag::Tensor& item_vectors, const DarecModelConfig& config);

  int64_t groups() const { return groups_of(config_, llm_.config().layers); }
  const DarecModelConfig& config() const { return config_; }
  // Attaches new adapters, and sets W to 0.
  void begin(const DarecVariant& variant, uint64_t seed);
  nn::NamedTensors trained() const;  // the adapters' matrices, and W as "collaborative.weight"

  // (B,n): the scores of the candidates (B,n) after the histories, which have at least one item each.
  ag::Tensor scores(const std::vector<Sequence>& histories, const std::vector<int32_t>& candidates) const;

 private:
  int64_t masked_layers() const;
  ag::Tensor embedded(const std::vector<DarecPrompt>& prompts, const ag::Tensor& ids) const;

  models::Llama& llm_;
  DarecModelConfig config_;
  DarecPrompts prompts_;
  ag::Tensor item_vectors_, title_vectors_, collaborative_ /*W (C,d)*/;
  DarecVariant variant_;
};

// Trains a model that has begun. Returns the loss of every step; none if it has nothing to learn.
std::vector<double> train_darec(const DarecModel& model, const Interactions& data, const TrainingLists& lists,
                                uint64_t seed, const Task& task);

// (lists, n): the scores of the lists' candidates after each user's history before the target.
ag::Tensor darec_scores(const DarecModel& model, const Interactions& data,
                        const std::vector<CandidateList>& lists, Target target, const Task& task);

}  // namespace p2rec

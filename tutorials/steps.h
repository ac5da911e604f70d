// Shared by chapters 13 to 17: data, a recommender and a language model that are small enough for seconds,
// and the steps of the method with them.
#pragma once

#include "models/formats/language_model.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "p2rec/data/load_data.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/evaluation/ranking.h"
#include "p2rec/llm/tiny_llm.h"
#include "p2rec/methods/p2rec/item_augmentation.h"
#include "p2rec/methods/p2rec/item_groups.h"
#include "p2rec/methods/p2rec/preferences.h"
#include "p2rec/methods/p2rec/reconstruction.h"
#include "p2rec/training/train_recommender.h"
#include "tutorials/lesson.h"

namespace lesson {

// The first users only, who have at most `most` interactions together. All items stay.
inline p2rec::Interactions first_users(p2rec::Interactions data, int64_t most) {
  size_t users = 0;
  while (users < data.sequences.size() && (most -= std::ssize(data.sequences[users])) >= 0) ++users;
  const auto shorten = [&](auto& by_user) { by_user.resize(std::min(users, by_user.size())); };
  shorten(data.user_ids), shorten(data.sequences), shorten(data.times), shorten(data.ratings);
  shorten(data.parts);
  return data;
}

// --data, or synthetic users whose truth is known; fewer with --quick.
inline p2rec::Interactions interactions(const Options& options) {
  if (options.data != "synthetic") {
    p2rec::Interactions data = p2rec::load_data(options.data);
    return options.quick ? first_users(std::move(data), 4000) : data;
  }
  p2rec::SyntheticConfig config{.seed = options.seed};
  if (options.quick) config.users = 400, config.items = 200;
  return p2rec::make_synthetic(config);
}

// SASRec of half the usual width at three times the learning rate.
inline p2rec::RecommenderConfig recommender(const Options& options, int64_t max_epochs, int64_t hidden = 32) {
  p2rec::RecommenderConfig config;
  models::SasrecConfig sasrec;
  sasrec.hidden = sasrec.inner = hidden;
  config.model = sasrec;
  config.lr = 3e-3;
  config.max_epochs = max_epochs;
  config.seed = options.seed;
  return config;
}

// Step 1 of the method: the item table (V,C) of a trained recommender.
inline ag::Tensor item_table(const Options& options, const p2rec::Interactions& data) {
  return p2rec::item_table(p2rec::pretrain_teacher(data, recommender(options, options.quick ? 12 : 60)));
}

// Step 2: k-means over it.
inline p2rec::ItemGroups groups(const Options& options, const p2rec::Interactions& data) {
  return p2rec::group_items(item_table(options, data), {.groups = 8, .seed = options.seed});
}

// --llm, or a tiny model that has read the bytes of the titles for some steps.
inline models::LanguageModel language_model(const Options& options, const p2rec::Interactions& data) {
  if (options.llm != "tiny") return models::load_language_model(options.llm);
  models::LanguageModel llm{
      .model = nullptr, .tokenizer = std::make_unique<models::ByteTokenizer>(), .name = "tiny"};
  llm.model = p2rec::pretrain_tiny_llm(data, *llm.tokenizer,
                                       {.steps = options.quick ? 20 : 60, .seed = options.seed});
  return llm;
}

// Steps 1 to 5 of the method: a vector for each item, (V,C), from the language model that has read the users.
inline ag::Tensor enhanced_embeddings(const Options& options, const p2rec::Interactions& data) {
  const models::LanguageModel llm = language_model(options, data);
  const p2rec::Prompts prompts(data, *llm.tokenizer, {}, llm.model->config().vocabulary);
  p2rec::ReconstructionConfig config;
  config.finetune.seed = options.seed;
  config.finetune.epochs = options.quick ? 2 : 6;
  const ag::Tensor preferences = p2rec::user_preferences(data, groups(options, data));
  const p2rec::Reconstruction tuned = p2rec::reconstruct(*llm.model, prompts, data, preferences, config);
  return p2rec::augment_items(tuned.model.reader, prompts);
}

// HR@10 of the users' targets, from scores (n,V) of all items in a row for each of the n users.
inline double hit_rate(const ag::Tensor& scores, const p2rec::Interactions& data,
                       const std::vector<int64_t>& users, p2rec::Target target) {
  const int64_t V = scores.dim(1);
  double hits = 0;
  for (size_t i = 0; i < users.size(); ++i)
    hits += p2rec::rank_of_target({scores.data() + int64_t(i) * V, size_t(V)},
                                  p2rec::target_item(data, users[i], target),
                                  p2rec::target_history(data, users[i], target)) < 10;
  return hits / double(users.size());
}

}  // namespace lesson

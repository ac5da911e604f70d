// What chapters 15 to 17 share: data, a recommender and a language model that are small enough for seconds.
#pragma once

#include "models/formats/language_model.h"
#include "models/tokenizers/byte_tokenizer.h"
#include "p2rec/data/load_data.h"
#include "p2rec/data/synthetic.h"
#include "p2rec/llm/tiny_llm.h"
#include "p2rec/methods/p2rec/item_groups.h"
#include "p2rec/training/train_recommender.h"
#include "tutorials/lesson.h"

namespace lesson {

// --data, or synthetic users whose truth is known, fewer with --quick.
inline p2rec::Interactions interactions(const Options& options) {
  if (options.data != "synthetic") return p2rec::load_data(options.data);
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

// Steps 1 and 2 of the method: k-means over the item table of a trained recommender.
inline p2rec::ItemGroups groups(const Options& options, const p2rec::Interactions& data) {
  const p2rec::Recommender teacher =
      p2rec::pretrain_teacher(data, recommender(options, options.quick ? 12 : 60));
  return p2rec::group_items(p2rec::item_table(teacher), {.groups = 8, .seed = options.seed});
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

}  // namespace lesson

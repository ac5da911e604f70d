#include "p2rec/methods/llmemb/llmemb.h"

namespace p2rec {

LlmEmbResult llmemb(const Interactions& data, const models::LanguageModel& llm, const LlmEmbConfig& config) {
  LlmEmbResult result;
  // 0. A teacher learns from the interactions. Its item table is the collaborative signal.
  const ag::Tensor teacher = item_table(pretrain_teacher(data, config.teacher.recommender));
  // 1. The language model reads each item twice, without some of its attributes, and learns to match the two.
  const ItemPrompts prompts(data, *llm.tokenizer, llm.model->config().vocabulary);
  result.tuning = tune_contrastively(*llm.model, prompts, data, config.tuning);
  // Then it embeds every item from all of its attributes.
  result.embeddings = embed_whole_items(*llm.model, prompts, config.tuning.pooling);
  // 2. A recommender reads their principal components through an adapter. Besides its own loss, the adapted
  // vectors are aligned with the teacher's.
  const ag::Tensor input = standardised(most_components(result.embeddings, config.adaptation.components));
  result.recommender = train_from(input, data, config.recommender, {}, alignment(teacher, config.adaptation));
  // 3. The adapted table is computed once. Serving needs neither the language model nor the adapter.
  result.cached = models::with_cached_table(*result.recommender.model);
  result.ranks = target_ranks(*result.cached, data, Target::Test, config.ranking);
  return result;
}

}  // namespace p2rec

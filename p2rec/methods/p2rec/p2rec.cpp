#include "p2rec/methods/p2rec/p2rec.h"

#include "p2rec/methods/p2rec/item_augmentation.h"
#include "p2rec/methods/p2rec/preferences.h"

namespace p2rec {

P2RecResult p2rec(const Interactions& data, const models::LanguageModel& llm, const P2RecConfig& config) {
  P2RecResult result;
  // 1. A sequential recommender learns from the training parts of all users. Only its item table is kept.
  const Recommender teacher = pretrain_teacher(data, config.teacher.recommender);
  // 2. Clusters of that table are the items' latent categories.
  result.groups = group_items(item_table(teacher), config.groups);
  // 3. A user's preference is the share of each group in the user's training items.
  result.preferences = user_preferences(data, result.groups);
  // 4. The language model reads a user's items and learns to reconstruct that preference.
  const Prompts prompts(data, *llm.tokenizer, config.prompts, llm.model->config().vocabulary);
  const Reconstruction reconstruction =
      reconstruct(*llm.model, prompts, data, result.preferences, config.reconstruction);
  result.losses = reconstruction.losses;
  // 5. It reads each item as the history of a virtual user. Its state is the item's enhanced embedding.
  result.embeddings = augment_items(reconstruction.model.reader, prompts);
  // 6. A recommender starts from the embeddings, reduced to the size of its item table.
  const ag::Tensor table = principal_components(result.embeddings, config.recommender.model->hidden);
  result.recommender = train_from(scaled_to(table, config.inits.std), data, config.recommender);
  // 7. Each user's last item is ranked against all items.
  result.ranks = target_ranks(*result.recommender.model, data, Target::Test, config.ranking);
  return result;
}

}  // namespace p2rec

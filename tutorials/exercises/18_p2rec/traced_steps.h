// The seven steps, which compute nothing: a result knows what it was made from. Given in exercise 18a.
#pragma once

#include <string>

namespace exercise::n18a {

struct Made {
  std::string from;
};
struct Data {
  Made training{"training"}, validation{"validation"}, test{"test"};  // the three parts of all sequences
};

// --- the steps

inline Made pretrain_teacher(const Made& training, const Made& validation) {
  return {"teacher(" + training.from + ", " + validation.from + ")"};
}
inline Made item_table(const Made& recommender) { return {"table(" + recommender.from + ")"}; }
inline Made group_items(const Made& vectors) { return {"groups(" + vectors.from + ")"}; }
inline Made user_preferences(const Made& items, const Made& groups) {
  return {"preferences(" + items.from + ", " + groups.from + ")"};
}
// The language model after it has learned to reconstruct preferences from prompts of these items.
inline Made reconstruct(const Made& llm, const Made& items, const Made& preferences) {
  return {"reconstruct(" + llm.from + ", " + items.from + ", " + preferences.from + ")"};
}
// A language model's state for each item as the history of a virtual user.
inline Made augment_items(const Made& llm) { return {"augment(" + llm.from + ")"}; }
inline Made principal_components(const Made& vectors) { return {"components(" + vectors.from + ")"}; }
inline Made train_from(const Made& start, const Made& training, const Made& validation) {
  return {"train(" + start.from + ", " + training.from + ", " + validation.from + ")"};
}
inline Made target_ranks(const Made& recommender, const Made& targets) {
  return {"ranks(" + recommender.from + ", " + targets.from + ")"};
}
// For controls.
inline Made random_vectors() { return {"random"}; }
inline Made shuffled(const Made& vectors) { return {"shuffled(" + vectors.from + ")"}; }

}  // namespace exercise::n18a

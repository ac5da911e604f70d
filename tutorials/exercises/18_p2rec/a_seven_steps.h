// 18a The seven steps in their order, and the controls.
//
// The steps are given; here they compute nothing, but each result knows what it was made from, as in
// "groups(table(teacher(training, validation)))". Put them together as P2Rec does. Then say from which item
// vectors each control starts: it answers a question, and differs from the method in that one thing. The test
// reads what your results were made from.
//
// Hint 1: p2rec/methods/p2rec/p2rec.cpp has the seven steps; the controls are in item_inits.cpp beside it.
// Hint 2: Validation items choose the epoch of a recommender. Test items are for the last step only.
// Hint 3: Vectors of a language model have more columns than the recommender's table: principal_components.
#pragma once

#include <string>

#include "tutorials/exercises/grade.h"

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

// --- the method

struct Result {
  Made teacher, groups, preferences, tuned_llm, embeddings, start, recommender, ranks;
};

// start: the item vectors from which the recommender starts.
inline Result p2rec(const Data& data, const Made& llm) { throw NotImplemented("the seven steps"); }

// --- its controls

enum class Control {
  NoStart,      // what does the recommender reach without any given vectors?
  NotTheItems,  // the same numbers, but no row belongs to its item any more: is the gain one of scale only?
  NoTuning,     // the language model as it came: what did the fine-tuning add?
  NoLlm         // the teacher's own vectors, of the right size already: what did the language model add?
};

// The item vectors from which the control's recommender starts. r: the method's result.
inline Made start_of(Control control, const Made& llm, const Result& r) {
  throw NotImplemented("where a control starts");
}

}  // namespace exercise::n18a

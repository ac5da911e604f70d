// Answer to 18a.
//
// Each step needs what the one before it made, but three of them need more: the preferences need the training
// items, the fine-tuning needs the prompts of these items, and the recommender is trained on them again. The
// test items are used once, at the end. A control differs from the method in one thing; what that thing is
// worth is the difference of the two results.
#pragma once

#include "tutorials/exercises/18_p2rec/traced_steps.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n18a {

// --- the method

struct Result {
  Made teacher, groups, preferences, tuned_llm, embeddings, start, recommender, ranks;
};

// start: the item vectors from which the recommender starts.
inline Result p2rec(const Data& data, const Made& llm) {
  Result r;
  r.teacher = pretrain_teacher(data.training, data.validation);
  r.groups = group_items(item_table(r.teacher));
  r.preferences = user_preferences(data.training, r.groups);
  r.tuned_llm = reconstruct(llm, data.training, r.preferences);
  r.embeddings = augment_items(r.tuned_llm);
  r.start = principal_components(r.embeddings);
  r.recommender = train_from(r.start, data.training, data.validation);
  r.ranks = target_ranks(r.recommender, data.test);
  return r;
}

// --- its controls

enum class Control {
  NoStart,      // what does the recommender reach without any given vectors?
  NotTheItems,  // the same numbers, but no row belongs to its item any more: is the gain one of scale only?
  NoTuning,     // the language model as it came: what did the fine-tuning add?
  NoLlm         // the teacher's own vectors, of the right size already: what did the language model add?
};

// The item vectors from which the control's recommender starts. r: the method's result.
inline Made start_of(Control control, const Made& llm, const Result& r) {
  switch (control) {
    case Control::NoStart:
      return random_vectors();
    case Control::NotTheItems:
      return shuffled(r.start);
    case Control::NoTuning:
      return principal_components(augment_items(llm));
    case Control::NoLlm:
      return item_table(r.teacher);
  }
  return {};
}

}  // namespace exercise::n18a

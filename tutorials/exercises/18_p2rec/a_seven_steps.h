// 18a The seven steps in their order, and the controls.
//
// The steps are given in traced_steps.h; they compute nothing, but each result knows what it was made from,
// as in "groups(table(teacher(training, validation)))". Put them together as P2Rec does. Then say from which
// item vectors each control starts: it answers a question, and differs from the method in that one thing. The
// test reads what your results were made from.
//
// Hint 1: p2rec/methods/p2rec/p2rec.cpp has the seven steps; the controls are in item_inits.cpp beside it.
// Hint 2: Validation items choose the epoch of a recommender. Test items are for the last step only.
// Hint 3: Vectors of a language model have more columns than the recommender's table: principal_components.
#pragma once

#include "tutorials/exercises/18_p2rec/traced_steps.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n18a {

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

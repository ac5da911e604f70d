// 09c Break the causal mask and watch HR jump.
//
// The model of small_sasrec.h predicts the next item at every place. train(Mask::Causal, ...) is right;
// Mask::None is the mistake: place t sees item t + 1, its target. Measure both models in two ways, HR@1 each:
//
//   inside  the whole history is read, and the scores of place t are asked for item t + 1, for every t
//   after   all items but the last are read, and the scores of the last place are asked for the last item
//
// Write both measures, and a detector that needs no training and no targets. The test trains both models,
// prints the four numbers, and checks what they say. It runs for about a second.
//
// Hint 1: The scores of the last place inside have no target.
// Hint 2: Change the last item only: whatever place changes, apart from the last, has seen it.
// Hint 3: A place can look ahead by one and not by two, so change every item in its turn.
#pragma once

#include "tutorials/exercises/09_sasrec_and_bert4rec/small_sasrec.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n09c {

// The share of targets that are the best item, inside the histories.
inline double hit_rate_inside(const Model& model, const Histories& histories) {
  throw NotImplemented("HR@1 inside");
}

// The share of histories whose last item is the best item after the others.
inline double hit_rate_after(const Model& model, const Histories& histories) {
  throw NotImplemented("HR@1 after");
}

// The first place whose scores depend on a later item, or -1 if no place looks ahead. To change an item, use
// (item + 1) % kItems.
inline int64_t first_leak(const Model& model, const Items& items) {
  throw NotImplemented("the first place that looks ahead");
}

}  // namespace exercise::n09c

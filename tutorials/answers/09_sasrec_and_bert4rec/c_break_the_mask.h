// Answer to 09c.
//
// Without the mask the state of place t sees the item of place t + 1, which is its target, and learns to copy
// it: nearly every target inside a history is hit. After a history there is nothing to copy, and the model
// has learned nothing else. A number from inside the input does not tell the two apart; one from after it
// does, and so does the direct question: does an earlier state change when a later item does?
#pragma once

#include "tutorials/exercises/09_sasrec_and_bert4rec/small_sasrec.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n09c {

// The share of targets that are the best item, inside the histories.
inline double hit_rate_inside(const Model& model, const Histories& histories) {
  double hits = 0, targets = 0;
  for (const Items& history : histories) {
    const Tensor scores = model(history);
    for (size_t t = 0; t + 1 < history.size(); ++t, ++targets)
      hits += best_item(scores, int64_t(t)) == history[t + 1];
  }
  return hits / targets;
}

// The share of histories whose last item is the best item after the others.
inline double hit_rate_after(const Model& model, const Histories& histories) {
  double hits = 0;
  for (const Items& history : histories) {
    const Items read(history.begin(), history.end() - 1);
    hits += best_item(model(read), std::ssize(read) - 1) == history.back();
  }
  return hits / double(histories.size());
}

// The first place whose scores depend on a later item, or -1 if no place looks ahead. To change an item, use
// (item + 1) % kItems.
inline int64_t first_leak(const Model& model, const Items& items) {
  const Tensor before = model(items);
  const int64_t V = before.dim(1);
  int64_t first = -1;
  for (int64_t later = 1; later < std::ssize(items); ++later) {
    Items changed = items;
    changed[size_t(later)] = (changed[size_t(later)] + 1) % kItems;
    const Tensor after = model(changed);
    for (int64_t t = 0; t < later && (first < 0 || t < first); ++t) {
      if (!std::equal(before.data() + t * V, before.data() + (t + 1) * V, after.data() + t * V)) first = t;
    }
  }
  return first;
}

}  // namespace exercise::n09c

// Answer to 06c.
//
// recommend() needs some order for equal counts, and any order is fair to a user who looks at the list. A
// metric must not depend on it, so hit_rate counts instead of looking into that list.
#pragma once

#include <algorithm>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n06c {

using Items = std::vector<int32_t>;

inline std::vector<int64_t> popularity(const std::vector<Items>& sequences, int64_t V) {
  std::vector<int64_t> counts(static_cast<size_t>(V));
  for (const Items& sequence : sequences) {
    const size_t end = sequence.size() < 3 ? sequence.size() : sequence.size() - 2;
    for (size_t i = 0; i < end; ++i) ++counts[static_cast<size_t>(sequence[i])];
  }
  return counts;
}

inline Items recommend(const std::vector<int64_t>& counts, const Items& history, int64_t K) {
  Items items;
  for (int32_t i = 0; i < static_cast<int32_t>(counts.size()); ++i) {
    if (std::ranges::find(history, i) == history.end()) items.push_back(i);
  }
  std::ranges::stable_sort(items, std::greater{},
                           [&](int32_t item) { return counts[static_cast<size_t>(item)]; });
  if (static_cast<int64_t>(items.size()) > K) items.resize(static_cast<size_t>(K));
  return items;
}

inline double hit_rate(const std::vector<Items>& sequences, int64_t V, int64_t K) {
  const std::vector<int64_t> counts = popularity(sequences, V);
  double users = 0, hits = 0;
  for (const Items& sequence : sequences) {
    if (sequence.size() < 3) continue;
    const int32_t target = sequence.back();
    const Items history(sequence.begin(), sequence.end() - 1);
    int64_t before = 0;
    for (int32_t i = 0; i < static_cast<int32_t>(V); ++i) {
      const bool competes = i != target && std::ranges::find(history, i) == history.end();
      before += competes && counts[static_cast<size_t>(i)] >= counts[static_cast<size_t>(target)];
    }
    ++users;
    hits += before < K;
  }
  return hits / users;
}

}  // namespace exercise::n06c

// Answer to 11c.
//
// Dividing the logits by T > 1 makes them more alike, by T < 1 less. The nucleus is the shortest list of the
// most probable tokens whose sum reaches p, so the token that crosses p belongs to it, and it is never empty.
// The rest is divided by its sum, or the last token would get the rest of the draws.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n11c {

struct Candidate {
  int32_t id;
  double probability;
};

// All tokens with their probabilities at temperature T > 0, the most probable first; of equal ones the lower
// id first.
inline std::vector<Candidate> by_temperature(const std::vector<double>& logits, double T) {
  const double top = *std::max_element(logits.begin(), logits.end());
  std::vector<Candidate> list;
  double sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    list.push_back({int32_t(i), std::exp((logits[i] - top) / T)});
    sum += list.back().probability;
  }
  for (Candidate& c : list) c.probability /= sum;
  std::ranges::stable_sort(list, std::greater{}, &Candidate::probability);
  return list;
}

// The candidates that stay with top-p, with probabilities that sum to 1. `list` is in descending order.
inline std::vector<Candidate> nucleus(std::vector<Candidate> list, double p) {
  double sum = 0;
  size_t count = 0;
  while (count < list.size() && sum < p) sum += list[count++].probability;
  list.resize(count);
  for (Candidate& c : list) c.probability /= sum;
  return list;
}

// The token that is drawn with u in [0, 1).
inline int32_t pick(const std::vector<Candidate>& list, double u) {
  double sum = 0;
  for (const Candidate& c : list) {
    sum += c.probability;
    if (u < sum) return c.id;
  }
  return list.back().id;
}

}  // namespace exercise::n11c

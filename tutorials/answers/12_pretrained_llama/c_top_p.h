// Answer to 12c.
//
// Dividing logits by T keeps their order, so the list is sorted once. top-p keeps few tokens where the model is
// sure and many where it is not; top-k always keeps as many.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n12c {

struct Candidate {
  int32_t id;
  double probability;
};

inline void renormalise(std::vector<Candidate>& list) {
  double sum = 0;
  for (const Candidate& c : list) sum += c.probability;
  for (Candidate& c : list) c.probability /= sum;
}

inline std::vector<Candidate> candidates(const std::vector<double>& logits, double T, int64_t k, double P) {
  const double top = *std::max_element(logits.begin(), logits.end());
  std::vector<Candidate> list;
  for (size_t i = 0; i < logits.size(); ++i)
    list.push_back({static_cast<int32_t>(i), std::exp((logits[i] - top) / T)});
  std::stable_sort(list.begin(), list.end(),
                   [](const Candidate& a, const Candidate& b) { return a.probability > b.probability; });
  if (k > 0) list.resize(std::min(list.size(), static_cast<size_t>(k)));
  renormalise(list);
  double sum = 0;
  size_t stay = 0;
  while (stay < list.size() && (P == 1 || sum < P)) sum += list[stay++].probability;
  list.resize(stay);
  renormalise(list);
  return list;
}

}  // namespace exercise::n12c

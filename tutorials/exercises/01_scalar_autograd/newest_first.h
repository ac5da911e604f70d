// The order in which backward() visits numbers. Given in exercise 01c.
#pragma once

#include <algorithm>
#include <unordered_set>

#include "tutorials/exercises/01_scalar_autograd/value.h"

namespace exercise::n01c {

using scalar::Value;

// All numbers that loss depends on, each before its inputs.
inline std::vector<Value> newest_first(const Value& loss) {
  std::vector<Value> found, to_visit{loss};
  std::unordered_set<Value> seen{loss};
  while (!to_visit.empty()) {
    found.push_back(to_visit.back());
    to_visit.pop_back();
    for (const Value& input : found.back()->inputs) {
      if (seen.insert(input).second) to_visit.push_back(input);
    }
  }
  std::ranges::sort(found, std::greater{}, [](const Value& x) { return x->sequence; });
  return found;
}

}  // namespace exercise::n01c

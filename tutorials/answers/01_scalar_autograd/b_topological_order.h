// Answer to 01b.
//
// Kahn's algorithm: a number is listed when the last of its users is. It visits each edge twice, so it takes
// time in proportion to the size of the graph, and it has no recursion.
#pragma once

#include <unordered_map>
#include <vector>

#include "tutorials/exercises/01_scalar_autograd/value.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n01b {

using scalar::Value;

inline std::vector<Value> topological_order(const Value& loss) {
  std::unordered_map<const scalar::Number*, int> users{{loss.get(), 0}};
  std::vector<Value> to_visit{loss};
  while (!to_visit.empty()) {
    const Value x = to_visit.back();
    to_visit.pop_back();
    for (const Value& input : x->inputs) {
      if (users[input.get()]++ == 0) to_visit.push_back(input);
    }
  }
  std::vector<Value> order{loss};
  for (size_t i = 0; i < order.size(); ++i) {
    const Value x = order[i];  // a copy: push_back moves the elements
    for (const Value& input : x->inputs) {
      if (--users[input.get()] == 0) order.push_back(input);
    }
  }
  return order;
}

}  // namespace exercise::n01b

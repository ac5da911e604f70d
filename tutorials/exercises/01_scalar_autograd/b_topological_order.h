// 01b The order of backward.
//
// A number may use its gradient only when all ops that use the number have added to it. So backward() visits
// every number after everything that is computed from it: a topological order of the graph, from the loss to
// the leaves. Chapter 01 goes by the time of creation. Find an order from the graph itself: the test sets
// every `sequence` to 0.
//
// The test has a diamond, where a depth-first walk that lists a number when it first meets it is wrong, a
// graph in which the number of paths doubles with each step, and a chain of 100,000 ops, where recursion
// overflows the stack.
//
// Hint 1: Count for each number how often it is used as an input (an op may use it twice). Walk the graph
// once,
//         with a list of what is still to be visited, and visit nothing twice.
// Hint 2: The loss is used by nobody. When a number is listed, its inputs have one user less to wait for.
// Hint 3: A number is ready when its count reaches 0. (Kahn 1962)
#pragma once

#include <vector>

#include "tutorials/exercises/01_scalar_autograd/value.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n01b {

// All numbers that loss depends on, loss first and leaves included, each once and before its inputs.
inline std::vector<scalar::Value> topological_order(const scalar::Value& loss) {
  throw NotImplemented("the topological order");
}

}  // namespace exercise::n01b

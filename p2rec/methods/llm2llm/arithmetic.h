// Arithmetic word problems from a grammar, and the program that is their teacher.
//
//   Input:  Tom has 12 apples. Tom finds 6 more. Tom keeps one of 2 equal parts.
//           How many apples does Tom have?
//   Output: 12 + 6 = 18; 18 / 2 = 9 #### 9
//
// A problem is a name, a thing, a first number, and one to three steps. The numbers are drawn again until all
// results are integers in 1 .. 300.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/rng.h"
#include "p2rec/llm/instruction.h"

namespace p2rec {

struct ArithmeticStep {
  size_t kind = 0;  // 0 to 3: + - * /
  int64_t number = 0;
  size_t wording = 0;  // of the kind's sentences
};

struct WordProblem {
  size_t name = 0, thing = 0;  // indices of the grammar's lists
  int64_t start = 0;
  std::vector<ArithmeticStep> steps = {};
};

// The problem as text; the output holds the steps, and the result after "####".
TextPair text_of(const WordProblem& problem);

// A problem from the grammar. All choices are functions of the key.
WordProblem random_problem(const ag::RandomKey& key);

// The teacher: a problem with the same thing and the same kinds of steps, and with another name, other words
// and other numbers.
WordProblem similar_problem(const WordProblem& problem, const ag::RandomKey& key);

InstructionTask arithmetic_task();

}  // namespace p2rec

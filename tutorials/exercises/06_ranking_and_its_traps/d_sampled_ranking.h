// 06d Why sampled ranking misleads.
//
// A target has `before` of the other V - 1 items before it: its rank among all. Now rank it among n items
// only, drawn evenly and with repeats from these V - 1. Each is before the target with probability p = before
// / (V-1), so the sampled rank X has the binomial distribution (n, p), and
//
//   expected HR@K of the sample = P(X < K) = sum_{x < K} (n choose x) p^x (1 - p)^(n - x)
//
// Compute it. Then make two recommenders that it puts in the wrong order: a list of ranks of 100 users each,
// such that A has the larger HR@10 among all 10,000 items, and B the larger one among samples of 100.
// (Krichene and Rendle, "On Sampled Metrics for Item Recommendation", KDD 2020)
//
// Hint 1: term(0) = (1-p)^n, term(x+1) = term(x) (n - x) / (x + 1) p / (1 - p). For p = 1 this divides by
// zero:
//         then X = n.
// Hint 2: For which ranks is P(X < 10) near 1? Print it for 0, 10, 100, 500, 1000.
// Hint 3: Being in the best tenth is enough for the sample. Being in the best thousandth is needed for the
// truth.
#pragma once

#include <vector>

#include "tutorials/exercises/grade.h"

namespace exercise::n06d {

// P(X < K) for a target with `before` of V - 1 other items before it and n samples.
inline double sampled_hit(int64_t before, int64_t V, int64_t n, int64_t K) {
  throw NotImplemented("the expected hit");
}

struct Fooled {
  std::vector<int64_t> A, B;  // ranks among all items, 0 .. 9999; one for each of 100 users
};
inline Fooled two_recommenders() { throw NotImplemented("two recommenders"); }

}  // namespace exercise::n06d

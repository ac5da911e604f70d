// 03a The order of the loops.
//
//   C(i,j) += A(i,k) B(k,j)
//
// The three loops may be in any order; the result is the same up to rounding, the time is not. Here time is
// counted: the matrices of cache.h go through a cache of 32 lines with 8 numbers each. With the order i, j, k
// nearly every access to B misses. Choose the order with the fewest misses, about an eighth of that.
//
// Hint 1: What the inner loop does not depend on costs nothing. What it walks along a row of misses once in 8
//         steps. What it walks down a column of misses each time.
// Hint 2: Which loop makes none of the three matrices go down a column?
#pragma once

#include "tutorials/exercises/03_fast_matmul/cache.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n03a {

using cache::Matrix;

// Adds A B to C, without temporary storage. A (M,K), B (K,N), C (M,N).
inline void multiply(const Matrix& A, const Matrix& B, Matrix& C) { throw NotImplemented("the product"); }

}  // namespace exercise::n03a

// 03b Blocks.
//
// The best order of three loops still reads all of B from memory for every row of C. If a block of B stays in
// the cache while all rows of A use it, B is read once. The cache of cache.h holds 32 lines of 8 numbers. For
// n = 48 the order i, k, j has about 14,700 misses; at most a third of these are allowed.
//
// The sizes need not be multiples of the block's.
//
// Hint 1: Five loops: two over blocks of B, then i, then k and j within the block.
// Hint 2: A block of k by j numbers has k j / 8 lines, and a line of C and some of A are needed beside it.
//         Which shape is best? A block of 16 by 8 leaves room.
// Hint 3: std::min(N, j0 + 8) ends the last block.
#pragma once

#include <algorithm>

#include "tutorials/exercises/03_fast_matmul/cache.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n03b {

using cache::Matrix;

// Adds A B to C, without temporary storage. A (M,K), B (K,N), C (M,N).
inline void multiply(const Matrix& A, const Matrix& B, Matrix& C) {
  throw NotImplemented("the product in blocks");
}

}  // namespace exercise::n03b

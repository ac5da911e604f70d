// Answer to 03b.
//
// A block of 24 by 8 numbers is 24 lines. For each row i it needs 3 lines of A and one of C, so all of it
// stays in the cache of 32. C is read once for each block of k, A once for each block of j, and B once.
#pragma once

#include <algorithm>

#include "tutorials/exercises/03_fast_matmul/cache.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n03b {

using cache::Matrix;

inline void multiply(const Matrix& A, const Matrix& B, Matrix& C) {
  constexpr int64_t kDepth = 24, kWidth = 8;
  const int64_t M = C.rows(), K = A.columns(), N = C.columns();
  for (int64_t j0 = 0; j0 < N; j0 += kWidth) {
    for (int64_t k0 = 0; k0 < K; k0 += kDepth) {
      for (int64_t i = 0; i < M; ++i) {
        for (int64_t k = k0; k < std::min(K, k0 + kDepth); ++k) {
          for (int64_t j = j0; j < std::min(N, j0 + kWidth); ++j) C(i, j) += A(i, k) * B(k, j);
        }
      }
    }
  }
}

}  // namespace exercise::n03b

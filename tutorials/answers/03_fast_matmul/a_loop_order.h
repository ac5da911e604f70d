// Answer to 03a.
//
// With j innermost, B and C are walked along rows, and A(i,k) stays. Of the two such orders, i, k, j keeps
// the row of C in the cache while it is added to; k, i, j goes through all of C for every k.
#pragma once

#include "tutorials/exercises/03_fast_matmul/cache.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n03a {

using cache::Matrix;

inline void multiply(const Matrix& A, const Matrix& B, Matrix& C) {
  for (int64_t i = 0; i < C.rows(); ++i) {
    for (int64_t k = 0; k < A.columns(); ++k) {
      for (int64_t j = 0; j < C.columns(); ++j) C(i, j) += A(i, k) * B(k, j);
    }
  }
}

}  // namespace exercise::n03a

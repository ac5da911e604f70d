// 07a The gradient of BPR's loss.
//
//   x_b = p_b . (q_b - n_b),   loss = 1/B sum_b -log sigmoid(x_b)
//
// p_b is the row of the user of triple b, q_b that of the item that the user took, n_b that of the negative.
// Chapter 07 leaves the gradient to the tape. Derive it: first d loss / d x_b, then the gradients of the
// rows, and last that of a whole table, of which the rows are taken by id. The test compares each with the
// tape's.
//
// Hint 1: -log sigmoid(x) = log(1 + exp(-x)); its derivative is between -1 and 0.
// Hint 2: exp(800) is infinite, and infinite / infinite is no number. 1 / (1 + exp(x)) has no such case.
// Hint 3: One user can be in several triples of a batch.
#pragma once

#include <cmath>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n07a {

using ag::real, ag::Tensor;

// d loss / d x_b for all b: x (B) -> (B).
inline Tensor margin_gradient(const Tensor& x) { throw NotImplemented("d loss / d x"); }

struct Rows {
  Tensor users, taken, negatives;  // p, q, n: (B,d) each
};

// The gradients of the rows, from dx (B) = d loss / d x.
inline Rows row_gradients(const Rows& rows, const Tensor& dx) {
  throw NotImplemented("the gradients of p, q and n");
}

// The gradient (U,d) of a table of U rows. Row b of a batch was row ids[b] of the table; ids (B) I32, and
// drows (B,d) is the gradient of the batch's rows.
inline Tensor table_gradient(const Tensor& ids, const Tensor& drows, int64_t U) {
  throw NotImplemented("the gradient of the table");
}

}  // namespace exercise::n07a

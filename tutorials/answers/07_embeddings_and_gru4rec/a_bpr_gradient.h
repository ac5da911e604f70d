// Answer to 07a.
//
// -log sigmoid(x) = log(1 + exp(-x)) has the derivative -exp(-x) / (1 + exp(-x)) = -sigmoid(-x): almost -1
// where the negative is far ahead, almost 0 where the order is right already. x_b is linear in each of its
// three rows, so each gradient is that number times what the row is multiplied by. A table's row is used by
// several triples, and its gradient is the sum over them.
#pragma once

#include <cmath>

#include "autograd/tensor.h"
#include "tutorials/exercises/grade.h"

namespace exercise::n07a {

using ag::real, ag::Tensor;

// d loss / d x_b for all b: x (B) -> (B).
inline Tensor margin_gradient(const Tensor& x) {
  Tensor dx = ag::empty_like(x);
  for (int64_t b = 0; b < x.numel(); ++b) dx.data()[b] = -1 / (1 + std::exp(x.data()[b])) / real(x.numel());
  return dx;
}

struct Rows {
  Tensor users, taken, negatives;  // p, q, n: (B,d) each
};

// The gradients of the rows, from dx (B) = d loss / d x.
inline Rows row_gradients(const Rows& rows, const Tensor& dx) {
  const int64_t d = rows.users.dim(1);
  Rows result{ag::empty_like(rows.users), ag::empty_like(rows.users), ag::empty_like(rows.users)};
  for (int64_t e = 0; e < rows.users.numel(); ++e) {
    const real g = dx.data()[e / d], p = rows.users.data()[e];
    result.users.data()[e] = g * (rows.taken.data()[e] - rows.negatives.data()[e]);
    result.taken.data()[e] = g * p;
    result.negatives.data()[e] = -g * p;
  }
  return result;
}

// The gradient (U,d) of a table of U rows. Row b of a batch was row ids[b] of the table; ids (B) I32, and
// drows (B,d) is the gradient of the batch's rows.
inline Tensor table_gradient(const Tensor& ids, const Tensor& drows, int64_t U) {
  const int64_t d = drows.dim(1);
  Tensor table = Tensor::zeros({U, d});
  for (int64_t e = 0; e < drows.numel(); ++e) table.data()[ids.ints()[e / d] * d + e % d] += drows.data()[e];
  return table;
}

}  // namespace exercise::n07a

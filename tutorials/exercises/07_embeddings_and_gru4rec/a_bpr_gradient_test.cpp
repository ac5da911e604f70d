#include "07_embeddings_and_gru4rec/a_bpr_gradient.h"

#include "autograd/ops.h"

namespace n07a = exercise::n07a;

namespace {

using ag::Tensor;

// x (B) of rows with the shape (B,d).
Tensor margins(const n07a::Rows& rows) {
  return ag::sum_columns(ag::mul(rows.users, ag::sub(rows.taken, rows.negatives)));
}
Tensor bpr_loss(const Tensor& x) { return ag::mean(ag::softplus(ag::scale(x, -1))); }

}  // namespace

EXERCISE("07a", 3, "The gradient of BPR's loss") {
  const int64_t B = 5, d = 3, U = 4;
  grade.part("the gradient of each x", [&] {
    Tensor x = exercise::normal("x", {B}).set_requires_grad();
    ag::backward(bpr_loss(x));
    const Tensor dx = n07a::margin_gradient(x.detach());
    if (!grade.close("dx", dx, x.grad())) {
      grade.check(!exercise::is_close(dx, ag::scale(ag::sigmoid(x.detach()), -1.0 / B)),
                  "sigmoid(x) where sigmoid(-x) belongs: a pair in the wrong order has the larger gradient");
      grade.check(!exercise::is_close(dx, ag::scale(x.grad(), B)), "the loss is a mean: 1/B is missing");
    }
    const Tensor far = n07a::margin_gradient(Tensor::from({2}, {-800, 800}));
    grade.close("dx at x = -800 and 800", far, Tensor::from({2}, {-0.5, 0}));
  });
  grade.part("the gradients of the rows", [&] {
    n07a::Rows rows{exercise::normal("p", {B, d}), exercise::normal("q", {B, d}),
                    exercise::normal("n", {B, d})};
    for (Tensor* row : {&rows.users, &rows.taken, &rows.negatives}) row->set_requires_grad();
    const Tensor dx = exercise::normal("dx", {B});
    ag::backward(margins(rows), dx);
    const n07a::Rows got =
        n07a::row_gradients({rows.users.detach(), rows.taken.detach(), rows.negatives.detach()}, dx);
    grade.close("dp", got.users, rows.users.grad());
    grade.close("dq", got.taken, rows.taken.grad());
    if (!grade.close("dn", got.negatives, rows.negatives.grad()))
      grade.check(!exercise::is_close(got.negatives, rows.taken.grad()),
                  "dn equals dq, but the loss rises with the negative's score: the sign differs");
  });
  grade.part("the gradient of a table", [&] {
    Tensor table = exercise::normal("table", {U, d}).set_requires_grad();
    const Tensor ids = Tensor::from_ints({2, 0, 2, 3, 2}), drows = exercise::normal("drows", {B, d});
    ag::backward(ag::embedding(table, ids), drows);
    const Tensor got = n07a::table_gradient(ids, drows, U);
    if (!grade.close("dtable", got, table.grad()))
      grade.check(!exercise::is_close(got.rows(2, 3), drows.rows(4, 5)),
                  "row 2 was used by the triples 0, 2 and 4, but it has the gradient of the last one only");
  });
}

#include "04_write_an_op/b_layer_norm.h"

using ag::Tensor;
using exercise::is_close, exercise::normal, exercise::slopes;

EXERCISE("04b", 4, "The backward of layer norm") {
  const double eps = 0.1;
  const Tensor x = normal("x", {3, 5}), w = normal("w", {5}), b = normal("b", {5}), dy = normal("dy", {3, 5});
  const auto y = [&] { return ag::layer_norm(x, w, b, eps); };
  const auto grads = [&] { return exercise::n04b::layer_norm_backward(x, w, eps, dy); };

  grade.part("the gradient with respect to b",
             [&] { grade.close("db", grads().db, slopes(y, b, dy), 1e-6); });
  grade.part("the gradient with respect to w", [&] {
    const Tensor dw = grads().dw;
    if (!grade.close("dw", dw, slopes(y, w, dy), 1e-6))
      grade.check(!is_close(dw, ag::sum_rows(ag::mul(dy, x)), 1e-6), "dy/dw is the normalised n, not x");
  });
  grade.part("the gradient with respect to x", [&] {
    const Tensor dx = grads().dx;
    if (grade.close("dx", dx, slopes(y, x, dy), 1e-6)) return;
    grade.check(
        !is_close(dx, slopes([&] { return ag::layer_norm(x, Tensor::full({5}, 1), b, eps); }, x, dy), 1e-6),
        "w is missing");
    grade.check(!is_close(dx, slopes([&] { return ag::layer_norm(x, w, b, 0); }, x, dy), 1e-6),
                "eps is missing");
  });
  grade.part("what y does not change with", [&] {
    // Row sums of dx: how y changes if a constant is added to x. x . dx with eps = 0: if x is scaled.
    const Tensor dx = grads().dx, scaled = exercise::n04b::layer_norm_backward(x, w, 0, dy).dx;
    if (grade.check(is_close(ag::sum_columns(dx), Tensor::zeros({3})),
                    "the rows of dx do not sum to 0: the path through the mean is missing or wrong"))
      grade.check(is_close(ag::sum_columns(ag::mul(x, scaled)), Tensor::zeros({3})),
                  "with eps = 0, x . dx is not 0: the path through the variance is missing or wrong");
    grade.check(!is_close(dx, Tensor::zeros({3, 5})), "dx is 0");
  });
}

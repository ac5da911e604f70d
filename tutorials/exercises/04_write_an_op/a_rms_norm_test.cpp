#include "04_write_an_op/a_rms_norm.h"

using ag::Tensor;
using exercise::is_close, exercise::normal, exercise::slopes;

EXERCISE("04a", 3, "The backward of RMSNorm") {
  const double eps = 0.1;
  const Tensor x = normal("x", {3, 5}), w = normal("w", {5}), dy = normal("dy", {3, 5});
  const auto y_of = [&](double with_eps) { return [=] { return ag::rms_norm(x, w, with_eps); }; };
  const Tensor ones = Tensor::full({5}, 1);

  grade.part("the gradient with respect to w", [&] {
    const Tensor dw = exercise::n04a::rms_norm_dw(x, w, eps, dy);
    if (grade.close("dw", dw, slopes(y_of(eps), w, dy), 1e-6)) return;
    grade.check(!is_close(dw, ag::sum_rows(ag::mul(dy, x)), 1e-6), "dy/dw is the normalised n, not x");
    grade.check(!is_close(dw, ag::sum_rows(dy), 1e-6), "this is the gradient of a bias; dy/dw is n");
    grade.check(!is_close(dw, slopes(y_of(0), w, dy), 1e-6), "eps is missing");
  });
  grade.part("the gradient with respect to x", [&] {
    const Tensor dx = exercise::n04a::rms_norm_dx(x, w, eps, dy);
    if (grade.close("dx", dx, slopes(y_of(eps), x, dy), 1e-6)) return;
    grade.check(!is_close(dx, slopes([&] { return ag::rms_norm(x, ones, eps); }, x, dy), 1e-6),
                "w is missing");
    grade.check(!is_close(dx, slopes(y_of(0), x, dy), 1e-6), "eps is missing");
    // What is left if s is taken for a constant: slopes of x with the s of the point.
    const Tensor n = ag::rms_norm(x, ones, eps);
    Tensor constant = ag::empty_like(x);
    for (int64_t i = 0; i < x.numel(); ++i)
      constant.data()[i] = dy.data()[i] * w.data()[i % 5] * n.data()[i] / x.data()[i];
    grade.check(!is_close(dx, constant, 1e-6),
                "s is taken for a constant, but x is in it too: the term with n is missing");
  });
  grade.part("along x: a longer x has nearly the same y", [&] {
    // With eps = 0, y does not change with the length of x, so dx is at right angles to x.
    const Tensor dx = exercise::n04a::rms_norm_dx(x, w, 0, dy);
    grade.close("x . dx of each row", ag::sum_columns(ag::mul(x, dx)), Tensor::zeros({3}));
    grade.check(!is_close(dx, Tensor::zeros({3, 5})), "dx is 0");
  });
}

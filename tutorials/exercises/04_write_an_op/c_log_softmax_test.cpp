#include "04_write_an_op/c_log_softmax.h"

#include <cmath>

using ag::Tensor;
using exercise::is_close, exercise::normal, exercise::slopes;

EXERCISE("04c", 3, "Log-softmax, forward and backward") {
  const Tensor x = normal("x", {3, 5}), dy = normal("dy", {3, 5});
  const auto right = [](const Tensor& at) { return ag::log(ag::softmax(at)); };

  grade.part("the values", [&] {
    const Tensor y = exercise::n04c::log_softmax(x);
    if (!grade.close("y", y, right(x)))
      grade.check(!is_close(y, ag::softmax(x)), "this is softmax, without the log");
  });
  grade.part("large numbers", [&] {
    const Tensor large = Tensor::from({3, 2}, {1000, 999, -1000, -1001, 1, 2000});
    const double first = -std::log1p(std::exp(-1.0));
    if (!grade.close("y", exercise::n04c::log_softmax(large),
                     Tensor::from({3, 2}, {first, first - 1, first, first - 1, -1999, 0})))
      grade.check(false,
                  "exp overflows above 709 and is 0 below -745; hint: subtract each row's own maximum");
  });
  grade.part("the gradient", [&] {
    const Tensor dx = exercise::n04c::log_softmax_backward(right(x), dy);
    if (grade.close("dx", dx, slopes([&] { return right(x); }, x, dy), 1e-6)) return;
    const Tensor p = ag::softmax(x);
    grade.check(!is_close(dx, slopes([&] { return ag::softmax(x); }, x, dy), 1e-6),
                "this is softmax's gradient");
    grade.check(!is_close(dx, ag::sub(dy, p), 1e-6), "p must be multiplied by the sum of dy over the row");
    grade.check(!is_close(dx, ag::sub(dy, ag::mul(p, dy)), 1e-6),
                "each x is in every y of its row: the sum of dy over the row is missing");
  });
}

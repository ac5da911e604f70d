#include "02_tensors_and_tape/a_silu.h"

#include "autograd/ops.h"

namespace n02a = exercise::n02a;

EXERCISE("02a", 3, "The gradient of SiLU") {
  ag::Tensor x = exercise::normal("x", {3, 4});
  x.data()[0] = 0;
  x.data()[1] = 30;
  x.data()[2] = -30;
  grade.part("the gradient with respect to x", [&] {
    const ag::Tensor dy = exercise::normal("dy", {3, 4});
    const ag::Tensor dx = n02a::silu_backward(x, dy);
    if (grade.close("dx", dx, exercise::slopes([&] { return ag::silu(x); }, x, dy), 1e-6)) return;
    grade.check(!exercise::is_close(dx, ag::mul(dy, ag::sigmoid(x)), 1e-6),
                "the second term of the product rule, x sigmoid'(x), is missing");
    const ag::Tensor ones = ag::Tensor::full({3, 4}, 1);
    grade.check(!exercise::is_close(dx, exercise::slopes([&] { return ag::silu(x); }, x, ones), 1e-6),
                "the derivative of SiLU is right, but it is not multiplied by dy");
  });
  grade.part("the values of the op", [&] { grade.close("y", n02a::silu(x), ag::silu(x)); });
  grade.part("the op on the tape", [&] {
    grade.gradient(
        "dx", [&] { return n02a::silu(x); }, x);
  });
}
